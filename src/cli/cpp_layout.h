#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace polygraph::cli {

/// Lays out a C++ statement or expression that is one line: where it is longer than 100 columns, brackets are
/// broken into lines, the outermost first, each four columns further in. Strings and characters between
/// quotes are left alone.
/// @param indent  How many spaces every line begins with.
std::string cpp_layout(std::string_view code, std::size_t indent);

}  // namespace polygraph::cli
