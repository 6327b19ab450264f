#pragma once

#include <string>

#include "cli/tool.h"

namespace polygraph::cli {

/// The manual page of a tool, section 1, in the macros of man(7): for `man -l`, or installed as
/// `man1/polygraph-inspect-model.1`.
/// @param name  The tool with its parents: `polygraph inspect model`.
std::string man_page(const std::string& name, const Tool& tool);

}  // namespace polygraph::cli
