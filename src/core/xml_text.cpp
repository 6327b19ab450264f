#include "core/xml_text.h"

#include <fmt/format.h>

#include "core/utf8.h"

namespace polygraph {

std::string xml_text(std::string_view text, bool keeps_lines) {
  std::string result;
  for (const char c : json_text(text)) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (c == '\n' && keeps_lines)
      result += "&#10;";
    else if (static_cast<unsigned char>(c) < ' ')
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      result += c;
  }
  return result;
}

}  // namespace polygraph
