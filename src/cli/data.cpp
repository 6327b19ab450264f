#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool data_tool(Session& session) {
  Tool tool{.name = "data",
            .summary = "Join files of saved inputs and outputs.",
            .examples = {{"polygraph data concat first.json second.json -o all.npz",
                          "The iterations of two files in one, in another format."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"concat", "Append the iterations of files to one another.",
                    [&session] { return data_concat_tool(session); }},
                   {"merge", "Make inputs of the arrays that files have for the same iterations.",
                    [&session] { return data_merge_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
