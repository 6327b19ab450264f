#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>
#include <polygraph/trt/loaders.h>
#include <polygraph/trt/runner.h>

#include "core/option_text.h"
#include "core/plan.h"

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

CreateConfig config_of(const ModelRequest& request) {
  ConfigOptions options;
  for (const auto& [name, text] : request.config)
    if (!is_of_runner(name)) set_option(options, name, text);
  std::vector<Profile> profiles;
  for (const auto& ranges : request.profiles) {
    Profile& profile = profiles.emplace_back();
    for (const auto& [input, range] : ranges) profile.add(input, range.min, range.opt, range.max);
  }
  return CreateConfig(std::move(options), std::move(profiles));
}

Source<Network> network_of(const ModelRequest& request) {
  NetworkOptions options;
  for (const auto& [name, text] : request.network) set_option(options, name, text);
  const std::vector<std::filesystem::path> files(request.plugins.begin(), request.plugins.end());
  const Source<Library> library =
      files.empty() ? Source<Library>(LoadLibrary()) : Source<Library>(LoadPlugins(files));
  Source<Network> network = NetworkFromOnnxPath(request.model, options, library);
  if (request.in_memory)
    network = NetworkFromOnnxBytes([model = request.in_memory] { return onnx::encode_model(*model); },
                                   options, library);
  const OutputOptions outputs{request.outputs, request.exclude_outputs, request.mark_layer_types};
  if (!(outputs == OutputOptions{})) network = ModifyNetworkOutputs(std::move(network), outputs);
  if (auto precisions =
          parse_layer_precisions(request.layer_precisions, "'float32', 'float16' or 'bfloat16'");
      !precisions.empty())
    network = SetLayerPrecisions(std::move(network), std::move(precisions));
  return network;
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
    const CreateConfig config = config_of(request);
    const Library library;
    save(engine_bytes_from_network(network_of(request), config), request.engine);
    EngineInfo info;
    info.backend = flavour_name;
    info.backend_version = library.version();
    info.device = "GPU";
    info.model_name = request.model.filename().string();
    return info;
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
    Source<Engine> engine = EngineFromPath(request.model);
    if (request.in_memory || !read_plan_header(MappedFile(request.model, MappedFile::Use::parts).bytes())) {
      engine = EngineFromNetwork(network_of(request), config_of(request));
      if (!request.engine.empty()) engine = SaveEngine(std::move(engine), request.engine);
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
