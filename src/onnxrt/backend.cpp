#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt/evaluator.h>
#include <polygraph/onnxrt/loaders.h>
#include <polygraph/onnxrt/runner.h>

namespace polygraph::onnxrt {

namespace {

class OnnxRuntimeBackend final : public Backend {
 public:
  std::string_view name() const override { return "ONNX Runtime"; }
  std::string version() const override {
    try {
      return Library().version();
    } catch (const BackendError&) {
      return "(not installed)";
    }
  }

  EngineInfo build(const BuildRequest& request) const override {
    throw BackendError("Building an engine of '" + request.model.native() +
                           "': ONNX Runtime has no engines, it runs the ONNX model itself.",
                       "Build with --openvino, or use the model as it is.");
  }

  std::vector<double> measure_layers(const std::filesystem::path& engine, int) const override {
    throw BackendError("Measuring the layers of '" + engine.native() + "': ONNX Runtime has no engines.",
                       "Measure an engine of OpenVINO.");
  }

  std::shared_ptr<const onnx::Evaluator> evaluator() const override { return node_evaluator(); }

  std::unique_ptr<polygraph::Runner> runner(const onnx::Model& model) const override {
    return std::make_unique<Runner>(SessionFromOnnx([model] { return model; }));
  }
};

}  // namespace

}  // namespace polygraph::onnxrt

extern "C" __attribute__((visibility("default"))) const polygraph::Backend* polygraph_backend() {
  static const polygraph::onnxrt::OnnxRuntimeBackend backend;
  return &backend;
}
