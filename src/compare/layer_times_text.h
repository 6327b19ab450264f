#pragma once

#include <polygraph/core/layer_times.h>

#include <cstddef>
#include <string>

namespace polygraph::compare {

/// Tables of layers and of their types, the longest first, each line indented.
/// @param most  As many layers and types are listed at most, with shortened names; 0: all of them, in full.
std::string layer_times_text(const std::string& runner, const LayerTimes& times, std::size_t most);

}  // namespace polygraph::compare
