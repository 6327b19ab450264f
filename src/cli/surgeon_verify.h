#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <string>
#include <string_view>

#include "cli/onnx_options.h"

namespace polygraph::cli {

/// How far two values may be apart: `absolute + relative * |expected|`.
struct Tolerance {
  double absolute = 1e-5;
  double relative = 1e-5;
};

/// A number of 0 or more. Throws UsageError.
double parse_tolerance(std::string_view text);

/// Runs both models on the same data. Empty if each output has the same type and shape and no value is
/// further apart than allowed (not a number equals not a number), else what is different.
std::string verify_same(const onnx::Model& original, const onnx::Model& changed, const DataLoading& data,
                        const Tolerance& tolerance);

}  // namespace polygraph::cli
