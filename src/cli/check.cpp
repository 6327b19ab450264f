#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool check_tool(Session& session) {
  Tool tool{.name = "check",
            .summary = "Find what is wrong with a model.",
            .examples = {{"polygraph check lint model.onnx", "Faulty and useless nodes."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"lint", "Find faulty and useless nodes of an ONNX model.",
                    [&session] { return check_lint_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
