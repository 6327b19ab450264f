#pragma once

#include "cli/session.h"
#include "cli/tool.h"

/// The tools of the program. Each function makes the tables of one; they refer to the session, which has to
/// outlive them. A new tool is declared here and listed in `polygraph_tool`.
namespace polygraph::cli {

/// The program itself: the root of all tables.
Tool polygraph_tool(Session& session);

Tool check_tool(Session& session);
Tool check_accuracy_tool(Session& session);
Tool check_lint_tool(Session& session);

Tool convert_tool(Session& session);

Tool data_tool(Session& session);
Tool data_concat_tool(Session& session);
Tool data_merge_tool(Session& session);

Tool diff_tool(Session& session);

Tool doctor_tool(Session& session);

Tool inspect_tool(Session& session);
Tool inspect_capability_tool(Session& session);
Tool inspect_data_tool(Session& session);
Tool inspect_diff_tactics_tool(Session& session);
Tool inspect_model_tool(Session& session);
Tool inspect_sparsity_tool(Session& session);
Tool inspect_plan_tool(Session& session);
Tool inspect_tactics_tool(Session& session);

Tool plugin_tool(Session& session);
Tool plugin_list_tool(Session& session);
Tool plugin_match_tool(Session& session);
Tool plugin_replace_tool(Session& session);

Tool run_tool(Session& session);

Tool surgeon_tool(Session& session);
Tool surgeon_extract_tool(Session& session);
Tool surgeon_insert_tool(Session& session);
Tool surgeon_sanitize_tool(Session& session);
Tool surgeon_simplify_tool(Session& session);
Tool surgeon_prune_tool(Session& session);
Tool surgeon_weight_strip_tool(Session& session);
Tool surgeon_weight_reconstruct_tool(Session& session);

Tool template_tool(Session& session);
Tool template_onnx_gs_tool(Session& session);
Tool template_trt_network_tool(Session& session);
Tool template_trt_config_tool(Session& session);
Tool template_data_loader_tool(Session& session);
Tool template_compare_func_tool(Session& session);
Tool template_postprocess_func_tool(Session& session);

Tool completion_tool(Session& session);
Tool help_tool(Session& session);
Tool man_tool(Session& session);
Tool version_tool(Session& session);

/// Prints the program's version and those of the engines.
ExitCode print_version(Session& session);

}  // namespace polygraph::cli
