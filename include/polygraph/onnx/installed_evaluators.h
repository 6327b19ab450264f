#pragma once

#include <polygraph/onnx/fold_constants.h>

namespace polygraph::onnx {

/// Evaluators of all backends, OpenVINO's first. A backend is loaded when it is first asked to compute
/// something; one that is not installed refuses every node, saying what to install. Thread-safe, as are the
/// evaluators.
/// @code
///   reference::Runner runner(OnnxFromPath("model.onnx"), installed_evaluators());
/// @endcode
Evaluators installed_evaluators();

}  // namespace polygraph::onnx
