#pragma once

#include <polygraph/onnx/model.h>
#include <polygraph/onnx/official.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace polygraph::onnx {

/// Fingerprints of the nodes of a model's main graph, to tell afterwards which ones an edit has changed.
class NodePrints {
 public:
  explicit NodePrints(const Model& model);

  /// Whether the graph had a node with just this operator, these inputs, outputs and attributes. Nodes with
  /// sub-graphs or long lists count as changed.
  bool contains(const Node& node) const;

 private:
  std::size_t slot_of(std::uint64_t print) const;

  std::vector<std::uint64_t> slots_;  // open addressing; 0: free
};

/// What `check_model` finds, in time that grows with the edit: nodes that `before` has are not given to the
/// ONNX library again. What could have changed for them is looked at here: that each value is made once, and
/// before it is taken.
std::vector<CheckFinding> check_edited_model(const Model& model, const NodePrints& before);

}  // namespace polygraph::onnx
