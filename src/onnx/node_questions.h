#pragma once

#include <polygraph/onnx/evaluator.h>

#include <string_view>

#include "onnx/attributes.h"

// What evaluators ask of a node before they compute it.
namespace polygraph::onnx {

inline bool has_input(const NodeCall& call, std::size_t i) {
  return i < call.inputs.size() && call.inputs[i].has_value();
}

/// Whether a Resize aligns corners by scales. ONNX takes the length that the scales give, with its fraction;
/// engines take the whole length of the output.
inline bool aligns_corners_by_scales(const NodeCall& call) {
  const auto* mode = attribute_value<std::string_view>(call.node, "coordinate_transformation_mode");
  return call.node.op_type == "Resize" && has_input(call, 2) && call.inputs[2]->element_count() != 0 &&
         mode != nullptr && *mode == "align_corners";
}

}  // namespace polygraph::onnx
