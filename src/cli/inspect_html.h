#pragma once

#include <polygraph/onnx/model.h>

#include <string>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// The model as one HTML page that needs nothing else: the graph drawn, nested graphs and functions that open
/// in place, search, details. Of the weights, only constants of at most 64 elements are read. Nothing in the
/// model is taken as HTML; bytes that are not UTF-8 become U+FFFD. O(n log n) in the size of the structure.
std::string onnx_to_html(const onnx::Model& model, const InspectOptions& options);

}  // namespace polygraph::cli
