#pragma once

namespace polygraph::cli {

/// How text is to be laid out for whoever reads it.
struct TextStyle {
  int width = 80;     ///< columns
  bool bold = false;  ///< headings in bold
};

/// The style for a file descriptor. Width: the environment's COLUMNS, else the terminal's, else 80. Bold only
/// on a terminal, and not if NO_COLOR is set and not empty or TERM is `dumb`.
TextStyle style_for(int fd);

bool is_terminal(int fd);

}  // namespace polygraph::cli
