#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/lint.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "cli/check_engine.h"
#include "cli/check_report.h"
#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  DataLoading data;
  Settings session;  // fields of onnxrt::SessionOptions
  bool is_static = false;
  std::optional<std::string> json;  // a file, or standard output
};

OptionGroup lint_group(Arguments& arguments) {
  OptionGroup group;
  group.options = {
      {.names = {"--static"},
       .help = "Do not run the model: check its structure, types and shapes only.",
       .apply = [&arguments](Values) { arguments.is_static = true; }},
      {.names = {"-o", "--output"},
       .metavar = "FILE",
       .help = "Write the report as JSON to the file, too; `-` is standard output, in place of the text.",
       .arity = Arity::one,
       .completes = Completes::files,
       .apply = [&arguments](Values values) { arguments.json = values.front(); }},
      {.names = {"--json"},
       .metavar = "FILE",
       .help = "The same; without a file, print the JSON in place of the text.",
       .arity = Arity::optional,
       .completes = Completes::files,
       .apply = [&arguments](Values values) {
         arguments.json = values.empty() ? std::string(standard_output) : values.front();
       }}};
  return group;
}

/// The options of the shared group that say how data is made up.
// Nothing here tells what layers take.
OptionGroup session_group(Settings& settings) {
  OptionGroup group = onnxrt_group(settings);
  std::erase_if(group.options, [](const Option& option) { return option.name() == "--onnxrt-time-layers"; });
  return group;
}

OptionGroup made_up_data_group(DataLoading& data) {
  OptionGroup group = data_group(data);
  std::erase_if(group.options, [](const Option& option) { return option.name() == "--load-inputs"; });
  group.options.insert(
      group.options.begin(),
      shapes_option({"--inputs", "--input-shapes"},
                    "Shapes of inputs to run the model with, in place of the model's own.", data.shapes));
  return group;
}

/// Why the model cannot be run with made-up data, or empty.
std::string obstacle(const onnx::Model& model) {
  for (const onnx::ValueInfo& input : model.graph.inputs)
    if (input.type && input.type->kind != onnx::Type::Kind::tensor &&
        input.type->kind != onnx::Type::Kind::none)
      return "The input '" + std::string(input.name) +
             "' is no tensor, and data is made up for tensors only.";
  for (const TensorInfo& input : onnx::input_metadata(model.graph))
    if (!input.dtype) return "The input '" + input.name + "' has no type.";
  return {};
}

void not_run(onnx::LintReport& report, std::string message, std::string remedy = {}) {
  report.findings.push_back({.level = onnx::LintFinding::Level::info,
                             .source = onnx::LintFinding::Source::onnxruntime,
                             .message = "The model was not run. " + std::move(message),
                             .remedy = std::move(remedy)});
}

void run(onnx::LintReport& report, const onnx::Model& model, const DataLoading& data,
         const Settings& session) {
  using enum onnx::LintFinding::Source;
  if (const std::string why = obstacle(model); !why.empty()) return not_run(report, why);
  TensorMap inputs;
  try {
    inputs = inputs_for(onnx::input_metadata(model.graph), data);
  } catch (const InputError& error) {
    return not_run(report, error.problem(), error.remedy());
  }
  EngineVerdict verdict = run_in_engine(model, inputs, session);
  if (!verdict.available) return not_run(report, verdict.problem);
  if (verdict.whole_model_ran) {
    onnx::add_success(report, model);
    for (std::string& text : verdict.warnings)
      report.findings.push_back(
          {.level = onnx::LintFinding::Level::warning, .source = onnxruntime, .message = std::move(text)});
    return;
  }
  onnx::add_outcomes(report, model, verdict.outcomes);
  // The whole does not run, although each of its nodes does.
  const bool all_ran = std::ranges::all_of(verdict.outcomes, [](const onnx::NodeOutcome& outcome) {
    return outcome.kind == onnx::NodeOutcome::Kind::passed ||
           outcome.kind == onnx::NodeOutcome::Kind::not_run;
  });
  if (report.is_valid() && all_ran)
    report.findings.push_back(
        {.level = onnx::LintFinding::Level::warning,
         .source = onnxruntime,
         .message = "The model does not run as a whole, but each node does: " + verdict.problem});
}

onnx::LintReport lint(const Arguments& arguments, const MappedFile& file) {
  onnx::LintReport report;
  std::optional<onnx::Model> model;
  try {
    model = onnx::load_model(file);
  } catch (const InputError& error) {
    report.findings.push_back({.source = onnx::LintFinding::Source::onnx_loader,
                               .message = error.problem(),
                               .remedy = error.remedy()});
    return report;
  }
  set_data_folder(arguments.loading, *model);
  const bool runs =
      !arguments.is_static && !arguments.loading.ignore_external_data && !model->graph.nodes.empty();
  report = onnx::lint_statically(*model, /*full=*/!runs);
  if (!runs) return report;
  run(report, *model, arguments.data, arguments.session);
  if (report.was_run) return report;
  // Then at least types and shapes are inferred.
  onnx::LintReport full = onnx::lint_statically(*model, true);
  full.findings.insert(full.findings.end(), report.findings.end() - 1, report.findings.end());
  return full;
}

ExitCode check_lint(Session& session, const Arguments& arguments) {
  refuse_model("--output", arguments.json, arguments.loading.model);
  const onnx::LintReport report =
      lint(arguments, MappedFile(arguments.loading.model, MappedFile::Use::parts));
  write_answer(
      session, arguments.json, [&] { return lint_text(report); },
      [&] { return lint_json(report).dump(2) + "\n"; });
  return report.is_valid() ? ExitCode::passed : ExitCode::failed;
}

}  // namespace

Tool check_lint_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "lint",
      .summary = "Find faulty and useless nodes of an ONNX model.",
      .description =
          "Checks the rules of the format and the structure of the graph, and runs the model with ONNX "
          "Runtime on "
          "made-up data; if that fails, node by node. ONNX Runtime runs in a process of its own: a crash of "
          "it is a "
          "finding. Exit status 0 means that nothing worse than a warning was found, 1 that something was.",
      .examples = {{"polygraph check lint model.onnx", "What is wrong, with the nodes."},
                   {"polygraph check lint model.onnx --static -o report.json",
                    "Without running anything; the report for programs."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {lint_group(*arguments), made_up_data_group(arguments->data),
                 onnx_loading_group(arguments->loading), session_group(arguments->session),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return check_lint(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
