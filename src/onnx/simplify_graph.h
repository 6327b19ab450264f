#pragma once

#include <polygraph/onnx/simplify.h>

#include <optional>
#include <string_view>
#include <vector>

#include "onnx/random_nodes.h"
#include "onnx/value_scope.h"

namespace polygraph::onnx {

/// Goes through the graphs of a model once, simplifying nodes one by one and in pairs, and joining
/// duplicates.
class GraphSimplifier {
 public:
  GraphSimplifier(Model& model, const SimplifyOptions& options, SimplifyReport& report);

  /// Returns whether anything changed.
  bool run();

 private:
  void simplify(Graph& graph, ValueScope* outer);
  void visit(ValueScope& scope, NodeId id);

  Model& model_;
  const SimplifyOptions& options_;
  SimplifyReport& report_;
  RandomNodes random_;
  DimensionNumbers numbers_;
  std::int64_t opset_ = 1;
};

/// What the rules look at.
struct Rewrite {
  ValueScope& scope;
  NodeId id;
  std::int64_t opset;

  const Node& node() const { return scope.editor().node(id); }
  bool has_input(std::size_t i) const { return i < node().inputs.size() && !node().inputs[i].empty(); }
  /// What an attribute says or, in later versions of the operator, a constant input. False if it is not
  /// constant; `result` stays empty where nothing is given.
  bool list(std::string_view attribute, std::size_t input,
            std::optional<std::vector<std::int64_t>>& result) const;
};

/// The input that the node's first output always equals, if the node does nothing but pass it on.
std::optional<std::size_t> passed_input(const Rewrite& rewrite);
/// Joins the node with the one that makes its first input; returns whether it did.
bool join_with_producer(const Rewrite& rewrite);
/// Whether two values are known to have the same shape, whatever that is.
bool have_same_shape(ValueScope& scope, std::string_view a, std::string_view b);

/// Lets nodes that compute the same be one. Returns how many nodes were removed.
std::size_t join_duplicates(GraphEditor& editor, const RandomNodes& random);

/// Initializers that were removed since others equal them.
struct JoinedWeights {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};
JoinedWeights join_duplicate_weights(GraphEditor& editor);

}  // namespace polygraph::onnx
