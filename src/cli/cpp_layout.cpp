#include "cli/cpp_layout.h"

#include <vector>

namespace polygraph::cli {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t step = 4;

// The place behind the string that begins at `i`.
std::size_t skip_string(std::string_view code, std::size_t i) {
  for (++i; i < code.size() && code[i] != '"'; ++i) i += code[i] == '\\';
  return i + 1;
}

bool opens(char c) {
  return c == '(' || c == '{' || c == '[';
}
bool closes(char c) {
  return c == ')' || c == '}' || c == ']';
}

// The first bracket worth breaking: no empty one, no list of captures, and no body of a lambda.
std::size_t find_bracket(std::string_view code) {
  for (std::size_t i = 0; i < code.size();) {
    if (code[i] == '"') {
      i = skip_string(code, i);
      continue;
    }
    const bool is_body = code[i] == '{' && code.substr(i).starts_with("{ return ");
    if (opens(code[i]) && code[i] != '[' && !is_body && !closes(code[i + 1])) return i;
    ++i;
  }
  return std::string_view::npos;
}

// What stands between the bracket at `open` and its partner, at its commas; `end` is set to the partner.
std::vector<std::string_view> split(std::string_view code, std::size_t open, std::size_t& end) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = open + 1;
  for (std::size_t i = open; i < code.size();) {
    if (code[i] == '"') {
      i = skip_string(code, i);
      continue;
    }
    depth += opens(code[i]) - closes(code[i]);
    if (depth == 0 || (depth == 1 && code[i] == ',')) {
      parts.push_back(code.substr(begin, i - begin));
      begin = i + 2;  // a comma is followed by a space
    }
    if (depth == 0) {
      end = i;
      break;
    }
    ++i;
  }
  return parts;
}

// @param behind  How much follows on the last line.
std::string lay_out(std::string_view code, std::size_t indent, std::size_t behind) {
  const std::size_t open = find_bracket(code);
  if (indent + code.size() + behind <= width || open == std::string_view::npos) return std::string(code);
  std::size_t end = open;
  const std::vector<std::string_view> parts = split(code, open, end);
  const std::string_view rest = code.substr(end);
  const std::string line = "\n" + std::string(indent + step, ' ');
  std::string text = std::string(code.substr(0, open + 1)) + line;
  if (indent + step + code.size() - open - 1 + behind <= width)
    return text + std::string(code.substr(open + 1));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    text += lay_out(parts[i], indent + step, is_last ? rest.size() + behind : 1);
    if (!is_last) text += "," + line;
  }
  return text + std::string(rest);
}

}  // namespace

std::string cpp_layout(std::string_view code, std::size_t indent) {
  return std::string(indent, ' ') + lay_out(code, indent, 0) + "\n";
}

}  // namespace polygraph::cli
