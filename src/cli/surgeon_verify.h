#pragma once

#include <polygraph/compare/statistics.h>
#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <string>
#include <string_view>

#include "cli/onnx_options.h"

namespace polygraph::cli {

/// A number of 0 or more. Throws UsageError.
double parse_tolerance(std::string_view text);

/// Runs both models on the same data. Empty if each output has the same type and shape and no value is
/// further apart than `tolerance` allows, else what is different.
std::string verify_same(const onnx::Model& original, const onnx::Model& changed, const DataLoading& data,
                        const compare::DifferenceOptions& tolerance);

}  // namespace polygraph::cli
