#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/openvino/evaluator.h>
#include <polygraph/openvino/loaders.h>
#include <polygraph/openvino/runner.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "core/option_text.h"
#include "onnx/held_model.h"
#include "openvino/layer_averages.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

EngineFromNetwork engine_of(const ModelRequest& request) {
  ConfigOptions options;
  for (const auto& [name, text] : request.config) set_option(options, name, text);
  options.profiling |= request.time_layers;
  const std::vector<std::filesystem::path> plugins(request.plugins.begin(), request.plugins.end());
  Source<Runtime> runtime = LoadRuntime();
  if (!plugins.empty()) runtime = LoadPlugins(plugins);
  Source<Network> network = NetworkFromOnnxPath(request.model, runtime);
  if (request.in_memory)
    network = NetworkFromOnnxModel(onnx::HeldModel{request.in_memory, request.in_memory_name}, runtime);
  const OutputOptions outputs{request.outputs, request.exclude_outputs, request.mark_layer_types};
  if (!(outputs == OutputOptions{})) network = ModifyNetworkOutputs(std::move(network), outputs);
  if (auto precisions = parse_layer_precisions(request.layer_precisions, "'float32'"); !precisions.empty())
    network = SetLayerPrecisions(std::move(network), std::move(precisions));
  return EngineFromNetwork(std::move(network), CreateConfig(options));
}

void require_profiling(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto properties =
      EngineFile::read(Bytes(file.bytes(), file.keep_alive()), path.string()).info.properties;
  const auto found = properties.find(ov::enable_profiling.name());
  if (found == properties.end() || found->second != "YES")
    throw UsageError(
        fmt::format("Measuring the layers of '{}': the engine was built without it.", path.native()),
        "Build the engine with --profiling (ConfigOptions::profiling).");
}

class OpenVinoBackend final : public Backend {
 public:
  std::string_view name() const override { return "OpenVINO"; }
  std::string version() const override { return ov::get_openvino_version().buildNumber; }
  std::filesystem::path library() const override {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&ov::get_openvino_version), &info) == 0 || !info.dli_fname)
      throw BackendError("Where OpenVINO's library is cannot be told.", "Reinstall OpenVINO.");
    return info.dli_fname;
  }

  EngineInfo build(const ModelRequest& request) const override {
    return save_engine(engine_of(request), request.engine).info();
  }

  std::vector<double> measure_layers(const std::filesystem::path& path, int iterations) const override {
    const Engine engine = engine_from_path(path);
    FeedDict feed;
    for (const TensorInfo& input : engine.info().inputs) {
      if (!input.dtype || !input.shape.has_rank())
        throw InputError(
            fmt::format("Measuring the layers of '{}': the type or the rank of its input '{}' is open.",
                        path.native(), input.name),
            "Build the engine from a model whose inputs have a type and a rank.");
      feed.set(input.name, Tensor(*input.dtype, input.shape.with_defaults()));
    }
    return calling_openvino("Measuring the layers", "", [&] {
      ov::CompiledModel compiled = engine.native();
      ov::InferRequest request = compiled.create_infer_request();
      for (std::size_t i = 0; i < engine.info().inputs.size(); ++i) {
        Tensor& tensor = feed.at(i).second;
        const ov::Shape shape(tensor.shape().begin(), tensor.shape().end());
        request.set_tensor(compiled.input(i),
                           tensor.dtype() == DataType::string
                               ? ov::Tensor(ov::element::string, shape)
                               : ov::Tensor(to_element_type(tensor.dtype()), shape, tensor.mutable_data()));
      }
      request.infer();  // the first run also prepares
      const LayerAverages prepared = LayerAverages::read(request, 1);
      for (int i = 0; i < iterations; ++i) request.infer();
      std::map<std::string, double> seconds;
      for (const LayerTime& layer : times_between(prepared, LayerAverages::read(request, iterations + 1)))
        seconds[layer.name] += layer.seconds;
      std::vector<double> means;
      for (const EngineLayer& layer : engine.info().layers) {
        const auto found = seconds.find(layer.name);
        means.push_back(found == seconds.end() ? std::numeric_limits<double>::quiet_NaN()
                                               : found->second / iterations);
      }
      return means;
    });
  }

  std::shared_ptr<const onnx::Evaluator> evaluator() const override { return node_evaluator(); }

  std::unique_ptr<polygraph::Runner> runner(const ModelRequest& request,
                                            const std::string& name) const override {
    Source<Engine> engine = EngineFromPath(request.model);
    if (request.in_memory || !EngineFile::recognise(MappedFile(request.model).bytes())) {
      engine = engine_of(request);
      if (!request.engine.empty()) engine = SaveEngine(std::move(engine), request.engine);
    } else if (request.time_layers) {
      require_profiling(request.model);
    }
    return name.empty() ? std::make_unique<Runner>(std::move(engine))
                        : std::make_unique<Runner>(std::move(engine), name);
  }
};

}  // namespace

}  // namespace polygraph::openvino

extern "C" __attribute__((visibility("default"))) const polygraph::Backend* polygraph_backend() {
  static const polygraph::openvino::OpenVinoBackend backend;
  return &backend;
}
