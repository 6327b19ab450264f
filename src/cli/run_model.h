#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/core/runner.h>
#include <polygraph/onnx/model.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/run_arguments.h"

namespace polygraph::cli {

/// What the changed model is called where runners are printed.
inline constexpr const char* changed_model_name = "model";

/// The ONNX model as the command line wants it changed; nothing if it stays as it is in the file. Throws
/// UsageError where options do not go together, or there is no model for the runners; InputError if the file
/// cannot be read.
std::optional<Source<onnx::Model>> changed_model(const RunArguments& arguments);

/// The runners that the command line asks for, not activated, each with a name of its own
/// (`onnxrt-runner-N0`).
/// @param model  What `changed_model` gives, made once for all; null: engines get the file itself.
/// Throws UsageError for options that a runner does not have.
std::vector<std::unique_ptr<Runner>> make_runners(const RunArguments& arguments,
                                                  const std::shared_ptr<const onnx::Model>& model);

}  // namespace polygraph::cli
