#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

#include "cli/inspect_data_report.h"
#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  std::filesystem::path path;
  DataReportOptions options;
  std::optional<std::string> json;  // a file, or `-` for standard output
};

std::int64_t parse_limit(const std::string& text) {
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit < -1 || limit == 0)
    throw UsageError("'" + text + "' is not a count.",
                     "Allowed are whole numbers from 1 on; -1 sets no limit.");
  return limit;
}

OptionGroup display_group(Arguments& arguments) {
  DataReportOptions& options = arguments.options;
  OptionGroup group;
  group.options = {
      {.names = {"-a", "--all"},
       .help = "Show every iteration, not only the first.",
       .apply = [&options](Values) { options.all = true; }},
      {.names = {"-s", "--show-values"},
       .help = "Show the elements of the arrays, too.",
       .apply = [&options](Values) { options.values = true; }},
      {.names = {"--histogram"},
       .help = "Show how the elements are distributed.",
       .apply = [&options](Values) { options.histogram = true; }},
      {.names = {"-n", "--num-items"},
       .metavar = "COUNT",
       .help =
           "How many elements to show at each end of an axis, of arrays with more than 1000; -1 shows all.",
       .arity = Arity::one,
       .default_text = "3",
       .apply = [&options](Values values) { options.num_items = parse_limit(values.front()); }},
      {.names = {"--line-width"},
       .metavar = "COLUMNS",
       .help = "How wide lines of elements may get; with -1 they end with rows only.",
       .arity = Arity::one,
       .default_text = "75",
       .apply = [&options](Values values) { options.line_width = parse_limit(values.front()); }},
      json_option("the description", arguments.json)};
  return group;
}

}  // namespace

Tool inspect_data_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "data",
      .summary = "Show saved inputs, outputs and accuracy results.",
      .description =
          "Reads what `--save-inputs`, `--save-outputs` and `--save-accuracy-results` write, from "
          "Polygraphy, "
          "too: JSON, folders of JSON files, .npz and .npy.",
      .examples = {{"polygraph inspect data outputs.json",
                    "Types, shapes and statistics of the first iteration."},
                   {"polygraph inspect data inputs.npz --all --show-values",
                    "The values of every iteration."}},
  };
  tool.positionals = {{.names = {"path"},
                       .metavar = "PATH",
                       .help = "A file, or a folder with a JSON file for each iteration.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->path = values.front(); }}};
  tool.groups = {display_group(*arguments), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] {
    refuse_model("--json", arguments->json, arguments->path);
    write_answer(
        session, arguments->json, [&] { return data_report_text(arguments->path, arguments->options); },
        [&] { return data_report_json(arguments->path, arguments->options); });
    return ExitCode::passed;
  };
  return tool;
}

}  // namespace polygraph::cli
