#pragma once

#include <polygraph/onnx/fold_constants.h>

#include <string>
#include <vector>

#include "reference/call.h"

namespace polygraph::reference {

/// Computes a node with other engines: with its floats as float64, or if all refuse that, as the model has
/// them, with an entry in `single_precision`. Throws BackendError, with the engines' reasons, if all refuse
/// that, too.
Values evaluate_elsewhere(const Call& call, const onnx::Evaluators& evaluators,
                          std::vector<std::string>& single_precision);

}  // namespace polygraph::reference
