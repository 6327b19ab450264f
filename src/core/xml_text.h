#pragma once

#include <string>
#include <string_view>

namespace polygraph {

/// Text in XML, or the value of an attribute in quotes. Bytes that are not UTF-8, and control characters,
/// which XML cannot hold, come out as `\x01`; so do the ends of lines, unless they are to be kept as
/// references.
std::string xml_text(std::string_view text, bool keeps_lines = false);

}  // namespace polygraph
