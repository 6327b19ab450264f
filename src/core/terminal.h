#pragma once

#include <string>
#include <string_view>

// What is written to stderr: lines, and under them at most one status line that stays in place. Thread-safe.

namespace polygraph::terminal {

/// Whether stderr is a terminal that understands escape sequences.
bool is_interactive();

/// Columns of the terminal, 80 if unknown.
std::size_t width();

/// Writes whole lines to stderr, above the status line if there is one.
void write_lines(std::string_view lines);

/// Draws the status line, or removes it if `line` is empty. Only for an interactive terminal.
void set_status(std::string line);

}  // namespace polygraph::terminal
