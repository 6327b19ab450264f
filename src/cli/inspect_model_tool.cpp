#include <polygraph/core/files.h>

#include <memory>
#include <optional>
#include <system_error>

#include "cli/model_kinds.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

constexpr const char* standard_output = "-";

struct Arguments {
  std::filesystem::path model;
  std::string model_type;  // empty: by content
  InspectOptions options;
  std::optional<std::string> json;  // a file, or standard output
};

OptionGroup model_group(Arguments& arguments) {
  std::vector<Choice> types;
  for (const ModelKind& kind : model_kinds()) types.push_back({kind.name, kind.help});
  return {.title = "Model",
          .options = {{.names = {"--model-type"},
                       .metavar = "TYPE",
                       .help = "What the file is, if its content is not to decide.",
                       .arity = Arity::one,
                       .choices = std::move(types),
                       .apply = [&arguments](Values values) { arguments.model_type = values.front(); }}}};
}

OptionGroup output_group(Arguments& arguments) {
  OptionGroup group;
  group.options = {
      {.names = {"--show"},
       .metavar = "WHAT",
       .help = "Show layers, attributes or weights, too. Several can be named.",
       .arity = Arity::one_or_more,
       .choices = {{"layers", "The nodes: name, operator, inputs and outputs."},
                   {"attrs", "The attributes of the nodes; only together with layers."},
                   {"weights", "The values of the weights; with layers, those of each node, too."}},
       .repeat = Repeat::each,
       .apply =
           [&arguments](Values values) {
             for (const std::string& value : values) {
               if (value == "layers") arguments.options.show_layers = true;
               if (value == "attrs") arguments.options.show_attrs = true;
               if (value == "weights") arguments.options.show_weights = true;
             }
           }},
      {.names = {"--json"},
       .metavar = "FILE",
       .help = "Print the description as JSON instead of text. With a file, write the JSON there and print "
               "the text as well; `-` is standard output.",
       .arity = Arity::optional,
       .completes = Completes::files,
       .apply = [&arguments](Values values) {
         arguments.json = values.empty() ? std::string(standard_output) : values.front();
       }}};
  return group;
}

void check_json_file(const Arguments& arguments) {
  std::error_code error;
  if (arguments.json && std::filesystem::equivalent(*arguments.json, arguments.model, error))
    throw UsageError("--json: '" + *arguments.json + "' is the model itself.",
                     "Name another file for the JSON.");
}

ExitCode inspect_model(Session& session, const Arguments& arguments) {
  check_json_file(arguments);
  const MappedFile file(arguments.model);
  const ModelKind& kind = kind_of_model(file, arguments.model_type);
  if (arguments.json == standard_output) {
    session.output.write(kind.json(file, arguments.options));
    return ExitCode::passed;
  }
  session.output.write(kind.text(file, arguments.options));
  if (arguments.json) write_file(*arguments.json, kind.json(file, arguments.options));
  return ExitCode::passed;
}

}  // namespace

Tool inspect_model_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "model",
      .summary = "Show the inputs, outputs, layers and weights of a model.",
      .examples = {{"polygraph inspect model identity.onnx",
                    "Inputs, outputs, and how many weights and nodes there are."},
                   {"polygraph inspect model identity.onnx --show layers attrs",
                    "Every node with its attributes, too."},
                   {"polygraph inspect model identity.onnx --json model.json",
                    "The text, and JSON for programs."}},
  };
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The model: its content says of which kind it is, not its name.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->model = values.front(); }}};
  tool.groups = {output_group(*arguments), model_group(*arguments), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return inspect_model(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
