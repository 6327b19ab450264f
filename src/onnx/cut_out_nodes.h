#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// What a node takes: its inputs, and what its sub-graphs take from around them.
std::vector<std::string_view> taken_by(const Node& node);

/// The nodes of the main graph as a model of their own, in their present order. What they take and do not
/// make becomes inputs, of which types are what the model says: infer shapes first. What others or the model
/// take from them becomes outputs; a node from which nobody takes anything gives its first output.
/// @code
///   onnx::infer_shapes_if_possible(model);
///   onnx::save_model(onnx::cut_out_nodes(model, std::vector<std::size_t>{3, 4}), "part.onnx");
/// @endcode
Model cut_out_nodes(const Model& model, std::span<const std::size_t> nodes);

}  // namespace polygraph::onnx
