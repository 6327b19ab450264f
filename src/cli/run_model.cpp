#include "cli/run_model.h"

#include <fmt/format.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/installed_evaluators.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/reference/runner.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/calibration_options.h"
#include "cli/plan_file.h"
#include "core/option_text.h"
#include "onnx/held_model.h"

namespace polygraph::cli {
namespace {

using SharedModel = std::shared_ptr<const onnx::Model>;

bool is_trt(std::string_view backend) {
  return backend == "trt" || backend == "trt-rtx";
}

// Checked before anything is built. One file can hold one engine.
void check_save_engine(const RunArguments& arguments) {
  if (!arguments.save_engine) return;
  const auto count = std::count_if(arguments.runners.begin(), arguments.runners.end(),
                                   [](const RunnerArgument& runner) { return is_trt(runner.backend); });
  if (count != 1)
    throw UsageError(
        fmt::format("--save-engine saves the engine of one --trt or --trt-rtx, and there are {}.", count),
        "Build engines one by one: polygraph convert model.onnx --convert-to trt -o model.plan.");
}

// A field of the configuration for all runners, or for one of them alone.
void check_calibrator(const RunArguments& arguments) {
  if (arguments.calibrator.empty()) return;
  ModelRequest common;
  common.config = arguments.trt.config;
  for (const RunnerArgument& runner : arguments.runners) {
    ModelRequest request = common;
    request.config.insert(request.config.end(), runner.settings.begin(), runner.settings.end());
    if (is_trt(runner.backend) && asks_for_int8(request)) return;
  }
  throw UsageError("Options of calibration are given, and no --trt is to compute in INT8.",
                   "Give --int8, or leave --calibration-cache and the like out.");
}

void refuse_for_engine(const RunArguments& arguments) {
  if (!arguments.model_options.empty())
    throw UsageError(fmt::format("{} is about ONNX models, and '{}' is an engine.",
                                 arguments.model_options.front(), arguments.loading.model.string()),
                     "Give the ONNX model that it was made from.");
  for (const RunnerArgument& runner : arguments.runners)
    if (runner.backend != "openvino")
      throw UsageError(
          fmt::format("--{} runs ONNX models, and '{}' is an engine.", runner.backend,
                      arguments.loading.model.string()),
          "Run the engine with --openvino, and compare with outputs of the model that were saved "
          "(--save-outputs, --load-outputs).");
}

// Plugins are needed for loading an engine as for building it.
std::vector<std::string> options_of_building(const RunArguments& arguments) {
  std::vector<std::string> given = arguments.engine_options.any;
  std::erase(given, "--plugins");
  return given;
}

// A plan runs with TensorRT alone.
void refuse_plan_for_others(const RunArguments& arguments) {
  if (!is_plan(MappedFile(arguments.loading.model, MappedFile::Use::parts).bytes())) return;
  if (!arguments.model_options.empty())
    throw UsageError(fmt::format("{} is about ONNX models, and '{}' is an engine.",
                                 arguments.model_options.front(), arguments.loading.model.string()),
                     "Give the ONNX model that it was made from.");
  if (const std::vector<std::string> building = options_of_building(arguments); !building.empty())
    throw UsageError(fmt::format("{} is about building an engine, and '{}' is one.", building.front(),
                                 arguments.loading.model.string()),
                     "Leave it out, or give the ONNX model that the engine was made from.");
  for (const RunnerArgument& runner : arguments.runners)
    if (!is_trt(runner.backend))
      throw UsageError(
          fmt::format("--{} runs ONNX models, and '{}' is an engine of TensorRT.", runner.backend,
                      arguments.loading.model.string()),
          "Run the engine with --trt or --trt-rtx, and compare with outputs of the model that were "
          "saved (--save-outputs, --load-outputs).");
}

// All runners run the network of a script.
void refuse_model_beside_script(const RunArguments& arguments) {
  check_save_engine(arguments);
  if (!arguments.loading.model.empty())
    throw UsageError(
        fmt::format("The model '{}' has no use: --trt-network-script makes the network of every runner.",
                    arguments.loading.model.string()),
        "Leave it out, name another runner to compare with, or change the model's network with "
        "--trt-network-postprocess-script.");
  if (!arguments.model_options.empty())
    throw UsageError(
        fmt::format("{} is about ONNX models, and none is run.", arguments.model_options.front()),
        "Leave it out.");
}

std::unique_ptr<Runner> reference_of(const RunArguments& arguments, const RunnerArgument& argument,
                                     SharedModel model, std::string name) {
  reference::RunnerOptions options;
  for (const auto& [field, value] : argument.settings) set_option(options, field, value);
  Source<onnx::Model> load = onnx::OnnxFromPath(arguments.loading.model);
  if (model) load = onnx::HeldModel{std::move(model), changed_model_name};
  return std::make_unique<reference::Runner>(std::move(load), onnx::installed_evaluators(), options,
                                             std::move(name));
}

std::unique_ptr<Runner> engine_of(const RunArguments& arguments, const RunnerArgument& argument,
                                  SharedModel model, const std::string& name) {
  ModelRequest request;
  if (argument.backend == "openvino") {
    request = openvino_request(arguments.openvino);
  } else if (is_trt(argument.backend)) {
    request = trt_request(arguments.trt, arguments.openvino);
    request.config.insert(request.config.end(), arguments.trt.runner.begin(), arguments.trt.runner.end());
    request.load_runtime = arguments.trt.load_runtime;
    if (arguments.save_engine) request.engine = *arguments.save_engine;
  } else {
    request.config = arguments.onnxrt;
  }
  request.time_layers = arguments.layer_times;
  request.model = arguments.loading.model;
  refuse_to_overwrite_model(request);
  request.in_memory = std::move(model);
  request.in_memory_name = changed_model_name;
  request.config.insert(request.config.end(), argument.settings.begin(), argument.settings.end());
  if (is_trt(argument.backend) && asks_for_int8(request))
    add_calibration(request, arguments.calibrator, arguments.inputs, false);
  return load_backend(argument.backend).runner(request, name);
}

std::unique_ptr<Runner> runner_of(const RunArguments& arguments, const RunnerArgument& argument,
                                  SharedModel model, const std::string& name) {
  return argument.backend == "reference" ? reference_of(arguments, argument, std::move(model), name)
                                         : engine_of(arguments, argument, std::move(model), name);
}

}  // namespace

std::optional<Source<onnx::Model>> changed_model(const RunArguments& arguments) {
  if (arguments.runners.empty()) return std::nullopt;
  const auto needing = std::ranges::find_if(arguments.runners, [&](const RunnerArgument& runner) {
    return !is_trt(runner.backend) || !arguments.trt.network_script;
  });
  if (needing == arguments.runners.end()) {
    refuse_model_beside_script(arguments);
    return std::nullopt;
  }
  if (arguments.loading.model.empty())
    throw UsageError(fmt::format("--{} needs a model to run.", needing->backend),
                     "Name it: polygraph run model.onnx --" + needing->backend + ".");
  if (EngineFile::recognise(MappedFile(arguments.loading.model, MappedFile::Use::parts).bytes()))
    refuse_for_engine(arguments);
  check_save_engine(arguments);
  check_calibrator(arguments);
  refuse_plan_for_others(arguments);
  if (arguments.model_options.empty()) return std::nullopt;
  const OnnxLoading& loading = arguments.loading;
  Source<onnx::Model> model =
      onnx::OnnxFromPath(loading.model, {.external_data_dir = loading.external_data_dir.value_or("").string(),
                                         .ignore_external_data = loading.ignore_external_data});
  if (loading.infer_shapes) model = onnx::InferShapes(std::move(model));
  if (loading.selects_outputs())
    model = onnx::ModifyOutputs(std::move(model), {.outputs = loading.outputs.outputs,
                                                   .exclude_outputs = loading.outputs.exclude,
                                                   .mark_types = loading.outputs.op_types});
  if (loading.fp16) model = onnx::ConvertToFp16(std::move(model));
  if (arguments.save_onnx) model = onnx::SaveOnnx(std::move(model), *arguments.save_onnx);
  return model;
}

std::vector<std::unique_ptr<Runner>> make_runners(const RunArguments& arguments, const SharedModel& model) {
  std::vector<std::unique_ptr<Runner>> runners;
  std::map<std::string, int> counts;
  for (const RunnerArgument& argument : arguments.runners) {
    const std::string name = fmt::format("{}-runner-N{}", argument.backend, counts[argument.backend]++);
    if (arguments.use_subprocess)
      runners.push_back(std::make_unique<compare::SubprocessRunner>(
          // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): a unique_ptr has it
          name, [&arguments, argument, model, name] { return runner_of(arguments, argument, model, name); },
          arguments.subprocess_timeout));
    else
      runners.push_back(runner_of(arguments, argument, model, name));
  }
  return runners;
}

}  // namespace polygraph::cli
