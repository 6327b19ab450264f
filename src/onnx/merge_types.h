#pragma once

#include <polygraph/onnx/model.h>

namespace polygraph::onnx {

/// Adds the types and shapes of `inferred`, the same model after shape inference, to `model`: to the outputs
/// and value_info of every graph, and to the inputs of sub-graphs. What is there is refined, never replaced.
/// Names of dimensions that the ONNX library has made up are left out.
void merge_types(Model& model, const Model& inferred);

}  // namespace polygraph::onnx
