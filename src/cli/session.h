#pragma once

#include <unistd.h>

#include "cli/logging_options.h"
#include "cli/output.h"

namespace polygraph::cli {

/// What the tools of one run of the program share. Lives as long as the tables made for it.
struct Session {
  Output output{STDOUT_FILENO};
  LoggingOptions logging;
};

}  // namespace polygraph::cli
