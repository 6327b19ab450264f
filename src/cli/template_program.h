#pragma once

#include <polygraph/onnx/model.h>

#include <string>

#include "cli/onnx_options.h"

namespace polygraph::cli {

/// The text of a C++ program that loads the model, does what the options of loading ask for, edits it, and
/// saves it as `MODEL_updated.onnx`. Its comments show edits with the names of this model.
/// @param name  What the program is called.
std::string edit_program(const onnx::Model& model, const OnnxLoading& loading, const std::string& name);

}  // namespace polygraph::cli
