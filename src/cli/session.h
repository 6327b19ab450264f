#pragma once

#include <unistd.h>

#include <string>

#include "cli/logging_options.h"
#include "cli/output.h"

namespace polygraph::cli {

/// What the tools of one run of the program share. Lives as long as the tables made for it.
struct Session {
  Output output{STDOUT_FILENO};
  LoggingOptions logging;
  /// The command line as a shell takes it: for reports.
  std::string command_line = {};
};

}  // namespace polygraph::cli
