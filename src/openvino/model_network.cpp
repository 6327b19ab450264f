#include <polygraph/onnx/save.h>
#include <polygraph/openvino/loaders.h>

#include <utility>

#include "core/temporary_folder.h"
#include "onnx/tensors.h"

namespace polygraph::openvino {

namespace fs = std::filesystem;

namespace {

// Whether OpenVINO can read the model from memory: there it finds no external data.
bool fits_in_memory(const onnx::Model& model) {
  bool external = false;
  onnx::Model structure = model;
  onnx::for_each_tensor(structure, [&](const onnx::TensorData& data) { external |= data.is_external(); });
  return !external && onnx::encoded_size(model) <= onnx::largest_readable_model;
}

}  // namespace

NetworkFromOnnxModel::NetworkFromOnnxModel(Source<onnx::Model> model, Source<Runtime> runtime)
    : model_(std::move(model)), runtime_(std::move(runtime)) {}

Network NetworkFromOnnxModel::operator()() const {
  const onnx::Model model = model_.get();
  const Runtime runtime = runtime_.get();
  if (fits_in_memory(model)) return network_from_onnx_bytes(onnx::encode_model(model), runtime);
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "model.onnx";
  onnx::save_model(model, path, {.external_data_path = "model.weights"});
  return network_from_onnx_path(path, runtime);
}

std::string NetworkFromOnnxModel::str() const {
  return cpp_expression<1>("NetworkFromOnnxModel", model_, runtime_);
}

}  // namespace polygraph::openvino
