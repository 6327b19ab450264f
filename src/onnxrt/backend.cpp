#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt/evaluator.h>
#include <polygraph/onnxrt/loaders.h>
#include <polygraph/onnxrt/runner.h>

#include <memory>
#include <utility>

#include "core/option_text.h"
#include "onnx/held_model.h"

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

  std::filesystem::path library() const override { return Library().path(); }

  EngineInfo build(const ModelRequest& request) const override {
    throw BackendError("Building an engine of '" + request.model.native() +
                           "': ONNX Runtime has no engines, it runs the ONNX model itself.",
                       "Build with --openvino, or use the model as it is.");
  }

  std::vector<double> measure_layers(const std::filesystem::path& engine, int) const override {
    throw BackendError("Measuring the layers of '" + engine.native() + "': ONNX Runtime has no engines.",
                       "Measure an engine of OpenVINO.");
  }

  std::shared_ptr<const onnx::Evaluator> evaluator() const override { return node_evaluator(); }

  std::unique_ptr<polygraph::Runner> runner(const ModelRequest& request,
                                            const std::string& name) const override {
    SessionOptions options;
    for (const auto& [field, text] : request.config) set_option(options, field, text);
    options.time_layers |= request.time_layers;
    refuse(!request.engine.empty(), "save engines");
    refuse(!request.plugins.empty(), "load plugins");
    refuse(!request.layer_precisions.empty(), "keep layers in a precision");
    refuse(!request.outputs.empty() || !request.exclude_outputs.empty() || !request.mark_layer_types.empty(),
           "mark outputs of its own");
    ModelSource model = request.model;
    if (request.in_memory) model = onnx::HeldModel{request.in_memory, request.in_memory_name};
    SessionFromOnnx session(std::move(model), std::move(options));
    return name.empty() ? std::make_unique<Runner>(std::move(session))
                        : std::make_unique<Runner>(std::move(session), name);
  }

 private:
  static void refuse(bool asked, const char* what) {
    if (asked)
      throw UsageError(std::string("ONNX Runtime does not ") + what + ".",
                       "Change the ONNX model itself, or take a backend that has engines.");
  }
};

}  // namespace

}  // namespace polygraph::onnxrt

extern "C" __attribute__((visibility("default"))) const polygraph::Backend* polygraph_backend() {
  static const polygraph::onnxrt::OnnxRuntimeBackend backend;
  return &backend;
}
