#pragma once

#include <polygraph/onnxrt/objects.h>

#include <string>
#include <vector>

#include "onnxrt/translate.h"

namespace polygraph::onnxrt {

/// The options as ONNX Runtime takes them.
struct NativeOptions {
  Handle<OrtSessionOptions> options;
  std::vector<std::string> providers;  ///< by their full names; the CPU's is the last
};

/// @param profile  The prefix of the trace; empty: none.
/// Throws UsageError for a provider or an option of one that does not exist, or a number out of range.
NativeOptions native_options(const SessionOptions& options, const Library& library,
                             const std::string& profile);

}  // namespace polygraph::onnxrt
