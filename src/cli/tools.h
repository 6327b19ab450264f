#pragma once

#include "cli/session.h"
#include "cli/tool.h"

/// The tools of the program. Each function makes the tables of one; they refer to the session, which has to
/// outlive them. A new tool is declared here and listed in `polygraph_tool`.
namespace polygraph::cli {

/// The program itself: the root of all tables.
Tool polygraph_tool(Session& session);

Tool convert_tool(Session& session);

Tool inspect_tool(Session& session);
Tool inspect_model_tool(Session& session);

Tool completion_tool(Session& session);
Tool help_tool(Session& session);
Tool man_tool(Session& session);
Tool version_tool(Session& session);

/// Prints the program's version and those of the engines.
ExitCode print_version(Session& session);

}  // namespace polygraph::cli
