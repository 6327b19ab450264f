#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::cli {

/// Breaks text into lines of at most `width` columns, each but the first indented by `indent` spaces. The
/// first line is taken to start at column `start`. Words longer than a line stay whole; '\n' in the text
/// starts a new line.
std::string wrap(std::string_view text, int width, int indent, int start);

/// `wrap` with the first line indented as well.
std::string indented(std::string_view text, int width, int indent);

/// `a, b, c`.
std::string join(const std::vector<std::string>& items, std::string_view separator);

/// `'text'`, as messages name what the user wrote.
std::string quoted(std::string_view text);

/// The text in single quotes, for a POSIX shell and zsh (`'\''`) or for fish (`\'`).
std::string shell_quoted(std::string_view text);
std::string fish_quoted(std::string_view text);

/// `polygraph` and its arguments, as a shell would have to be given them.
std::string command_line_text(std::span<const std::string> arguments);

/// The first sentence of a help text: what completion lists have room for.
std::string first_sentence(std::string_view help);

/// Letters of ASCII in upper and lower case.
char to_upper(char c);
char to_lower(char c);

}  // namespace polygraph::cli
