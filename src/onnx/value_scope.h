#pragma once

#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/shape_values.h>

#include <optional>
#include <string_view>
#include <unordered_map>

namespace polygraph::onnx {

/// What is known of the values that nodes of one graph may take: those of the graph and, where it does not
/// hide them, of the graphs around it.
class ValueScope {
 public:
  /// @param trust_shapes  Believe the types that the model states; otherwise only constants are known.
  ValueScope(GraphEditor& editor, ValueScope* outer, DimensionNumbers& numbers, bool trust_shapes)
      : editor_(editor), outer_(outer), numbers_(numbers), trust_shapes_(trust_shapes) {}

  GraphEditor& editor() { return editor_; }
  ValueScope* outer() { return outer_; }

  /// What is known of a value, or null. Valid until something is learned of that value.
  const ValueFacts* facts(std::string_view value);
  /// Adds to what is known of a value of this graph.
  void learn(std::string_view value, const ValueFacts& facts);

  /// The initializer or the content of the Constant node that a value always is; null if it varies, or is
  /// known but not stored.
  const TensorData* constant_data(std::string_view value) const;
  /// Whether the value is always the same one.
  bool is_constant(std::string_view value) const;
  /// That value.
  std::optional<Tensor> constant(std::string_view value) const;
  /// Says that a value of this graph, made by a node, is always this one.
  void keep(std::string_view value, Tensor tensor) { kept_.insert_or_assign(value, std::move(tensor)); }

 private:
  /// The innermost graph that defines the value; null for none.
  const ValueScope* home_of(std::string_view value) const;
  const TensorData* own_constant(std::string_view value) const;
  ValueFacts stated(std::string_view value);

  GraphEditor& editor_;
  ValueScope* outer_;
  DimensionNumbers& numbers_;
  bool trust_shapes_;
  std::unordered_map<std::string_view, ValueFacts> facts_;
  std::unordered_map<std::string_view, Tensor> kept_;
};

}  // namespace polygraph::onnx
