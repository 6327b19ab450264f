#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool check_tool(Session& session) {
  Tool tool{.name = "check",
            .summary = "Find what is wrong with a model, or with its results.",
            .examples = {{"polygraph check lint model.onnx", "Faulty and useless nodes."},
                         {"polygraph check accuracy results.json --atol 1e-3",
                          "Other tolerances for saved results."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"accuracy", "Judge saved accuracy results again, with other thresholds.",
                    [&session] { return check_accuracy_tool(session); }},
                   {"lint", "Find faulty and useless nodes of an ONNX model.",
                    [&session] { return check_lint_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
