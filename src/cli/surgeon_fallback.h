#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <string>
#include <vector>

#include "cli/onnx_options.h"

namespace polygraph::cli {

/// Runs the model on data and returns the types and shapes that its inputs and these values had: names, or
/// `*` for all. Throws BackendError if no engine is installed or the engine refuses the model.
TensorMetadata observed_types(const onnx::Model& model, const std::vector<std::string>& values,
                              const DataLoading& data);

/// Writes types and shapes down in the main graph, in place of those that are there.
void set_types(onnx::Model& model, const TensorMetadata& types);

}  // namespace polygraph::cli
