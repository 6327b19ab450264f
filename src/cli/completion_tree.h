#pragma once

#include <string>
#include <vector>

#include "cli/tool.h"

namespace polygraph::cli {

/// A tool and where it stands below the program.
struct ToolNode {
  std::string path;  ///< `inspect model`; empty for the program itself
  Tool tool;
};

/// All tools below `root`, parents first. Makes the tables of every one.
std::vector<ToolNode> all_tools(const Tool& root);

/// The names of the tool's subtools, in one line.
std::string subtool_words(const Tool& tool);

/// The values of the option's choices, in one line.
std::string choice_words(const Option& option);

}  // namespace polygraph::cli
