#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/tensor_data.h>
#include <polygraph/onnx/tensor_file.h>

#include "onnx/reader.h"

namespace polygraph::onnx {

NamedTensor load_tensor(const std::filesystem::path& path) {
  Model model;
  model.storage = Storage(MappedFile(path));
  TensorData data;
  try {
    read_tensor(data, model.storage);
    if (data.data_type == 0) throw InputError("It has no element type.");
    return {std::string(data.name), tensor_of(data, model)};
  } catch (const InputError& error) {
    throw InputError(
        fmt::format("Cannot read '{}' as a tensor of ONNX (TensorProto): {}", path.string(), error.problem()),
        "Name a file with one tensor; sequences, optionals and models are none.");
  }
}

}  // namespace polygraph::onnx
