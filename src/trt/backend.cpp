#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/trt/describe.h>
#include <polygraph/trt/loaders.h>
#include <polygraph/trt/runner.h>
#include <polygraph/trt/script.h>

#include "core/option_text.h"
#include "core/plan.h"
#include "onnx/held_model.h"
#include "trt/capability.h"
#include "trt/versions/names.h"

namespace polygraph::trt {

namespace {

bool is_of_runner(std::string_view name) {
  bool found = false;
  for_each_field<RunnerOptions>([&](const auto& field) { found = found || field.name == name; });
  return found;
}

RunnerOptions runner_options_of(const ModelRequest& request) {
  RunnerOptions options;
  for (const auto& [name, text] : request.config)
    if (is_of_runner(name)) set_option(options, name, text);
  return options;
}

std::optional<Calibrator> calibrator_of(const ModelRequest& request, bool int8) {
  if (!int8 || !request.calibration_data) return std::nullopt;
  CalibratorOptions options;
  for (const auto& [name, text] : request.calibrator) set_option(options, name, text);
  return Calibrator(request.calibration_data, std::move(options), request.calibration_data_name);
}

// What a script gives, no option is to say, too.
void refuse_beside_script(const ScriptName& script, std::string_view option, std::string_view what) {
  throw UsageError(fmt::format("The option {} has no use: the {} comes from the script '{}'.", option, what,
                               script.file.string()),
                   "Leave it out, and say it in the script.");
}

Source<Config> base_config_of(const ModelRequest& request) {
  if (request.config_script) {
    for (const auto& [name, text] : request.config)
      if (!is_of_runner(name)) refuse_beside_script(*request.config_script, name, "configuration");
    if (!request.profiles.empty()) refuse_beside_script(*request.config_script, "profiles", "configuration");
    return ConfigFromScript(*request.config_script);
  }
  ConfigOptions options;
  for (const auto& [name, text] : request.config)
    if (!is_of_runner(name)) set_option(options, name, text);
  std::vector<Profile> profiles;
  for (const auto& ranges : request.profiles) {
    Profile& profile = profiles.emplace_back();
    for (const auto& [input, range] : ranges) profile.add(input, range.min, range.opt, range.max);
  }
  std::optional<Calibrator> calibrator = calibrator_of(request, options.int8);
  return CreateConfig(std::move(options), std::move(profiles), std::move(calibrator));
}

Source<Config> config_of(const ModelRequest& request) {
  Source<Config> config = base_config_of(request);
  for (const ScriptName& script : request.config_postprocess_scripts)
    config = PostprocessConfig(std::move(config), config_postprocess_from_script(script),
                               fmt::format("config_postprocess_from_script({})", cpp_literal(script)));
  return config;
}

Source<Library> library_with(const std::vector<std::filesystem::path>& plugins) {
  return plugins.empty() ? Source<Library>(LoadLibrary()) : Source<Library>(LoadPlugins(plugins));
}

Source<Library> library_of(const ModelRequest& request) {
  return library_with({request.plugins.begin(), request.plugins.end()});
}

// What loads an engine. The libraries of a network that is built have been loaded for the network already.
Source<Runtime> runtime_of(const ModelRequest& request, bool is_saved) {
  if (is_saved && !request.plugins.empty()) return LoadRuntime(request.load_runtime, library_of(request));
  return LoadRuntime(request.load_runtime);
}

NetworkOptions network_options_of(const ModelRequest& request) {
  NetworkOptions options;
  for (const auto& [name, text] : request.network) set_option(options, name, text);
  return options;
}

Source<Network> base_network_of(const ModelRequest& request) {
  const Source<Library> library = library_of(request);
  if (request.network_script) {
    if (!request.network.empty())
      refuse_beside_script(*request.network_script, request.network.front().first, "network");
    return NetworkFromScript(*request.network_script, library);
  }
  const NetworkOptions options = network_options_of(request);
  if (request.in_memory)
    return NetworkFromOnnxModel(onnx::HeldModel{request.in_memory, request.in_memory_name}, options, library);
  return NetworkFromOnnxPath(request.model, options, library);
}

TensorOptions tensor_options_of(const ModelRequest& request) {
  TensorOptions options;
  for (const auto& [name, text] : request.tensors) set_option(options, name, text);
  const auto refuse_both = [](bool some, bool all, std::string_view name) {
    if (some && all)
      throw UsageError(fmt::format("tensor_{0} and all_tensor_{0} do not go together.", name),
                       "Say it of some tensors, or of all.");
  };
  refuse_both(!options.tensor_dtypes.values.empty(), options.all_tensor_dtypes.has_value(), "dtypes");
  refuse_both(!options.tensor_formats.values.empty(), !options.all_tensor_formats.empty(), "formats");
  if (options.all_tensor_dtypes) options.tensor_dtypes.values["*"] = {*options.all_tensor_dtypes};
  if (!options.all_tensor_formats.empty()) options.tensor_formats.values["*"] = options.all_tensor_formats;
  return options;
}

DataType type_named(const std::string& tensor, const std::vector<std::string>& names) {
  const auto type = names.size() == 1 ? parse_data_type(names.front()) : std::nullopt;
  if (!type)
    throw UsageError(fmt::format("tensor_dtypes: '{}' of '{}' is no type.", fmt::join(names, ","), tensor),
                     "Name one, e.g. float32, float16, int32 or int8.");
  return *type;
}

nvinfer1::TensorFormat format_named(const std::string& tensor, const std::string& name) {
  if (const auto format = named_value(tensor_formats(), name)) return *format;
  std::vector<std::string> names;
  for (const auto& format : tensor_formats()) names.emplace_back(format.name);
  throw UsageError(
      fmt::format("tensor_formats: '{}' of '{}' is no format.{}", name, tensor, suggest(name, names)));
}

Source<Network> with_tensor_options(Source<Network> network, const ModelRequest& request) {
  const TensorOptions options = tensor_options_of(request);
  if (options.decomposable_attentions) network = SetDecomposableAttentions(std::move(network));
  std::map<std::string, DataType> types;
  for (const auto& [tensor, names] : options.tensor_dtypes.values) types[tensor] = type_named(tensor, names);
  if (!types.empty()) network = SetTensorDatatypes(std::move(network), std::move(types));
  std::map<std::string, std::vector<nvinfer1::TensorFormat>> formats;
  for (const auto& [tensor, names] : options.tensor_formats.values)
    for (const std::string& name : names) formats[tensor].push_back(format_named(tensor, name));
  if (!formats.empty()) network = SetTensorFormats(std::move(network), std::move(formats));
  if (!options.mark_debug.empty()) network = MarkDebug(std::move(network), options.mark_debug);
  return network;
}

Source<Network> network_of(const ModelRequest& request) {
  Source<Network> network = base_network_of(request);
  for (const ScriptName& script : request.network_postprocess_scripts)
    network = PostprocessNetwork(std::move(network), network_postprocess_from_script(script),
                                 fmt::format("network_postprocess_from_script({})", cpp_literal(script)));
  const OutputOptions outputs{request.outputs, request.exclude_outputs, request.mark_layer_types};
  if (!(outputs == OutputOptions{})) network = ModifyNetworkOutputs(std::move(network), outputs);
  if (auto precisions =
          parse_layer_precisions(request.layer_precisions, "'float32', 'float16' or 'bfloat16'");
      !precisions.empty())
    network = SetLayerPrecisions(std::move(network), std::move(precisions));
  return with_tensor_options(std::move(network), request);
}

// A plan is as it was built.
void refuse_for_plan(const ModelRequest& request) {
  std::string given;
  if (!request.network.empty()) given = request.network.front().first;
  if (!request.tensors.empty()) given = request.tensors.front().first;
  if (!request.config_postprocess_scripts.empty()) given = "config_postprocess_script";
  if (request.config_script) given = "config_script";
  if (!request.network_postprocess_scripts.empty()) given = "network_postprocess_script";
  if (given.empty()) return;
  throw UsageError(fmt::format("The option {} has no use: '{}' is an engine, and as it was built.", given,
                               request.model.string()),
                   "Give the ONNX model that it was made from.");
}

void save(const Bytes& plan, const std::filesystem::path& path) {
  AtomicFile file(path);
  file.write(plan.span());
  file.commit();
}

class TensorRtBackend final : public Backend {
 public:
  std::string_view name() const override { return flavour_name; }
  std::string version() const override {
    try {
      return Library().version();
    } catch (const BackendError&) {
      return "(not installed)";
    }
  }
  std::filesystem::path library() const override { return Library().path(); }

  // The plan is saved as it is built: whether it can be loaded here does not matter.
  EngineInfo build(const ModelRequest& request) const override {
    const Source<Config> config = config_of(request);
    const Library library;
    save(engine_bytes_from_network(network_of(request), config), request.engine);
    EngineInfo info;
    info.backend = flavour_name;
    info.backend_version = library.version();
    info.device = "GPU";
    info.model_name = request.model.filename().string();
    return info;
  }

  std::shared_ptr<const onnx::Model> network(const ModelRequest& request) const override {
    return std::make_shared<const onnx::Model>(onnx_like_from_network(network_of(request)));
  }

  Capability capability(const ModelRequest& request, bool partition) const override {
    // Our own reader finds damage, and says where.
    return capability_of(request.in_memory ? *request.in_memory : onnx::load_model(request.model),
                         network_options_of(request), library_of(request).get(), partition);
  }

  EngineDescription describe(const DescriptionRequest& request) const override {
    return describe_engine(
        engine_from_path(request.engine, LoadRuntime(request.runtime, library_with(request.plugins))));
  }

  std::vector<double> measure_layers(const std::filesystem::path& engine, int) const override {
    throw BackendError(
        fmt::format("Measuring the layers of '{}': this backend does it while it runs.", engine.native()),
        "Use the runner's option time_layers.");
  }

  std::shared_ptr<const onnx::Evaluator> evaluator() const override {
    throw BackendError(fmt::format("{} computes no single nodes.", flavour_name),
                       "Use OpenVINO or ONNX Runtime.");
  }

  std::unique_ptr<polygraph::Runner> runner(const ModelRequest& request,
                                            const std::string& name) const override {
    Source<Engine> engine = EngineFromPath(request.model, runtime_of(request, true));
    if (request.network_script || request.in_memory ||
        !read_plan_header(MappedFile(request.model, MappedFile::Use::parts).bytes())) {
      engine = EngineFromNetwork(network_of(request), config_of(request), runtime_of(request, false));
      if (!request.engine.empty()) engine = SaveEngine(std::move(engine), request.engine);
    } else {
      refuse_for_plan(request);
    }
    RunnerOptions options = runner_options_of(request);
    options.time_layers |= request.time_layers;
    return name.empty() ? std::make_unique<Runner>(std::move(engine), std::move(options))
                        : std::make_unique<Runner>(std::move(engine), std::move(options), name);
  }
};

}  // namespace

}  // namespace polygraph::trt

extern "C" __attribute__((visibility("default"))) const polygraph::Backend* polygraph_backend() {
  static const polygraph::trt::TensorRtBackend backend;
  return &backend;
}
