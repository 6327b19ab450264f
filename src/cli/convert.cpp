#include <fmt/format.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "cli/calibration_options.h"
#include "cli/convert_onnx.h"
#include "cli/json_output.h"
#include "cli/onnx_options.h"
#include "cli/openvino_options.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "cli/trt_options.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

constexpr const char* onnx_target = "onnx";
constexpr const char* openvino_target = "openvino";
constexpr const char* trt_target = "trt";
constexpr const char* trt_rtx_target = "trt-rtx";
// Pictures of networks, which ONNX viewers show.
constexpr const char* trt_picture = "onnx-like-trt-network";
constexpr const char* trt_rtx_picture = "onnx-like-trt-rtx-network";

struct Arguments {
  OpenVinoArguments engine;
  TrtArguments trt;
  Settings calibrator;
  InputArguments calibration_data;
  std::vector<std::string> calibration;  // options about it that were given
  OnnxConversion onnx;
  std::filesystem::path output;
  std::string target;  // empty: by the name of the output
  GivenEngineOptions given;
  std::vector<std::string> given_config;  // those that a network alone has no use for
};

// What is wrong with the place for the engine is said before the build, which may take long.
void check_engine_file(const ModelRequest& request) {
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

// Those that change the model: where its external data is, engines are told, too.
std::vector<std::string> options_of_models(const Arguments& arguments) {
  std::vector<std::string> given = arguments.onnx.given;
  std::erase(given, "--external-data-dir");
  return given;
}

void refuse_options(const std::vector<std::string>& given, const std::string& what, std::string remedy) {
  if (given.empty()) return;
  throw UsageError(given.front() + " is about " + what + ", and that is not what is converted to.",
                   std::move(remedy));
}

// There is one thing to convert: a model, or with TensorRT a network of one's own.
void check_source(const Arguments& arguments) {
  const OnnxLoading& loading = arguments.onnx.loading;
  refuse_beside_network_script(arguments.trt, loading.model, loading.external_data_dir.has_value());
}

ExitCode draw_network(const Arguments& arguments, const std::string& target) {
  const std::string remedy = "Leave it out: what is saved is the network, before anything is built.";
  refuse_options(options_of_models(arguments), "ONNX models", remedy);
  refuse_options(arguments.given.openvino, "engines of OpenVINO", remedy);
  refuse_options(arguments.given_config, "building engines", remedy);
  check_source(arguments);
  ModelRequest request = trt_request(arguments.trt, arguments.engine);
  request.model = arguments.onnx.loading.model;
  refuse_model("--output", arguments.output.string(), request.model);
  refuse_to_overwrite_model(request);
  request.in_memory = model_with_data_folder(arguments.onnx.loading);
  const Backend& backend = load_backend(target == trt_picture ? trt_target : trt_rtx_target);
  onnx::save_model(*backend.network(request), arguments.output);
  log_info("Saved a picture of the network to '{}': ONNX viewers show it, nothing can run it",
           arguments.output.string());
  return ExitCode::passed;
}

ExitCode build_engine(Arguments& arguments, const std::string& target) {
  refuse_options(
      options_of_models(arguments), "ONNX models",
      "Convert in two steps: to a model whose name ends in '.onnx' first, then that to an engine.");
  const bool openvino = target == openvino_target;
  refuse_options(openvino ? arguments.given.trt : arguments.given.openvino,
                 openvino ? "engines of TensorRT" : "engines of OpenVINO",
                 openvino ? "Say --convert-to trt or --convert-to trt-rtx for such an engine."
                          : "Say --convert-to openvino for such an engine.");
  check_source(arguments);
  ModelRequest request =
      openvino ? openvino_request(arguments.engine) : trt_request(arguments.trt, arguments.engine);
  if (asks_for_int8(request)) {
    check_inputs(arguments.calibration_data);
    add_calibration(request, arguments.calibrator, arguments.calibration_data, true);
  } else if (!arguments.calibration.empty()) {
    throw UsageError(arguments.calibration.front() + " is about calibration, which is for INT8.",
                     "Give --int8, or leave it out.");
  }
  request.model = arguments.onnx.loading.model;
  request.engine = arguments.output;
  check_engine_file(request);
  refuse_to_overwrite_model(request);
  request.in_memory = model_with_data_folder(arguments.onnx.loading);
  load_backend(target).build(request);
  return ExitCode::passed;
}

// The shapes are those of the optimization profile.
OptionGroup calibration_data_group(InputArguments& arguments) {
  OptionGroup group = inputs_group(arguments);
  group.title = "TensorRT calibration data";
  std::erase_if(group.options, [](const Option& option) { return option.name() == "--input-shapes"; });
  return group;
}

ExitCode convert_model(Session& session, Arguments& arguments) {
  refuse_options(arguments.given.any, "engines",
                 "For an engine, give the output a name that ends in '.engine'. A model's own types are "
                 "changed by --fp-to-fp16 and --fp-to-bf16, its outputs by --onnx-outputs.");
  arguments.onnx.saving.output = arguments.output;
  return convert_to_onnx(session, arguments.onnx);
}

bool is_model_name(const std::filesystem::path& path) {
  return path.extension() == ".onnx" || path.extension() == ".onnxtxt";
}

ExitCode convert(Session& session, Arguments& arguments) {
  const std::string by_name = is_model_name(arguments.output)           ? onnx_target
                              : arguments.output.extension() == ".plan" ? trt_target
                                                                        : openvino_target;
  const std::string& target = arguments.target.empty() ? by_name : arguments.target;
  if (target == trt_picture || target == trt_rtx_picture) return draw_network(arguments, target);
  if (target != onnx_target && by_name == onnx_target)
    throw UsageError("Cannot convert to '" + arguments.output.string() +
                         "': the result is an engine, and that is the name of a model.",
                     "Give the engine a name that ends in '.engine'.");
  return target == onnx_target ? convert_model(session, arguments) : build_engine(arguments, target);
}

}  // namespace

Tool convert_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "convert",
      .summary = "Turn an ONNX model into an engine, or into another ONNX model.",
      .description =
          "The name of the output says which: a model ends in '.onnx', an engine of TensorRT in '.plan', "
          "anything "
          "else is an engine of OpenVINO, for this machine's processor; --convert-to says it, too. FP32 is "
          "always allowed; --fp16 and --bf16 allow "
          "narrower "
          "types, which run only where the processor computes in them. The log says what runs.",
      .examples = {{"polygraph convert model.onnx -o model.engine --fp16",
                    "An engine that may compute in FP16."},
                   {"polygraph convert model.onnx -o model.engine --profiling",
                    "An engine whose layers 'polygraph inspect model' can time."},
                   {"polygraph convert --trt-network-script network.cpp -o network.plan",
                    "An engine of TensorRT, of a network that is made in C++."},
                   {"polygraph convert model.onnx -o small.onnx --fp-to-fp16",
                    "A model with weights of half the size."},
                   {"polygraph convert model.onnx -o model.onnx --save-external-data",
                    "The weights in a file of their own."}},
  };
  Option model = model_argument(arguments->onnx.loading);
  model.replaced_by = "--trt-network-script";
  model.help = "The ONNX model; none with --trt-network-script.";
  tool.positionals = {std::move(model)};
  OptionGroup output;
  output.options = {{.names = {"-o", "--output"},
                     .metavar = "FILE",
                     .help = "Where to save the engine or model.",
                     .arity = Arity::one,
                     .completes = Completes::files,
                     .required = true,
                     .apply = [arguments](Values values) { arguments->output = values.front(); }},
                    {.names = {"--convert-to"},
                     .metavar = "KIND",
                     .help = "What to convert to, if the output's name is not to decide.",
                     .arity = Arity::one,
                     .choices = {{onnx_target, "An ONNX model."},
                                 {openvino_target, "An engine of OpenVINO."},
                                 {trt_target, "An engine of TensorRT (a plan)."},
                                 {trt_rtx_target, "An engine of TensorRT-RTX (a plan)."},
                                 {trt_picture, "A picture of TensorRT's network for ONNX viewers."},
                                 {trt_rtx_picture, "The same of TensorRT-RTX's."}},
                     .apply = [arguments](Values values) { arguments->target = values.front(); }}};
  OptionGroup configuration = openvino_config_group(arguments->engine);
  OptionGroup network = openvino_network_group(arguments->engine);
  OptionGroup trt_configuration = trt_config_group(arguments->trt);
  OptionGroup trt_network = trt_network_group(arguments->trt);
  OptionGroup trt_scripts = trt_script_group(arguments->trt);
  record_use(configuration, arguments->given_config);
  record_use(trt_configuration, arguments->given_config);
  for (Option& option : trt_scripts.options) {
    if (!option.names.front().starts_with("--trt-config")) continue;
    OptionGroup single;
    single.options.push_back(std::move(option));
    record_use(single, arguments->given_config);
    option = std::move(single.options.front());
  }
  OptionGroup* const of_openvino[] = {&configuration, &network};
  OptionGroup calibration = calibration_group(arguments->calibrator);
  OptionGroup calibration_data = calibration_data_group(arguments->calibration_data);
  for (OptionGroup* group : {&calibration, &calibration_data}) {
    record_use(*group, arguments->calibration);
    record_use(*group, arguments->given_config);
  }
  OptionGroup* const of_trt[] = {&trt_configuration, &trt_network, &trt_scripts, &calibration,
                                 &calibration_data};
  record_engine_options(of_openvino, of_trt, arguments->given);
  tool.groups = {
      std::move(output),      std::move(configuration), std::move(network),     std::move(trt_configuration),
      std::move(trt_network), std::move(trt_scripts),   std::move(calibration), std::move(calibration_data)};
  for (OptionGroup& group : onnx_conversion_groups(arguments->onnx)) tool.groups.push_back(std::move(group));
  tool.groups.push_back(logging_group(session.logging));
  tool.long_running = true;
  tool.run = [&session, arguments] { return convert(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
