#pragma once

#include <string>

#include "cli/terminal.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// `usage: polygraph inspect model [options] MODEL_FILE`, on one line, with the options that are required.
/// @param name  The tool with its parents.
std::string usage_line(const std::string& name, const Tool& tool);

/// What `-h` prints: examples, usage, description, arguments, options by group, subtools.
std::string help_text(const std::string& name, const Tool& tool, const TextStyle& style);

/// The names of an option and its values: `-o, --output FILE`.
std::string invocation(const Option& option);

}  // namespace polygraph::cli
