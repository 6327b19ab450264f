#pragma once

#include <optional>
#include <string>
#include <vector>

namespace polygraph {

/// How a program ended.
struct ProgramResult {
  int status = 0;      ///< its exit status; 128 + N if signal N ended it
  std::string output;  ///< what it wrote to stdout and stderr, at most the first 64 KiB
};

/// Runs a program to its end, without a shell and with nothing to read. It is looked for on the PATH unless
/// its name has a slash, and ends with this process. Nothing if it cannot be started. Throws InputError if
/// the system has no process or pipe left. Thread-safe.
std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments);

}  // namespace polygraph
