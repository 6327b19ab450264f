#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool template_tool(Session& session) {
  Tool tool{.name = "template",
            .summary = "Write a program to start from.",
            .examples = {{"polygraph template onnx-gs model.onnx -o edit_model.cpp",
                          "A C++ program that loads, edits and saves this model."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"onnx-gs", "Write a C++ program that edits an ONNX model.",
                    [&session] { return template_onnx_gs_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
