#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/onnx/convert_float.h>

#include "cli/surgeon_edit.h"

namespace polygraph::cli {

/// Lets the model compute in float16 or bfloat16; notes what was converted, and what was not and why.
void convert_floats(ModelEdit& edit, DataType to, const onnx::ConvertFloatOptions& options);

}  // namespace polygraph::cli
