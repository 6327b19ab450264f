#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace polygraph {

/// How many bytes the UTF-8 character at the start of `text` takes; 0 if it is not a valid one (cut off,
/// overlong, a surrogate, beyond U+10FFFF) or there is none.
std::size_t utf8_length(std::string_view text);

/// Appends a Unicode character that is not a surrogate and not beyond U+10FFFF.
void append_utf8(std::string& out, std::uint32_t code_point);

/// Text for what holds Unicode only, such as JSON: bytes that are not UTF-8 come out as `\xff`.
std::string json_text(std::string_view bytes);

}  // namespace polygraph
