#include "cli/text.h"

#include <algorithm>

namespace polygraph::cli {
namespace {

// Columns that UTF-8 text takes, one for each code point.
int columns_of(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string wrap(std::string_view text, int width, int indent, int start) {
  std::string result;
  int column = start;
  bool line_is_empty = true;
  std::size_t gap = 0;  // spaces before the next word: kept within a line
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      result += '\n';
      column = 0;
      line_is_empty = true;
      gap = 0;
      ++i;
      if (i < text.size() && text[i] != '\n') {
        result.append(static_cast<std::size_t>(indent), ' ');
        column = indent;
      }
      continue;
    }
    if (text[i] == ' ') {
      ++gap;
      ++i;
      continue;
    }
    const std::string_view word = text.substr(i, text.find_first_of(" \n", i) - i);
    const int length = columns_of(word);
    if (!line_is_empty && column + static_cast<int>(gap) + length > width) {
      result += '\n';
      result.append(static_cast<std::size_t>(indent), ' ');
      column = indent;
    } else {
      result.append(gap, ' ');
      column += static_cast<int>(gap);
    }
    result += word;
    column += length;
    line_is_empty = false;
    gap = 0;
    i += word.size();
  }
  return result;
}

std::string indented(std::string_view text, int width, int indent) {
  return std::string(static_cast<std::size_t>(indent), ' ') + wrap(text, width, indent, indent);
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += separator;
    text += items[i];
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string result = "'";
  result += text;
  return result += '\'';
}

std::string command_line_text(std::span<const std::string> arguments) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./:,@%";
  std::string text = "polygraph";
  for (const std::string& argument : arguments) {
    const bool is_plain = !argument.empty() && argument.find_first_not_of(plain) == std::string::npos;
    text += " " + (is_plain ? argument : shell_quoted(argument));
  }
  return text;
}

std::string first_sentence(std::string_view help) {
  const std::size_t end = help.find(". ");
  return std::string(end == std::string_view::npos ? help : help.substr(0, end + 1));
}

char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

namespace {

std::string quoted_with(std::string_view text, std::string_view quote, std::string_view backslash) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += quote;
    else if (c == '\\')
      result += backslash;
    else
      result += c;
  }
  return result + "'";
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  return quoted_with(text, "'\\''", "\\");
}
std::string fish_quoted(std::string_view text) {
  return quoted_with(text, "\\'", "\\\\");
}

}  // namespace polygraph::cli
