#pragma once

#include <string>
#include <vector>

#include "onnx/weightless.h"

namespace polygraph::onnx {

/// What is wrong with the payloads that were held back: of another length than type and shape say, in the
/// wrong field, or external and not to be had; of sparse tensors, also the indices. Raw and external values
/// are not read.
std::vector<std::string> check_payloads(const Weightless& weightless, const Model& model);

}  // namespace polygraph::onnx
