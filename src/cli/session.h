#pragma once

#include <unistd.h>

#include <functional>

#include "cli/logging_options.h"
#include "cli/output.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What the tools of one run of the program share. Lives as long as the tables made for it.
struct Session {
  Output output{STDOUT_FILENO};
  LoggingOptions logging;
  Values arguments = {};  ///< of the command line, for reports; they outlive the session
  /// Called with the exit status when everything has been written, if it is set.
  std::function<void(int)> at_end = {};
};

}  // namespace polygraph::cli
