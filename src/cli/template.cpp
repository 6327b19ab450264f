#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {

Tool template_tool(Session& session) {
  Tool tool{.name = "template",
            .summary = "Write a program or a script to start from.",
            .examples = {{"polygraph template onnx-gs model.onnx -o edit_model.cpp",
                          "A C++ program that loads, edits and saves this model."},
                         {"polygraph template data-loader -o load_data.cpp",
                          "A script for `run --data-loader-script`."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {{"onnx-gs", "Write a C++ program that edits an ONNX model.",
                    [&session] { return template_onnx_gs_tool(session); }},
                   {"trt-network", "Write a script that makes a network for TensorRT.",
                    [&session] { return template_trt_network_tool(session); }},
                   {"trt-config", "Write a script that makes a configuration for TensorRT.",
                    [&session] { return template_trt_config_tool(session); }},
                   {"data-loader", "Write a script that makes inputs.",
                    [&session] { return template_data_loader_tool(session); }},
                   {"compare-func", "Write a script that compares outputs.",
                    [&session] { return template_compare_func_tool(session); }},
                   {"postprocess-func", "Write a script that changes outputs before they are compared.",
                    [&session] { return template_postprocess_func_tool(session); }}};
  return tool;
}

}  // namespace polygraph::cli
