#pragma once

#include <polygraph/core/runner.h>
#include <polygraph/onnx/model.h>

#include <memory>
#include <string>

namespace polygraph::cli {

/// A runner of the model, not activated: ONNX Runtime's if that is installed, else OpenVINO's. Throws
/// BackendError, with what each lacks, if neither is.
std::unique_ptr<Runner> reference_runner(const onnx::Model& model);

}  // namespace polygraph::cli
