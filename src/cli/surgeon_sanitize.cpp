#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <map>
#include <memory>
#include <string>

#include "cli/logging_options.h"
#include "cli/surgeon_edit.h"
#include "cli/surgeon_fallback.h"
#include "cli/surgeon_fold.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  OnnxSaving saving;
  DataLoading data;
  Reporting reporting;
  Folding folding;
  bool force_fallback = false;
  bool cleanup = false;
  bool toposort = false;
  std::map<std::string, PartialShape> override_shapes;
};

OptionGroup cleaning_group(Arguments& arguments) {
  OptionGroup group{.title = "Cleaning"};
  group.options = {{.names = {"--cleanup"},
                    .help = "Remove what no output depends on: nodes, weights, functions.",
                    .apply = [&arguments](Values) { arguments.cleanup = true; }},
                   {.names = {"--toposort"},
                    .help = "Put the nodes into an order in which they can run.",
                    .apply = [&arguments](Values) { arguments.toposort = true; }},
                   shapes_option({"--override-inputs", "--override-input-shapes"},
                                 "Other shapes for inputs: image:[1,3,224,224] other:[batch,10]. Names may "
                                 "have shell wildcards. Shapes in between are forgotten and inferred anew.",
                                 arguments.override_shapes)};
  return group;
}

OptionGroup outputs_group(Arguments& arguments) {
  OptionGroup group{.title = "Outputs", .options = output_selection_options(arguments.loading, "")};
  group.options.push_back(
      {.names = {"--set-unbounded-dds-upper-bound"},
       .metavar = "[NAME:]N",
       .help = "Put a limit on sizes that the model computes from its data and that have none "
               "('inspect model --list-unbounded-dds' lists them): for one value, or for all others.",
       .arity = Arity::one_or_more,
       .repeat = Repeat::each,
       .apply = [&arguments](Values values) {
         for (const std::string& value : values) {
           auto [name, bound] = parse_upper_bound(value);
           arguments.loading.upper_bounds.insert_or_assign(std::move(name), bound);
         }
       }});
  return group;
}

void clean_up(ModelEdit& edit) {
  const onnx::passes::CleanupReport report = onnx::passes::cleanup(edit.model());
  if (report.nothing())
    edit.note("Cleanup found nothing that is not used");
  else
    edit.note(
        fmt::format("Cleanup removed {} nodes, {} initializers, {} functions and {} entries of value_info",
                    report.nodes, report.initializers, report.functions, report.value_infos));
}

ExitCode sanitize(Session& session, const Arguments& arguments) {
  arguments.folding.warn_if_unused();
  ModelEdit edit("surgeon sanitize", arguments.loading, arguments.saving);
  if (!arguments.override_shapes.empty())
    onnx::passes::override_input_shapes(edit.model(), arguments.override_shapes);
  if (arguments.force_fallback) {
    set_types(edit.model(), observed_types(edit.model(), {"*"}, arguments.data));
    edit.note("Types and shapes are those of a run on data: open dimensions have become fixed");
  }
  if (arguments.cleanup) clean_up(edit);
  if (arguments.toposort) {
    const std::size_t moved = onnx::passes::sort_topologically(edit.model());
    edit.note(moved == 0 ? "The nodes were in order" : fmt::format("Sorting moved {} nodes", moved));
  }
  if (arguments.loading.infer_shapes && !arguments.override_shapes.empty()) infer_shapes_of(edit.model());
  if (arguments.folding.enabled) fold_constants(edit, arguments.folding, arguments.loading.infer_shapes);
  return edit.finish(session, arguments.reporting);
}

}  // namespace

Tool surgeon_sanitize_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  arguments->loading.infer_shapes = true;
  Tool tool{
      .name = "sanitize",
      .summary = "Clean up a model, fold constants, change outputs and input shapes.",
      .description =
          "In this order: infer shapes, choose outputs, convert to float16, set upper bounds, override input "
          "shapes, clean up, sort, infer shapes again if inputs have changed, fold constants.",
      .examples = {{"polygraph surgeon sanitize model.onnx -o clean.onnx --cleanup --fold-constants",
                    "A model without what is not needed at run time."},
                   {"polygraph surgeon sanitize model.onnx -o new.onnx --override-inputs 'x:[1,2]'",
                    "A model for one size of input."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {cleaning_group(*arguments),
                 outputs_group(*arguments),
                 folding_group(arguments->folding),
                 onnx_saving_group(arguments->saving),
                 report_group(arguments->reporting),
                 onnx_editing_group(arguments->loading),
                 shape_inference_group(arguments->loading, &arguments->force_fallback),
                 data_group(arguments->data),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return sanitize(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
