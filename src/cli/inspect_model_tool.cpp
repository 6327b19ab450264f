#include <polygraph/core/backends.h>
#include <polygraph/core/files.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>

#include "cli/inspect_html.h"
#include "cli/json_output.h"
#include "cli/model_kinds.h"
#include "cli/onnx_options.h"
#include "cli/tools.h"
#include "cli/trt_options.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::string model_type;  // empty: by content
  InspectOptions options;
  std::optional<std::string> json;  // a file, or standard output
  std::optional<std::string> html;  // a file
  std::string display_as;           // a backend whose network is shown; empty: the file as it is
  OpenVinoArguments shared;         // --plugins
  TrtArguments trt;
  std::vector<std::string> given_trt;   // the options about networks
  std::vector<std::string> given_plan;  // those about plans
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
       .choices = {{"layers", "The nodes or layers: name, operator, inputs and outputs."},
                   {"attrs", "The attributes of these; only together with layers."},
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

OptionGroup network_group(Arguments& arguments) {
  OptionGroup group = trt_network_group(arguments.trt);
  group.description = "With --display-as, or --trt-network-script.";
  OptionGroup scripts = trt_script_group(arguments.trt);
  for (Option& option : scripts.options)
    if (option.names.front().starts_with("--trt-network")) group.options.push_back(std::move(option));
  record_use(group, arguments.given_trt);
  group.options.insert(group.options.begin(),
                       {.names = {"--display-as", "--convert-to"},
                        .metavar = "KIND",
                        .help = "Show the network that TensorRT makes of the ONNX model.",
                        .arity = Arity::one,
                        .choices = {{"trt", "TensorRT's."}, {"trt-rtx", "TensorRT-RTX's."}},
                        .apply = [&arguments](Values values) { arguments.display_as = values.front(); }});
  return group;
}

OptionGroup plan_group(Arguments& arguments) {
  InspectOptions& options = arguments.options;
  OptionGroup group{.title = "TensorRT engine",
                    .description = "Of plans, which are loaded to be described; --plugins also of networks."};
  group.options = {
      {.names = {"--plugins"},
       .metavar = "LIBRARY",
       .help = "Libraries with TensorRT's plugins to load.",
       .arity = Arity::one_or_more,
       .repeat = Repeat::each,
       .completes = Completes::files,
       .apply =
           [&arguments, &options](Values values) {
             std::vector<std::string>& of_network = arguments.shared.request.plugins;
             of_network.insert(of_network.end(), values.begin(), values.end());
             options.plugins.insert(options.plugins.end(), values.begin(), values.end());
           }},
      load_runtime_option(options.runtime),
      {.names = {"--combine-tensor-info"},
       .metavar = "FILE",
       .help =
           "Saved outputs, of which minimum, maximum and mean are shown with the layers' tensors of the same "
           "names; the first runner and the first iteration count. Tensors inside of the engine are saved by "
           "run --mark-unfused-tensors-as-debug-tensors --save-outputs.",
       .arity = Arity::one,
       .completes = Completes::files,
       .apply = [&options](Values values) { options.tensor_info = values.front(); }}};
  record_use(group, arguments.given_plan);
  return group;
}

void check_plan_arguments(const Arguments& arguments, bool is_plan) {
  if (!is_plan && !arguments.given_plan.empty())
    throw UsageError(arguments.given_plan.front() + " is about engines of TensorRT, and '" +
                         arguments.model.string() + "' is none.",
                     "Leave it out.");
  if (!arguments.options.tensor_info.empty() && !arguments.options.show_layers && !arguments.json)
    throw UsageError("--combine-tensor-info has no use without the layers.", "Say --show layers, too.");
}

void check_network_arguments(const Arguments& arguments) {
  for (const std::string& option : arguments.given_plan)
    if (option != "--plugins")
      throw UsageError(option + " is about engines, and a network of TensorRT is shown.", "Leave it out.");
  if (!arguments.model_type.empty() && arguments.model_type != "onnx")
    throw UsageError("--model-type " + arguments.model_type + ": networks are made of ONNX models.",
                     "Leave out --model-type, or --display-as.");
  for (const auto& [option, given] : {std::pair{"--list-unbounded-dds", arguments.options.list_unbounded},
                                      {"--stats", arguments.options.stats},
                                      {"--ignore-external-data", arguments.options.ignore_external_data}})
    if (given)
      throw UsageError(std::string(option) + " is about ONNX models, and a network of TensorRT is shown.",
                       "Leave it out, or show the model as it is.");
  refuse_beside_network_script(arguments.trt, arguments.model,
                               !arguments.options.external_data_folder.empty());
}

ExitCode inspect_network(Session& session, const Arguments& arguments) {
  check_network_arguments(arguments);
  ModelRequest request = trt_request(arguments.trt, arguments.shared);
  request.model = arguments.model;
  if (!arguments.options.external_data_folder.empty()) {
    OnnxLoading loading;
    loading.model = arguments.model;
    loading.external_data_dir = arguments.options.external_data_folder;
    request.in_memory = model_with_data_folder(loading);
  }
  const std::shared_ptr<const onnx::Model> network =
      load_backend(arguments.display_as.empty() ? "trt" : arguments.display_as).network(request);
  if (arguments.html) write_file(*arguments.html, onnx_to_html(*network, arguments.options));
  write_answer(
      session, arguments.json, [&] { return describe_network(*network, arguments.options); },
      [&] {
        nlohmann::ordered_json json = onnx_to_json(*network, arguments.options);
        json["format"] = "network";
        return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
      });
  return ExitCode::passed;
}

ExitCode inspect_model(Session& session, const Arguments& arguments) {
  refuse_model("--json", arguments.json, arguments.model);
  refuse_model("--html", arguments.html, arguments.model);
  if (arguments.json && arguments.html && *arguments.json == *arguments.html)
    throw UsageError("--json and --html name the same file, '" + *arguments.html + "'.",
                     "Name a file for each.");
  if (!arguments.display_as.empty() || arguments.trt.network_script)
    return inspect_network(session, arguments);
  if (!arguments.given_trt.empty())
    throw UsageError(
        arguments.given_trt.front() + " is about networks of TensorRT, and the model is shown as it is.",
        "Say --display-as trt or --display-as trt-rtx.");
  const MappedFile file(arguments.model, MappedFile::Use::parts);
  const ModelKind& kind = kind_of_model(file, arguments.model_type);
  check_plan_arguments(arguments, kind.name == std::string_view("plan"));
  if (arguments.html) {
    if (!kind.html)
      throw UsageError(std::string("--html: there is no picture of a model of type '") + kind.name + "'.",
                       "Give it the ONNX model that it was made from.");
    write_file(*arguments.html, kind.html(file, arguments.options));
  }
  const ModelDescription told = kind.describe(file, arguments.options);
  write_answer(session, arguments.json, told.text, told.json);
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
                   {"polygraph inspect model identity.onnx --display-as trt-rtx --show layers",
                    "The network that TensorRT-RTX makes of it."},
                   {"polygraph inspect model model.plan --show layers attrs",
                    "Of an engine of TensorRT: profiles, memory, and each layer's tactic and origin."},
                   {"polygraph inspect model identity.onnx --json model.json",
                    "The text, and JSON for programs."}},
  };
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The model: its content says of which kind it is, not its name. None with "
                               "--trt-network-script.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .replaced_by = "--trt-network-script",
                       .apply = [arguments](Values values) { arguments->model = values.front(); }}};
  tool.groups = {output_group(*arguments), model_group(*arguments),         network_group(*arguments),
                 plan_group(*arguments),   external_data_group(*arguments), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return inspect_model(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
