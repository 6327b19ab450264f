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

  /// For each of these nodes, whether the graph had one with just this operator, these inputs, outputs and
  /// attributes. Nodes with sub-graphs or long lists count as changed.
  std::vector<bool> known(const std::vector<Node>& nodes) const;

 private:
  std::vector<std::uint64_t> prints_;  // in the order of the graph; 0: none
};

/// What `check_model` finds, in time that grows with the edit: nodes that `before` has are not given to the
/// ONNX library again. What could have changed for them is looked at here: that each value is made once, and
/// before it is taken.
std::vector<CheckFinding> check_edited_model(const Model& model, const NodePrints& before);

}  // namespace polygraph::onnx
