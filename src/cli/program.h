#pragma once

#include "cli/session.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// Runs a command line, given without the program's name, and returns the exit status. Every error is
/// reported on standard error, as one message; nothing is thrown.
int run_program(Session& session, Values arguments) noexcept;

}  // namespace polygraph::cli
