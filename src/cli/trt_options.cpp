#include "cli/trt_options.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/config_options.h>
#include <polygraph/trt/runner_options.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "cli/json_output.h"
#include "cli/metadata_text.h"
#include "cli/onnx_options.h"

namespace polygraph::cli {
namespace {

// Fields that OpenVINO's options have, too: one flag sets both.
constexpr std::string_view shared_fields[] = {"tf32", "fp16", "bf16"};

bool is_shared(std::string_view field) {
  return std::find(std::begin(shared_fields), std::end(shared_fields), field) != std::end(shared_fields);
}

// A list that can be left empty: none of it, which is said as 'none' elsewhere.
void allow_no_values(Option& option, std::string field, Settings& settings) {
  option.arity = Arity::zero_or_more;
  option.apply = [apply = std::move(option.apply), field = std::move(field), &settings](Values values) {
    if (values.empty()) settings.emplace_back(field, "none");
    apply(values);
  };
}

Option profile_option(const std::string& which, std::string help, std::vector<TrtArguments::Shapes>& shapes) {
  return {.names = {"--trt-" + which + "-shapes"},
          .metavar = "INPUT:[SHAPE]",
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .apply = [&shapes](Values values) {
            TrtArguments::Shapes& profile = shapes.emplace_back();
            for (const std::string& value : values) {
              const auto [name, shape] = parse_named_shape(value);
              profile[name] = shape.with_defaults();
            }
          }};
}

Option script_option(std::vector<std::string> names, std::string help, std::string default_name,
                     std::function<void(ScriptName)> apply) {
  return {.names = std::move(names),
          .metavar = "FILE[:NAME]",
          .help = std::move(help),
          .arity = Arity::one,
          .completes = Completes::files,
          .apply = [default_name = std::move(default_name), apply = std::move(apply)](Values values) {
            apply(ScriptName::parse(values.front(), default_name));
          }};
}

}  // namespace

bool is_shared_option(std::string_view flag) {
  return flag.starts_with("--") && is_shared(flag.substr(2));
}

OptionGroup trt_config_group(TrtArguments& arguments) {
  OptionGroup group{
      .title = "TensorRT configuration",
      .description =
          "For TensorRT and TensorRT-RTX, besides --tf32, --fp16 and --bf16. A version that lacks an "
          "option says so."};
  for (Option& option : options_from_fields<trt::ConfigOptions>(arguments.config)) {
    std::string field = option.names.front().substr(2);
    std::replace(field.begin(), field.end(), '-', '_');
    if (field == "memory_pool_limits") option.names.insert(option.names.end(), {"--pool-limit"});
    if (field == "tactic_sources" || field == "preview_features" || field == "quantization_flags")
      allow_no_values(option, field, arguments.config);
    if (field.ends_with("_tactics"))
      option.names.push_back(option.names.front().substr(0, 6) + "-tactic-replay");
    if (!is_shared(field)) group.options.push_back(std::move(option));
  }
  group.options.push_back(profile_option(
      "min", "The smallest shapes of the inputs; given again, those of a further optimization profile.",
      arguments.min_shapes));
  group.options.push_back(profile_option("opt", "The shapes to tune for, likewise.", arguments.opt_shapes));
  group.options.push_back(profile_option("max", "The largest shapes, likewise.", arguments.max_shapes));
  return group;
}

OptionGroup trt_network_group(TrtArguments& arguments) {
  OptionGroup group{.title = "TensorRT network"};
  for (Option& option : options_from_fields<trt::NetworkOptions>(arguments.network))
    group.options.push_back(std::move(option));
  const std::pair<std::string, std::string> flags[] = {{"--outputs", "--trt-outputs"},
                                                       {"--exclude-outputs", "--trt-exclude-outputs"},
                                                       {"--mark-layer-types", "--trt-outputs-by-type"}};
  for (Option& option : options_from_fields<trt::OutputOptions>(arguments.outputs)) {
    for (const auto& [field_flag, flag] : flags)
      if (option.names.front() == field_flag) option.names = {flag};
    group.options.push_back(std::move(option));
  }
  for (Option& option : options_from_fields<trt::TensorOptions>(arguments.tensors)) {
    const std::string& flag = option.names.front();
    if (flag.ends_with("-dtypes"))
      option.names.insert(option.names.begin(), flag.substr(0, flag.size() - 6) + "datatypes");
    group.options.push_back(std::move(option));
  }
  return group;
}

OptionGroup trt_script_group(TrtArguments& arguments) {
  OptionGroup group{.title = "TensorRT scripts",
                    .description =
                        "C++ source, compiled when it is used, or shared libraries made of it; `polygraph "
                        "template trt-network` and `trt-config` write files to start from."};
  group.options = {
      script_option({"--trt-network-script"}, "The network, from a function of one's own; no model then.",
                    "load_network",
                    [&arguments](ScriptName script) { arguments.network_script = std::move(script); }),
      script_option({"--trt-network-postprocess-script", "--trt-npps"},
                    "Change the network by a function of one's own, before outputs and precisions are set.",
                    "postprocess",
                    [&arguments](ScriptName script) {
                      arguments.network_postprocess_scripts.push_back(std::move(script));
                    }),
      script_option({"--trt-config-script"},
                    "The configuration, from a function of one's own, in place of all other options of it.",
                    "load_config",
                    [&arguments](ScriptName script) { arguments.config_script = std::move(script); }),
      script_option(
          {"--trt-config-postprocess-script", "--trt-cpps"},
          "Change TensorRT's own configuration by a function of one's own, after all options are set.",
          "postprocess_config", [&arguments](ScriptName script) {
            arguments.config_postprocess_scripts.push_back(std::move(script));
          })};
  for (const std::size_t several : {1U, 3U}) group.options[several].repeat = Repeat::each;
  return group;
}

Option load_runtime_option(std::filesystem::path& runtime) {
  return {.names = {"--load-runtime"},
          .metavar = "FILE",
          .help =
              "The lean runtime (libnvinfer_lean.so) to load the engine with: for version-compatible engines "
              "of another version of TensorRT that have none of their own.",
          .arity = Arity::one,
          .completes = Completes::files,
          .apply = [&runtime](Values values) { runtime = values.front(); }};
}

OptionGroup trt_runner_group(TrtArguments& arguments) {
  OptionGroup group{.title = "TensorRT runner"};
  for (Option& option : options_from_fields<trt::RunnerOptions>(arguments.runner)) {
    for (const char* name : {"wait", "time-layers"})
      if (option.names.front() == fmt::format("--{}", name)) option.names = {fmt::format("--trt-{}", name)};
    group.options.push_back(std::move(option));
  }
  group.options.push_back(load_runtime_option(arguments.load_runtime));
  return group;
}

void record_engine_options(std::span<OptionGroup* const> openvino, std::span<OptionGroup* const> trt,
                           GivenEngineOptions& given) {
  constexpr std::string_view for_both[] = {"--tf32", "--fp16", "--bf16", "--layer-precisions", "--plugins"};
  const auto record = [&](OptionGroup& group, std::vector<std::string>& of_one) {
    for (Option& option : group.options) {
      const bool is_for_both = std::ranges::find(for_both, option.names.front()) != std::end(for_both);
      OptionGroup single;
      single.options.push_back(std::move(option));
      record_use(single, given.any);
      if (!is_for_both) record_use(single, of_one);
      option = std::move(single.options.front());
    }
  };
  for (OptionGroup* group : openvino) record(*group, given.openvino);
  for (OptionGroup* group : trt) record(*group, given.trt);
}

void refuse_to_overwrite_model(const ModelRequest& request) {
  for (const auto& [field, value] : request.network)
    if (field == "dump_failing_subgraph") refuse_model("--dump-failing-subgraph", value, request.model);
  for (const auto& [field, value] : request.config) {
    if (field == "save_tactics") refuse_model("--save-tactics", value, request.model);
    if (field == "save_timing_cache") refuse_model("--save-timing-cache", value, request.model);
  }
}

void refuse_beside_network_script(const TrtArguments& arguments, const std::filesystem::path& model,
                                  bool has_external_data_dir) {
  if (!arguments.network_script) return;
  if (!model.empty())
    throw UsageError(
        fmt::format("The model '{}' has no use: --trt-network-script makes the network.", model.string()),
        "Leave it out, or change its network with --trt-network-postprocess-script.");
  if (has_external_data_dir)
    throw UsageError("--external-data-dir is about ONNX models, and --trt-network-script makes the network.",
                     "Leave it out.");
}

ModelRequest trt_request(const TrtArguments& arguments, const OpenVinoArguments& shared) {
  ModelRequest request;
  for (const auto& setting : shared.request.config)
    if (is_shared(setting.first)) request.config.push_back(setting);
  request.config.insert(request.config.end(), arguments.config.begin(), arguments.config.end());
  request.network = arguments.network;
  request.tensors = arguments.tensors;
  request.plugins = shared.request.plugins;
  request.layer_precisions = shared.request.layer_precisions;
  request.network_script = arguments.network_script;
  request.config_script = arguments.config_script;
  request.network_postprocess_scripts = arguments.network_postprocess_scripts;
  request.config_postprocess_scripts = arguments.config_postprocess_scripts;
  for (const auto& [field, value] : arguments.outputs) {
    if (field == "outputs") request.outputs.push_back(value);
    if (field == "exclude_outputs") request.exclude_outputs.push_back(value);
    if (field == "mark_layer_types") request.mark_layer_types.push_back(value);
  }

  const std::size_t count = arguments.opt_shapes.size();
  if (arguments.min_shapes.size() != count || arguments.max_shapes.size() != count)
    throw UsageError(
        fmt::format("There are {} --trt-min-shapes, {} --trt-opt-shapes and {} --trt-max-shapes.",
                    arguments.min_shapes.size(), count, arguments.max_shapes.size()),
        "Give all three once for each optimization profile.");
  for (std::size_t i = 0; i < count; ++i) {
    auto& profile = request.profiles.emplace_back();
    const TrtArguments::Shapes& min = arguments.min_shapes[i];
    const TrtArguments::Shapes& max = arguments.max_shapes[i];
    for (const auto& [input, opt] : arguments.opt_shapes[i]) {
      if (!min.contains(input) || !max.contains(input))
        throw UsageError(fmt::format("The input '{}' of optimization profile {} is not in all of "
                                     "--trt-min-shapes, --trt-opt-shapes and --trt-max-shapes.",
                                     input, i),
                         "Name the same inputs in all three.");
      profile[input] = {min.at(input), opt, max.at(input)};
    }
    if (min.size() != profile.size() || max.size() != profile.size())
      throw UsageError(fmt::format("The shapes of optimization profile {} do not name the same inputs.", i),
                       "Name the same inputs in --trt-min-shapes, --trt-opt-shapes and --trt-max-shapes.");
  }
  return request;
}

}  // namespace polygraph::cli
