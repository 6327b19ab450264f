#pragma once

#include <polygraph/core/files.h>
#include <polygraph/onnxrt/profile.h>

#include <string>

namespace polygraph::onnxrt {

/// Reads a trace that is open already.
/// @param name  What messages call it.
Profile parse_profile(const MappedFile& file, const std::string& name, std::int64_t skip);

}  // namespace polygraph::onnxrt
