#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/evaluator.h>
#include <polygraph/openvino/loaders.h>
#include <polygraph/openvino/runner.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "core/option_text.h"
#include "openvino/model_network.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

class OpenVinoBackend final : public Backend {
 public:
  std::string_view name() const override { return "OpenVINO"; }
  std::string version() const override { return ov::get_openvino_version().buildNumber; }

  EngineInfo build(const BuildRequest& request) const override {
    ConfigOptions options;
    for (const auto& [name, text] : request.config) set_option(options, name, text);
    std::map<std::string, DataType> precisions;
    for (const auto& [layer, text] : request.layer_precisions) {
      const auto dtype = parse_data_type(text);
      if (!dtype)
        throw UsageError(fmt::format("The layer precision '{}:{}' names no data type.", layer, text),
                         "Use 'float32'.");
      precisions[layer] = *dtype;
    }
    const std::vector<std::filesystem::path> plugins(request.plugins.begin(), request.plugins.end());

    Network network = network_from_onnx_path(request.model, LoadPlugins(plugins));
    const OutputOptions outputs{request.outputs, request.exclude_outputs, request.mark_layer_types};
    if (!(outputs == OutputOptions{})) modify_network_outputs(network, outputs);
    if (!precisions.empty()) set_layer_precisions(network, precisions);
    return save_engine(EngineFromNetwork(network, CreateConfig(options)), request.engine).info();
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
      std::map<std::string, double> seconds;
      for (int i = 0; i < iterations; ++i) {
        request.infer();
        for (const ov::ProfilingInfo& layer : request.get_profiling_info())
          if (layer.status == ov::ProfilingInfo::Status::EXECUTED)
            seconds[layer.node_name] += std::chrono::duration<double>(layer.real_time).count();
      }
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

  std::unique_ptr<polygraph::Runner> runner(const onnx::Model& model) const override {
    return std::make_unique<Runner>(EngineFromNetwork([model] { return network_from_model(model); }));
  }
};

}  // namespace

}  // namespace polygraph::openvino

extern "C" __attribute__((visibility("default"))) const polygraph::Backend* polygraph_backend() {
  static const polygraph::openvino::OpenVinoBackend backend;
  return &backend;
}
