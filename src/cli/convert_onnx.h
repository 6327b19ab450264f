#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/onnx/convert_float.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/onnx_options.h"
#include "cli/session.h"
#include "cli/surgeon_edit.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What `convert` does on the way from one ONNX model to another.
struct OnnxConversion {
  OnnxLoading loading;
  OnnxSaving saving;
  Reporting reporting;
  std::optional<DataType> floats;
  onnx::ConvertFloatOptions float_options;
  std::optional<std::int64_t> opset;
  bool inline_functions = false;
  /// Options that are about ONNX models only, as far as they were given.
  std::vector<std::string> given;
};

/// The groups of options that hold for models only, with `given` kept.
std::vector<OptionGroup> onnx_conversion_groups(OnnxConversion& conversion);

ExitCode convert_to_onnx(Session& session, const OnnxConversion& conversion);

}  // namespace polygraph::cli
