#pragma once

#include <string>

#include "cli/tool.h"

namespace polygraph::cli {

/// Completion scripts, made from the tables of `root` and all tools below it. They complete tools, options,
/// choices and files, and do not run the program.
std::string bash_completion(const Tool& root);
std::string zsh_completion(const Tool& root);
std::string fish_completion(const Tool& root);

}  // namespace polygraph::cli
