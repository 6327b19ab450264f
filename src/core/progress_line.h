#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace polygraph {

/// One line of a progress display, at most `width` columns wide (a code point counts as one): with a total
/// `Reading  42% [########            ] 12 s`, else `Building engine ... 12 s`. The title gives way first.
std::string progress_line(std::string_view title, std::uint64_t done, std::uint64_t total,
                          std::chrono::seconds elapsed, std::size_t width);

}  // namespace polygraph
