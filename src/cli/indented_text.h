#pragma once

#include <string>
#include <string_view>

namespace polygraph::cli {

/// Text in nested, indented blocks, built in one pass. Line breaks inside what is added start a new indented
/// line; other control characters and bytes that are not UTF-8 come out as `\x1b`, so that a model cannot
/// write to the terminal.
///
/// As with Python's `indent(text.splitlines())`, every line of a block is indented, empty ones too, and one
/// line break at the end of a block is dropped.
class IndentedText {
 public:
  explicit IndentedText(std::size_t expected_size) { text_.reserve(expected_size); }

  /// Adds text from outside.
  IndentedText& operator<<(std::string_view text) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    if (plain != 0) {
      break_lines();
      text_ += text.substr(0, plain);
    }
    if (plain != text.size()) add_special(text.substr(plain));
    return *this;
  }
  IndentedText& operator<<(char c) { return *this << std::string_view(&c, 1); }
  IndentedText& operator<<(std::size_t number);

  void begin_block(std::size_t levels = 1);
  /// A block of which only the lines after the current one are indented.
  void begin_continuation();
  /// Ends the block or continuation begun last.
  void end_block();

  /// The text without white space at its end, and one line break.
  std::string finish();

 private:
  static constexpr std::size_t level_width = 4;

  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f;
  }
  void add_special(std::string_view text);
  // Line breaks wait until something follows, because the last one of a block does not count.
  void break_lines() {
    if (pending_breaks_ != 0) write_breaks();
  }
  void write_breaks();

  std::string text_;
  std::size_t indent_ = 0;
  std::size_t pending_breaks_ = 0;
  std::string levels_;  // one character for each open block: how many levels it is indented
};

}  // namespace polygraph::cli
