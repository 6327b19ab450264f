#include "core/python_repr.h"

#include <cstddef>

#include "core/utf8.h"

namespace polygraph {
namespace {

void append_hex(std::string& out, char c) {
  constexpr char digits[] = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(c);
  out += "\\x";
  out += digits[value >> 4];
  out += digits[value & 15];
}

}  // namespace

std::string python_repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length > 1) {
      // U+0080 to U+009F are control characters, too.
      if (c == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0)
        append_hex(out, text[1]);
      else
        out += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    }
    text.remove_prefix(1);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      append_hex(out, c);
    } else {
      out += c;
    }
  }
  return out + quote;
}

}  // namespace polygraph
