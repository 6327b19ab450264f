#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/openvino/config_options.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "cli/backends.h"
#include "cli/option_fields.h"
#include "cli/text.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  BuildRequest request;
  Settings outputs;
};

OptionGroup network_group(Arguments& arguments) {
  OptionGroup group{.title = "OpenVINO network"};
  // The fields of OutputOptions, under the names that Polygraphy's --trt-outputs and its like would have.
  const std::pair<std::string, std::string> flags[] = {{"--outputs", "--openvino-outputs"},
                                                       {"--exclude-outputs", "--openvino-exclude-outputs"},
                                                       {"--mark-layer-types", "--openvino-outputs-by-type"}};
  for (Option& option : options_from_fields<openvino::OutputOptions>(arguments.outputs)) {
    for (const auto& [field_flag, flag] : flags)
      if (option.names.front() == field_flag) option.names = {flag};
    group.options.push_back(std::move(option));
  }
  group.options.push_back(
      {.names = {"--layer-precisions"},
       .metavar = "LAYER:TYPE",
       .help = "Layers to keep in FP32 where narrower types are allowed: `LAYER:float32`. LAYER may be a "
               "wildcard.",
       .arity = Arity::one_or_more,
       .repeat = Repeat::each,
       .apply = [&arguments](Values values) {
         for (const std::string& value : values) {
           const std::size_t colon = value.rfind(':');
           if (colon == std::string::npos || colon == 0)
             throw UsageError("'" + value + "' is not of the form LAYER:TYPE.");
           arguments.request.layer_precisions[value.substr(0, colon)] = value.substr(colon + 1);
         }
       }});
  group.options.push_back({.names = {"--plugins"},
                           .metavar = "LIBRARY",
                           .help = "Libraries with OpenVINO extensions (custom operations) to load.",
                           .arity = Arity::one_or_more,
                           .repeat = Repeat::each,
                           .completes = Completes::files,
                           .apply = [&arguments](Values values) {
                             arguments.request.plugins.insert(arguments.request.plugins.end(), values.begin(),
                                                              values.end());
                           }});
  return group;
}

// What is wrong with the place for the engine is said before the build, which may take long.
void check_engine_file(const BuildRequest& request) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::equivalent(request.engine, request.model, error))
    throw UsageError("Cannot convert to '" + request.engine.string() + "': that is the model itself.",
                     "Give the engine another name.");
  const fs::file_status status = fs::status(request.engine, error);
  // To open a pipe and close it again would be its reader's end; a folder that is missing is made when it is
  // needed.
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) return;
  if (request.engine.has_parent_path() && !fs::is_directory(request.engine.parent_path(), error)) return;
  AtomicFile never_committed(request.engine);
}

ExitCode convert(Arguments& arguments) {
  BuildRequest& request = arguments.request;
  if (request.engine.extension() == ".onnx")
    throw UsageError("Cannot convert to '" + request.engine.string() +
                         "': the result is an engine, and that is the name of a model.",
                     "Give the engine a name that ends in '.engine'.");
  for (const auto& [field, value] : arguments.outputs) {
    if (field == "outputs") request.outputs.push_back(value);
    if (field == "exclude_outputs") request.exclude_outputs.push_back(value);
    if (field == "mark_layer_types") request.mark_layer_types.push_back(value);
  }
  check_engine_file(request);
  load_backend("openvino").build(request);
  return ExitCode::passed;
}

}  // namespace

Tool convert_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "convert",
      .summary = "Build an engine from an ONNX model and save it.",
      .description =
          "The engine is OpenVINO's, for this machine's processor. FP32 is always allowed; --fp16 and --bf16 "
          "allow "
          "narrower types, which run only where the processor computes in them. The log says what runs.",
      .examples = {{"polygraph convert model.onnx -o model.engine --fp16",
                    "An engine that may compute in FP16."},
                   {"polygraph convert model.onnx -o model.engine --profiling",
                    "An engine whose layers 'polygraph inspect model' can time."}},
  };
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The ONNX model.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->request.model = values.front(); }}};
  OptionGroup output;
  output.options = {{.names = {"-o", "--output"},
                     .metavar = "FILE",
                     .help = "Where to save the engine.",
                     .arity = Arity::one,
                     .completes = Completes::files,
                     .required = true,
                     .apply = [arguments](Values values) { arguments->request.engine = values.front(); }}};
  tool.groups = {std::move(output),
                 {.title = "OpenVINO configuration",
                  .options = options_from_fields<openvino::ConfigOptions>(arguments->request.config)},
                 network_group(*arguments),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [arguments] { return convert(*arguments); };
  return tool;
}

}  // namespace polygraph::cli
