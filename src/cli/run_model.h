#pragma once

#include <polygraph/core/runner.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/run_arguments.h"

namespace polygraph::cli {

/// The runners that the command line asks for, not activated, each with a name of its own
/// (`onnxrt-runner-N0`). Changes of the ONNX model are made once for all; without any, engines get the file
/// itself. Throws UsageError where options do not go together, InputError if the model cannot be read.
std::vector<std::unique_ptr<Runner>> make_runners(const RunArguments& arguments);

}  // namespace polygraph::cli
