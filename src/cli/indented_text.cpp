#include "cli/indented_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace polygraph::cli {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t count) {
    if (text.size() < count) return false;
    for (std::size_t i = 1; i < count; ++i)
      if ((byte(i) & 0xc0) != 0x80) return false;
    return true;
  };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return continues(2) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    if (!continues(3)) return 0;
    const unsigned code = (first & 0xf) << 12 | (byte(1) & 0x3fu) << 6;
    return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 0 : 3;  // overlong, surrogates
  }
  if (first >= 0xf0 && first < 0xf5) {
    if (!continues(4)) return 0;
    const unsigned code = (first & 0x7) << 18 | (byte(1) & 0x3fu) << 12;
    return code < 0x10000 || code >= 0x110000 ? 0 : 4;
  }
  return 0;
}

IndentedText& IndentedText::operator<<(std::size_t number) {
  return *this << std::string_view(fmt::format_int(number).c_str());
}

void IndentedText::add_special(std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (c == '\n' || c == '\r') {
      length = text.starts_with("\r\n") ? 2 : 1;
      ++pending_breaks_;
    } else {
      break_lines();
      length = utf8_length(text);
      // C1 control characters are two bytes: c2 80 to c2 9f.
      const bool is_control = (length == 1 && !is_plain(c) && c != '\t') ||
                              (length == 2 && c == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0);
      if (length != 0 && !is_control) {
        text_ += text.substr(0, length);
      } else {
        if (length == 0) length = 1;
        for (const char escaped : text.substr(0, length))
          fmt::format_to(std::back_inserter(text_), "\\x{:02x}", static_cast<unsigned char>(escaped));
      }
    }
    text.remove_prefix(length);
  }
}

void IndentedText::write_breaks() {
  for (; pending_breaks_ != 0; --pending_breaks_) {
    text_ += '\n';
    text_.append(indent_, ' ');
  }
}

void IndentedText::begin_block(std::size_t levels) {
  break_lines();
  text_.append(levels * level_width, ' ');
  indent_ += levels * level_width;
  levels_ += static_cast<char>(levels);
}

void IndentedText::begin_continuation() {
  break_lines();
  indent_ += level_width;
  levels_ += '\1';
}

void IndentedText::end_block() {
  if (pending_breaks_ != 0) --pending_breaks_;
  break_lines();
  indent_ -= static_cast<std::size_t>(levels_.back()) * level_width;
  levels_.pop_back();
}

std::string IndentedText::finish() {
  text_.erase(text_.find_last_not_of(" \t\r\n") + 1);
  text_ += '\n';
  pending_breaks_ = 0;
  return std::move(text_);
}

}  // namespace polygraph::cli
