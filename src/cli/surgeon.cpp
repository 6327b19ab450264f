#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool surgeon_tool(Session& session) {
  Tool tool{.name = "surgeon",
            .summary = "Change an ONNX model.",
            .description =
                "Weights stay in the file that they are in until the result is written: models of "
                "any size are edited in the time it takes to copy them. A change that would make "
                "the model invalid is refused.",
            .examples = {{"polygraph surgeon sanitize model.onnx -o clean.onnx --fold-constants",
                          "Compute once what does not depend on the inputs."},
                         {"polygraph surgeon extract model.onnx -o part.onnx --inputs x --outputs y",
                          "Cut out what is between two values."}}};
  tool.groups = {logging_group(session.logging)};
  const auto add = [&](const char* name, const char* summary, Tool (*make)(Session&)) {
    tool.subtools.push_back({name, summary, [make, &session] { return make(session); }});
  };
  add("extract", "Cut out the part of a model between given values.", surgeon_extract_tool);
  add("insert", "Insert a node, in place of what is between its inputs and outputs.", surgeon_insert_tool);
  add("sanitize", "Clean up a model, fold constants, change outputs and input shapes.",
      surgeon_sanitize_tool);
  add("simplify", "Make a model smaller that computes the same.", surgeon_simplify_tool);
  add("prune", "Make weights 2:4 sparse by setting the smaller half to zero.", surgeon_prune_tool);
  add("weight-strip", "Take the weights out of a model, to share its structure.", surgeon_weight_strip_tool);
  add("weight-reconstruct", "Give a model without weights random ones.", surgeon_weight_reconstruct_tool);
  return tool;
}

}  // namespace polygraph::cli
