#include "trt/parser_input.h"

#include <polygraph/core/files.h>
#include <polygraph/onnx/save.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/log_format.h"
#include "core/temporary_folder.h"
#include "onnx/payload.h"
#include "onnx/tensors.h"
#include "trt/network.h"

namespace polygraph::trt {

namespace fs = std::filesystem;

const std::uint64_t ParserInput::largest_size = onnx::largest_readable_model;

namespace {

// What is not there is said here: TensorRT does not say which tensor it is of.
void require_external_data(onnx::Model& model) {
  onnx::for_each_tensor(model, [&](const onnx::TensorData& tensor) {
    if (tensor.is_external()) static_cast<void>(onnx::raw_payload(tensor, model));
  });
}

// Whether references to the model's own file can be written as they are to external data.
bool lies_beside_data(const onnx::Storage& storage) {
  std::error_code error;
  if (storage.file() == nullptr || storage.folder().empty()) return false;
  if (!fs::is_regular_file(storage.path(), error)) return false;
  const fs::path folder = storage.path().parent_path();
  return fs::equivalent(folder.empty() ? "." : folder, storage.folder(), error);
}

// Weights that lie in the file become references to it, which the parser maps instead of copying them.
void refer_to_weights(onnx::Model& model) {
  constexpr std::size_t copied = 1024;  // bytes; smaller ones are not worth a reference
  const std::string_view file = model.storage.intern(model.storage.path().filename().string());
  for (onnx::TensorData& tensor : model.graph.initializers) {
    if (!tensor.raw_data || tensor.raw_data->size() < copied) continue;
    const auto offset = model.storage.offset_of(*tensor.raw_data);
    if (!offset) continue;
    tensor.external_data = {{"location", file},
                            {"offset", model.storage.intern(std::to_string(*offset))},
                            {"length", model.storage.intern(std::to_string(tensor.raw_data->size()))}};
    tensor.data_location = onnx::TensorData::external_location;
    tensor.raw_data.reset();
  }
}

}  // namespace

ParserInput::ParserInput(onnx::Model model, Weights weights, std::uint64_t limit) {
  make_readable(model);
  require_external_data(model);
  const bool too_large = onnx::encoded_size(model) > limit;
  if ((weights == Weights::in_place || too_large) && lies_beside_data(model.storage)) refer_to_weights(model);
  if (too_large && onnx::encoded_size(model) > limit) {
    move_to_temporary_file(model);
    return;
  }
  bytes_ = onnx::encode_model(model);
  // The parser takes the folder of it; without one, what it looks for lies in the current folder.
  if (const fs::path& folder = model.storage.folder(); !folder.empty()) path_ = folder / "model.onnx";
}

ParserInput::~ParserInput() = default;

void ParserInput::move_to_temporary_file(const onnx::Model& model) {
  folder_ = std::make_unique<TemporaryFolder>();
  const fs::path path = folder_->path() / "model.onnx";
  log_verbose("The model is too large to be read from memory: saving it to '{}'", path.native());
  onnx::save_model(model, path, {.external_data_path = "model.weights"});
  const MappedFile file(path);
  bytes_ = Bytes(file.bytes(), file.keep_alive());
  path_ = path;
}

}  // namespace polygraph::trt
