#include "cli/indented_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "core/utf8.h"

namespace polygraph::cli {

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
