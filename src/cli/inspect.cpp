#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool inspect_tool(Session& session) {
  Tool tool{.name = "inspect",
            .summary = "Show what is in a file.",
            .examples = {{"polygraph inspect model identity.onnx", "Inputs, outputs and size of a model."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"capability", "Tell which parts of an ONNX model TensorRT supports.",
                    [&session] { return inspect_capability_tool(session); }},
                   {"data", "Show saved inputs, outputs and accuracy results.",
                    [&session] { return inspect_data_tool(session); }},
                   {"diff-tactics", "Find tactics that only bad engines have.",
                    [&session] { return inspect_diff_tactics_tool(session); }},
                   {"model", "Show the inputs, outputs, layers and weights of a model.",
                    [&session] { return inspect_model_tool(session); }},
                   {"plan", "Show what an engine of TensorRT says of itself, without loading it.",
                    [&session] { return inspect_plan_tool(session); }},
                   {"sparsity", "Tell which weights have 2:4 structured sparsity.",
                    [&session] { return inspect_sparsity_tool(session); }},
                   {"tactics", "Show the tactics in a tactic replay of TensorRT.",
                    [&session] { return inspect_tactics_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
