#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>

namespace polygraph::onnx {

/// Infers shapes; logs, and leaves the model as it is, if the official library is missing.
void infer_shapes_if_possible(Model& model);

/// Nodes of all graphs and functions of the model.
std::size_t count_nodes(const Model& model);

}  // namespace polygraph::onnx
