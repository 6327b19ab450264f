#pragma once

#include <polygraph/core/backend.h>

#include <span>

#include "cli/openvino_options.h"
#include "cli/option_fields.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What the command line says of engines of TensorRT and TensorRT-RTX, besides what it says of all engines
/// (`--fp16`, `--layer-precisions`, `--plugins`, ...: see OpenVinoArguments).
struct TrtArguments {
  Settings config;   ///< fields of trt::ConfigOptions
  Settings network;  ///< fields of trt::NetworkOptions
  Settings outputs;  ///< fields of trt::OutputOptions
  Settings tensors;  ///< fields of trt::TensorOptions
  Settings runner;   ///< fields of trt::RunnerOptions; the tool adds them to the request's configuration
  std::filesystem::path load_runtime;  ///< likewise
  using Shapes = std::map<std::string, Shape>;
  std::vector<Shapes> min_shapes;  ///< one for each optimization profile
  std::vector<Shapes> opt_shapes;
  std::vector<Shapes> max_shapes;
  std::optional<ScriptName> network_script;
  std::optional<ScriptName> config_script;
  std::vector<ScriptName> network_postprocess_scripts;
  std::vector<ScriptName> config_postprocess_scripts;
};

/// Whether an option of openvino_config_group is one of TensorRT's configuration, too: `--fp16`.
bool is_shared_option(std::string_view flag);

/// The build configuration: profiles, and the fields of trt::ConfigOptions that no other backend has.
OptionGroup trt_config_group(TrtArguments& arguments);

/// How the network is made, and its outputs.
OptionGroup trt_network_group(TrtArguments& arguments);

/// Functions of one's own that make or change the network or the configuration.
OptionGroup trt_script_group(TrtArguments& arguments);

/// `--load-runtime`.
Option load_runtime_option(std::filesystem::path& runtime);

/// How an engine is run.
OptionGroup trt_runner_group(TrtArguments& arguments);

/// The options about engines that were given, by whose engines they are about.
struct GivenEngineOptions {
  std::vector<std::string> any;
  std::vector<std::string> openvino;  ///< of those, what OpenVINO alone has
  std::vector<std::string> trt;       ///< and TensorRT alone
  std::vector<std::string> running;   ///< about running engines of TensorRT, not about building them
};

/// Notes the use of the groups' options; `given` has to outlive them.
void record_engine_options(std::span<OptionGroup* const> openvino, std::span<OptionGroup* const> trt,
                           GivenEngineOptions& given);

/// Throws UsageError if something that is written besides the engine would overwrite the request's model.
void refuse_to_overwrite_model(const ModelRequest& request);

/// Where --trt-network-script makes the network, throws UsageError if there is a model, too, or if
/// --external-data-dir was given.
void refuse_beside_network_script(const TrtArguments& arguments, const std::filesystem::path& model,
                                  bool has_external_data_dir);

/// The request. Throws UsageError if the shapes of a profile do not go together.
ModelRequest trt_request(const TrtArguments& arguments, const OpenVinoArguments& shared);

}  // namespace polygraph::cli
