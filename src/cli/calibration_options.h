#pragma once

#include <polygraph/core/backend.h>

#include <string>

#include "cli/input_options.h"
#include "cli/option_fields.h"
#include "cli/tool.h"

/// INT8 calibration of engines of TensorRT.
namespace polygraph::cli {

/// `--calibration-cache`, `--calib-base-cls` and the other fields of trt::CalibratorOptions; fills
/// `settings`, which has to outlive it.
OptionGroup calibration_group(Settings& settings);

/// Whether the request asks for INT8.
bool asks_for_int8(const ModelRequest& request);

/// Has the request calibrate with the inputs, which are made or read when TensorRT asks for them. `inputs`
/// has to outlive the request.
/// @param warns  Whether to warn when it calibrates with inputs that are made up.
void add_calibration(ModelRequest& request, const Settings& settings, const InputArguments& inputs,
                     bool warns);

}  // namespace polygraph::cli
