#include <polygraph/core/files.h>
#include <polygraph/onnx/diff.h>

#include <charconv>
#include <filesystem>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "cli/diff_report.h"
#include "cli/json_output.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  std::filesystem::path a;
  std::filesystem::path b;
  onnx::DiffOptions options;
  std::size_t limit = 20;
  std::optional<std::string> json;  // a file, or standard output
};

std::size_t parse_limit(const std::string& text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError("'" + text + "' is not a number.", "Allowed are whole numbers; 0 shows all.");
  return limit;
}

OptionGroup comparison_group(Arguments& arguments) {
  OptionGroup group{.title = "Comparison"};
  group.options = {
      {.names = {"--weights"},
       .metavar = "HOW",
       .help = "How to compare the values of weights.",
       .arity = Arity::one,
       .choices = {{"skip", "Types and shapes only; no weight is read."},
                   {"bytes", "Whether they are the same, bit by bit."},
                   {"statistics", "And if not: how many elements differ, and by how much."}},
       .default_text = "statistics",
       .apply =
           [&arguments](Values values) {
             using Weights = onnx::DiffOptions::Weights;
             arguments.options.weights = values.front() == "skip"    ? Weights::skip
                                         : values.front() == "bytes" ? Weights::bytes
                                                                     : Weights::statistics;
           }},
      {.names = {"--ignore"},
       .metavar = "WHAT",
       .help = "What does not count as a difference. Several can be named.",
       .arity = Arity::one_or_more,
       .choices = {{"names", "Other names of nodes, values, inputs, outputs and weights."},
                   {"metadata", "Producer, versions of the model, doc strings and metadata entries."},
                   {"order", "The order of nodes, inputs and outputs."},
                   {"value-types", "Types and shapes of values between nodes (value_info)."}},
       .repeat = Repeat::each,
       .apply = [&arguments](Values values) {
         for (const std::string& value : values) {
           if (value == "names") arguments.options.names = false;
           if (value == "metadata") arguments.options.metadata = false;
           if (value == "order") arguments.options.order = false;
           if (value == "value-types") arguments.options.value_types = false;
         }
       }}};
  return group;
}

OptionGroup output_group(Arguments& arguments) {
  OptionGroup group;
  group.options = {
      {.names = {"--limit"},
       .metavar = "COUNT",
       .help = "Show at most so many differences of each kind of thing in the text; 0 shows all.",
       .arity = Arity::one,
       .default_text = "20",
       .apply = [&arguments](Values values) { arguments.limit = parse_limit(values.front()); }},
      json_option("the differences", arguments.json)};
  return group;
}

void check_json_file(const Arguments& arguments) {
  if (!arguments.json) return;
  std::error_code error;
  for (const std::filesystem::path& model : {arguments.a, arguments.b})
    if (std::filesystem::equivalent(*arguments.json, model, error))
      throw UsageError("--json: '" + *arguments.json + "' is one of the models.",
                       "Name another file for the JSON.");
}

ExitCode diff(Session& session, const Arguments& arguments) {
  check_json_file(arguments);
  auto other = std::async(std::launch::async, [&] { return onnx::load_model(arguments.b); });
  const onnx::Model a = onnx::load_model(arguments.a);
  const onnx::Model b = other.get();
  const onnx::ModelDiff diff = onnx::diff_models(a, b, arguments.options);
  write_answer(
      session, arguments.json, [&] { return diff_text(diff, arguments.limit); },
      [&] { return diff_json(diff).dump(2) + "\n"; });
  return diff.equal() ? ExitCode::passed : ExitCode::failed;
}

}  // namespace

Tool diff_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "diff",
      .summary = "Show what differs between two ONNX models.",
      .description =
          "Nodes are matched by structure and by name, so what was renamed is told apart from what is new. "
          "Weights are "
          "equal if their values are, however they are stored. Exit status 0 means that the models are "
          "equal, 1 that "
          "they differ.",
      .examples = {{"polygraph diff before.onnx after.onnx", "What a tool did to a model."},
                   {"polygraph diff before.onnx after.onnx --ignore names metadata order --json",
                    "What differs in what the models compute, for programs."}},
  };
  tool.positionals = {{.names = {"first_model"},
                       .metavar = "FIRST_MODEL",
                       .help = "The one ONNX model.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->a = values.front(); }},
                      {.names = {"second_model"},
                       .metavar = "SECOND_MODEL",
                       .help = "The other one: added is what only this has.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->b = values.front(); }}};
  tool.groups = {output_group(*arguments), comparison_group(*arguments), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return diff(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
