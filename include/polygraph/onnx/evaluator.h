#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// One node with the values of its inputs: what an Evaluator computes.
struct NodeCall {
  const Node& node;
  /// Whose opset imports and functions the node is to be understood by.
  const Model& model;
  /// One for each of `node.inputs`, in their order; nullopt for one that is left out.
  std::span<const std::optional<Tensor>> inputs;
};

/// Computes single nodes, on the CPU: the onnx room's way to an engine without depending on one. Implemented
/// by the backends. `evaluate` may be called by several threads at once.
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// The engine's name for messages, e.g. `ONNX Runtime 1.23.2`.
  virtual std::string_view name() const = 0;

  /// The values of the node's outputs, in their order; those left out are left out (nullopt) here too.
  /// Throws BackendError if the engine lacks the operator, or refuses it with these inputs, saying why.
  virtual std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const = 0;
};

/// A model that holds just this node: inputs of at most `initializer_limit` bytes are initializers (engines
/// want shapes and axes as constants), larger ones are inputs, with the names they have in the node, all
/// values of static type and shape. A name that the node uses twice is there once. Sub-graphs may not use
/// values from outside. The model refers to the memory of `call`, which must outlive it.
Model model_of_node(const NodeCall& call, std::size_t initializer_limit = 1024);

}  // namespace polygraph::onnx
