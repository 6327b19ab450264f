#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cli/logging_options.h"
#include "cli/surgeon_edit.h"
#include "cli/surgeon_fallback.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "core/log_format.h"
#include "onnx/merge_types.h"

namespace polygraph::cli {
namespace {

using Boundaries = std::vector<onnx::passes::Boundary>;

struct Arguments {
  OnnxLoading loading;
  OnnxSaving saving;
  DataLoading data;
  Reporting reporting;
  bool force_fallback = false;
  std::optional<Boundaries> inputs;
  std::optional<Boundaries> outputs;
};

// Options that are given several times add up: see "surgeon extract --inputs a --inputs b" in
// docs/differences.md.
Option boundary_option(std::string name, std::string help, Arity arity,
                       std::optional<Boundaries>& boundaries) {
  return {.names = {std::move(name)},
          .metavar = "NAME:SHAPE:TYPE",
          .help = std::move(help),
          .arity = arity,
          .repeat = Repeat::each,
          .apply = [&boundaries](Values values) {
            if (!boundaries) boundaries.emplace();
            for (const std::string& value : values) {
              TensorText tensor = parse_tensor_text(value);
              boundaries->push_back({std::move(tensor.name), tensor.dtype, std::move(tensor.shape)});
            }
          }};
}

OptionGroup part_group(Arguments& arguments) {
  return {
      .title = "Part",
      .options = {
          boundary_option(
              "--inputs",
              "The values that become inputs, each with shape and type if the model's own are not to hold: "
              "image:[1,3,height,width]:float32, image:[1,3,224,224], image:auto:float16 or just image. "
              "Without the option: the inputs of the model; without values: none.",
              Arity::zero_or_more, arguments.inputs),
          boundary_option("--outputs",
                          "The values that become outputs, written as inputs are. Without the option: "
                          "the outputs of the model.",
                          Arity::one_or_more, arguments.outputs)}};
}

// The types that the model gives its values.
using Types = std::unordered_map<std::string_view, const onnx::Type*>;

Types types_of(const onnx::Graph& graph) {
  Types types;
  for (const auto* list : {&graph.inputs, &graph.outputs, &graph.value_info})
    for (const onnx::ValueInfo& value : *list)
      if (value.type) types.try_emplace(value.name, value.type.get());
  return types;
}

// The values of these that neither the command line nor the model gives a type.
// @param shapes_too  Whether a type without a shape is none.
std::vector<std::string> values_without_type(const onnx::Graph& graph,
                                             const std::optional<Boundaries>& boundaries, bool shapes_too) {
  std::vector<std::string> names;
  if (!boundaries) return names;
  const Types types = types_of(graph);
  for (const onnx::passes::Boundary& boundary : *boundaries) {
    const auto known = types.find(boundary.name);
    const bool is_known = known != types.end();
    if (is_known && known->second->kind != onnx::Type::Kind::tensor) continue;
    const bool has_type = boundary.dtype || (is_known && known->second->element_type);
    const bool has_shape =
        boundary.shape || (is_known && known->second->shape) || (boundary.dtype && !shapes_too);
    if (!(has_type && has_shape)) names.push_back(boundary.name);
  }
  return names;
}

// Runs the model to see types and shapes. What was forced holds even against the model.
void observe_types(ModelEdit& edit, const Arguments& arguments) {
  std::vector<std::string> values;
  for (const auto* boundaries : {&arguments.inputs, &arguments.outputs})
    if (*boundaries)
      for (const onnx::passes::Boundary& boundary : **boundaries) values.push_back(boundary.name);
  if (!arguments.outputs)
    for (const onnx::ValueInfo& output : edit.model().graph.outputs) values.emplace_back(output.name);
  set_types(edit.model(), observed_types(edit.model(), values, arguments.data));
  edit.note("Types and shapes are those of a run on data: open dimensions have become fixed");
}

// The model with nothing but the types of its outputs.
onnx::Model output_types(onnx::Model model) {
  log_verbose("Inferring types and shapes that the model does not have");
  infer_shapes_of(model);
  model.graph.nodes.clear();
  model.graph.value_info.clear();
  return model;
}

// Sees to it that the values which become inputs have types: those follow from what is cut off.
void find_input_types(ModelEdit& edit, const Arguments& arguments) {
  std::vector<std::string> values = values_without_type(edit.model().graph, arguments.inputs, true);
  if (values.empty()) return;
  // Types of inputs are not inferred, and it is the extraction that refuses names of nothing.
  const std::unordered_set<std::string_view> wanted(values.begin(), values.end());
  std::unordered_set<std::string_view> made;
  for (const onnx::Node& node : edit.model().graph.nodes)
    for (const std::string_view output : node.outputs)
      if (wanted.contains(output)) made.insert(output);
  std::vector<std::string> outputs(made.begin(), made.end());
  if (outputs.empty()) return;
  onnx::Model part = edit.model();
  onnx::passes::modify_outputs(part, {.outputs = std::move(outputs)});
  onnx::passes::cleanup(part);
  onnx::Model types = output_types(std::move(part));
  types.graph.value_info = std::move(types.graph.outputs);
  onnx::merge_types(edit.model(), types);
}

// The types of the outputs follow from the part itself.
void find_output_types(ModelEdit& edit, const Arguments& arguments) {
  if (values_without_type(edit.model().graph, arguments.outputs, false).empty()) return;
  onnx::merge_types(edit.model(), output_types(edit.model()));
}

ExitCode extract(Session& session, const Arguments& arguments) {
  ModelEdit edit("surgeon extract", arguments.loading, arguments.saving);
  const bool infers = !arguments.force_fallback && !arguments.loading.infer_shapes;
  if (arguments.force_fallback) observe_types(edit, arguments);
  if (infers) find_input_types(edit, arguments);
  onnx::passes::extract_subgraph(edit.model(), arguments.inputs, arguments.outputs);
  if (infers) find_output_types(edit, arguments);
  return edit.finish(session, arguments.reporting);
}

}  // namespace

Tool surgeon_extract_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "extract",
      .summary = "Cut out the part of a model between given values.",
      .description =
          "What is not between the inputs and the outputs is left out, weights included. Outputs "
          "that depend on inputs which were not named are refused.",
      .examples = {{"polygraph surgeon extract model.onnx -o part.onnx --inputs x --outputs y",
                    "The part from x to y."},
                   {"polygraph surgeon extract model.onnx -o part.onnx --inputs 'x:[1,n]'",
                    "With another shape for x."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {part_group(*arguments),
                 onnx_saving_group(arguments->saving),
                 report_group(arguments->reporting),
                 onnx_editing_group(arguments->loading),
                 shape_inference_group(arguments->loading, &arguments->force_fallback),
                 data_group(arguments->data),
                 logging_group(session.logging)};
  tool.groups[5].options.insert(
      tool.groups[5].options.begin(),
      shapes_option({"--model-input-shapes", "--model-inputs"},
                    "Shapes of the model's inputs for the run of --force-fallback-shape-inference.",
                    arguments->data.shapes));
  tool.long_running = true;
  tool.run = [&session, arguments] { return extract(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
