#pragma once

#include <polygraph/core/tensor.h>

#include <filesystem>
#include <string>

namespace polygraph::onnx {

/// A tensor by itself and its name, which may be empty.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Reads a file that holds one TensorProto, such as `input_0.pb` of ONNX's test data sets. The values stay in
/// the mapped file where they can; external data is looked for beside the file.
///
/// Throws InputError if the file is missing, damaged, or no TensorProto with values (a sequence, a model).
/// @code
///   auto [name, x] = onnx::load_tensor("test_data_set_0/input_0.pb");
/// @endcode
NamedTensor load_tensor(const std::filesystem::path& path);

}  // namespace polygraph::onnx
