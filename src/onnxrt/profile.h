#pragma once

#include <polygraph/onnxrt/profile.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace polygraph::onnxrt {

/// Sums up the text of a trace.
/// @param name  What messages call it.
/// @param forget  Called, if set, with the begin and the size of parts that will not be read again.
Profile parse_profile(std::string_view text, const std::string& name, std::int64_t skip,
                      const std::function<void(std::size_t, std::size_t)>& forget = {});

/// The same of a file.
/// @param opened  Where it can be read.
Profile read_profile(const std::filesystem::path& opened, const std::string& name, std::int64_t skip);

}  // namespace polygraph::onnxrt
