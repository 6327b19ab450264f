#pragma once

#include <polygraph/onnx/model.h>

#include <string>

#include "onnx/official_module.h"

namespace polygraph::onnx {

/// The official ONNX library, loaded at the first call. Throws BackendError if it cannot be had.
const OfficialModule& official_library();

/// A model that the library has made, its texts kept by the storage of `target`.
Model load_result(std::string encoded, Model& target);

}  // namespace polygraph::onnx
