#pragma once

#include <polygraph/core/log.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/tool.h"

namespace polygraph::cli {

/// What the options of the group "Logging" ask for.
struct LoggingOptions {
  int louder = 0;  ///< `-v` less `-q`
  std::optional<Severity> level;
  std::vector<std::pair<std::string, Severity>> path_levels;
  bool silent = false;
  bool timestamp = false;
  bool line_info = false;
  bool colors = true;
  std::string log_file;

  /// For `set_log_options`. `silent` is stronger than `level`, and that than `louder`.
  LogOptions resolve() const;
};

/// The options `-v`, `-q`, `--verbosity`, `--silent`, `--log-format` and `--log-file`, which fill `logging`.
OptionGroup logging_group(LoggingOptions& logging);

}  // namespace polygraph::cli
