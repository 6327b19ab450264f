#pragma once

#include <polygraph/onnx/fold_constants.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx/random_nodes.h"
#include "onnx/value_scope.h"

namespace polygraph::onnx {

/// Folds the constants of a model, one pass at a time.
class GraphFolder {
 public:
  GraphFolder(Model& model, const FoldOptions& options, const Evaluators& evaluators, FoldReport& report);

  /// Goes through all graphs and functions once. Returns whether anything was folded.
  bool run();

 private:
  using Outputs = std::vector<std::optional<Tensor>>;

  void fold(Graph& graph, ValueScope* outer);
  void fold(Function& function);
  /// Folds a node; returns the node to go on with.
  std::optional<NodeId> visit(ValueScope& scope, NodeId id);

  void lower_constant(ValueScope& scope, NodeId id);
  /// Replaces an If by the branch that it takes; returns whether it did, and in `next` the first new node.
  bool take_branch(ValueScope& scope, NodeId id, std::optional<NodeId>& next);
  bool fold_by_arithmetic(ValueScope& scope, NodeId id);
  void fold_reshape(ValueScope& scope, NodeId id);
  bool forward_constant(ValueScope& scope, NodeId id);
  void fold_by_engine(ValueScope& scope, NodeId id);

  bool may_be_evaluated(ValueScope& scope, NodeId id) const;
  /// Why the result is known to be too large to be computed at all; empty if it is not.
  std::string too_large(ValueScope& scope, const Node& node) const;
  Outputs evaluate(ValueScope& scope, NodeId id) const;
  void leave(const Node& node, std::string description, std::string reason);
  void replace_by_constants(ValueScope& scope, NodeId id, const Outputs& outputs);
  /// Makes a constant part of the graph, behind `previous` if it has to be a node.
  void store(ValueScope& scope, std::optional<NodeId>& previous, TensorData data, std::string_view node_name);
  std::string_view fresh_name(ValueScope& scope, std::string_view wish) const;

  Model& model_;
  const FoldOptions& options_;
  const Evaluators& evaluators_;
  FoldReport& report_;
  RandomNodes random_;
  std::unordered_map<std::string_view, std::string> failures_;  ///< by the node's first output

  // Of the graph or function at hand.
  DimensionNumbers numbers_;
  std::int64_t opset_ = 1;
  bool has_initializers_ = true;
  bool has_engines_ = true;
};

}  // namespace polygraph::onnx
