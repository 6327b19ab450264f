#include "cli/run_model.h"

#include <fmt/format.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/installed_evaluators.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>
#include <polygraph/reference/runner.h>

#include <map>
#include <utility>

#include "cli/surgeon_edit.h"

namespace polygraph::cli {
namespace {

using SharedModel = std::shared_ptr<const onnx::Model>;

// The model as the command line wants it changed; null if it stays as it is in the file.
SharedModel edited_model(const RunArguments& arguments) {
  if (arguments.model_options.empty()) return nullptr;
  const OnnxLoading& loading = arguments.loading;
  auto model = std::make_shared<onnx::Model>(onnx::load_model(loading.model));
  set_data_folder(loading, *model);
  if (loading.infer_shapes) infer_shapes_of(*model);
  if (loading.selects_outputs()) onnx::passes::modify_outputs(*model, loading.outputs);
  if (loading.fp16) *model = onnx::convert_to_fp16(*model);
  if (arguments.save_onnx) onnx::save_model(*model, *arguments.save_onnx);
  return model;
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

std::unique_ptr<Runner> reference_of(const RunArguments& arguments, const RunnerArgument& argument,
                                     SharedModel model, std::string name) {
  reference::RunnerOptions options;
  for (const auto& [field, value] : argument.settings) {
    if (field == "outputs_in_double")
      options.outputs_in_double = value == "true";
    else if (field == "threads")
      polygraph::detail::parse_option(options.threads, value);
    else
      throw UsageError(fmt::format("--with {}: --reference has no such option.{}", field,
                                   suggest(field, {"outputs_in_double", "threads"})));
  }
  const auto load = [model = std::move(model), path = arguments.loading.model] {
    return model ? *model : onnx::load_model(path);
  };
  return std::make_unique<reference::Runner>(load, onnx::installed_evaluators(), options, std::move(name));
}

std::unique_ptr<Runner> engine_of(const RunArguments& arguments, const RunnerArgument& argument,
                                  SharedModel model, const std::string& name) {
  ModelRequest request;
  if (argument.backend == "openvino")
    request = openvino_request(arguments.openvino);
  else
    request.config = arguments.onnxrt;
  request.model = arguments.loading.model;
  request.in_memory = std::move(model);
  request.config.insert(request.config.end(), argument.settings.begin(), argument.settings.end());
  return load_backend(argument.backend).runner(request, name);
}

std::unique_ptr<Runner> runner_of(const RunArguments& arguments, const RunnerArgument& argument,
                                  SharedModel model, const std::string& name) {
  return argument.backend == "reference" ? reference_of(arguments, argument, std::move(model), name)
                                         : engine_of(arguments, argument, std::move(model), name);
}

}  // namespace

std::vector<std::unique_ptr<Runner>> make_runners(const RunArguments& arguments) {
  std::vector<std::unique_ptr<Runner>> runners;
  if (arguments.runners.empty()) return runners;
  if (arguments.loading.model.empty())
    throw UsageError(fmt::format("--{} needs a model to run.", arguments.runners.front().backend),
                     "Name it: polygraph run model.onnx --" + arguments.runners.front().backend + ".");
  if (EngineFile::recognise(MappedFile(arguments.loading.model, MappedFile::Use::parts).bytes()))
    refuse_for_engine(arguments);
  const SharedModel model = edited_model(arguments);
  std::map<std::string, int> counts;
  for (const RunnerArgument& argument : arguments.runners) {
    const std::string name = fmt::format("{}-runner-N{}", argument.backend, counts[argument.backend]++);
    if (arguments.use_subprocess)
      runners.push_back(std::make_unique<compare::SubprocessRunner>(
          name, [&arguments, argument, model, name] { return runner_of(arguments, argument, model, name); },
          arguments.subprocess_timeout));
    else
      runners.push_back(runner_of(arguments, argument, model, name));
  }
  return runners;
}

}  // namespace polygraph::cli
