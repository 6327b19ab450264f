#pragma once

#include <string>
#include <string_view>

namespace polygraph {

/// A string as Python prints it inside a tuple: `'batch'`, `"it's"`, `'line\n'`. Control characters and bytes
/// that are not UTF-8 are escaped, so the result is safe to print.
std::string python_repr(std::string_view text);

}  // namespace polygraph
