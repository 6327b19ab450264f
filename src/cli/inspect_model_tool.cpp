#include <polygraph/core/files.h>

#include <memory>
#include <optional>
#include <system_error>

#include "cli/json_output.h"
#include "cli/model_kinds.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::string model_type;  // empty: by content
  InspectOptions options;
  std::optional<std::string> json;  // a file, or standard output
  std::optional<std::string> html;  // a file
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

OptionGroup external_data_group(Arguments& arguments) {
  return {.title = "External data",
          .options = {{.names = {"--external-data-dir", "--load-external-data", "--ext"},
                       .metavar = "FOLDER",
                       .help = "Where the ONNX model's external data is.",
                       .arity = Arity::one,
                       .default_text = "the folder of the model",
                       .completes = Completes::folders,
                       .apply =
                           [&arguments](Values values) {
                             if (!std::filesystem::is_directory(values.front()))
                               throw UsageError("'" + values.front() + "' is not a folder.",
                                                "Name the folder that the external data lies in.");
                             arguments.options.external_data_folder = values.front();
                           }},
                      {.names = {"--ignore-external-data"},
                       .help = "Do not look for external data: values that are there are not shown.",
                       .apply = [&arguments](Values) { arguments.options.ignore_external_data = true; }}}};
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
      {.names = {"--list-unbounded-dds"},
       .help =
           "List the tensors that give others a data-dependent size without an upper bound. Fold constants "
           "and infer shapes first: what is not known counts as unbounded.",
       .apply = [&arguments](Values) { arguments.options.list_unbounded = true; }},
      {.names = {"--stats"},
       .help =
           "Show parameters, floating-point operations and bytes moved, of each node and in all; as formulas "
           "where dimensions have names.",
       .apply = [&arguments](Values) { arguments.options.stats = true; }},
      {.names = {"--html"},
       .metavar = "FILE",
       .help =
           "Write a picture of the model, too: one page for any browser, with search, details of nodes and "
           "nested graphs that open in place. It needs no network.",
       .arity = Arity::one,
       .completes = Completes::files,
       .apply = [&arguments](Values values) { arguments.html = values.front(); }},
      json_option("the description", arguments.json)};
  return group;
}

ExitCode inspect_model(Session& session, const Arguments& arguments) {
  refuse_model("--json", arguments.json, arguments.model);
  refuse_model("--html", arguments.html, arguments.model);
  if (arguments.json && arguments.html && *arguments.json == *arguments.html)
    throw UsageError("--json and --html name the same file, '" + *arguments.html + "'.",
                     "Name a file for each.");
  const MappedFile file(arguments.model, MappedFile::Use::parts);
  const ModelKind& kind = kind_of_model(file, arguments.model_type);
  if (arguments.html) {
    if (!kind.html)
      throw UsageError(std::string("--html: there is no picture of a model of type '") + kind.name + "'.",
                       "Give it the ONNX model that it was made from.");
    write_file(*arguments.html, kind.html(file, arguments.options));
  }
  write_answer(
      session, arguments.json, [&] { return kind.text(file, arguments.options); },
      [&] { return kind.json(file, arguments.options); });
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
                   {"polygraph inspect model identity.onnx --html identity.html",
                    "A picture of the graph for the browser."},
                   {"polygraph inspect model identity.onnx --json model.json",
                    "The text, and JSON for programs."}},
  };
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The model: its content says of which kind it is, not its name.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->model = values.front(); }}};
  tool.groups = {output_group(*arguments), model_group(*arguments), external_data_group(*arguments),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return inspect_model(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
