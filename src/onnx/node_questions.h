#pragma once

#include <polygraph/onnx/evaluator.h>

#include <algorithm>
#include <string_view>

// What evaluators ask of a node before they compute it.
namespace polygraph::onnx {

/// The value of an attribute, or `otherwise` if the node has none of that name and type.
template <class T>
T attribute_of(const Node& node, std::string_view name, T otherwise) {
  const auto found = std::ranges::find(node.attributes, name, &Attribute::name);
  if (found == node.attributes.end()) return otherwise;
  const T* value = std::get_if<T>(&found->value);
  return value ? *value : otherwise;
}

inline bool has_input(const NodeCall& call, std::size_t i) {
  return i < call.inputs.size() && call.inputs[i].has_value();
}

/// Whether a Resize aligns corners by scales. ONNX takes the length that the scales give, with its fraction;
/// engines take the whole length of the output.
inline bool aligns_corners_by_scales(const NodeCall& call) {
  return call.node.op_type == "Resize" && has_input(call, 2) && call.inputs[2]->element_count() != 0 &&
         attribute_of<std::string_view>(call.node, "coordinate_transformation_mode", "") == "align_corners";
}

}  // namespace polygraph::onnx
