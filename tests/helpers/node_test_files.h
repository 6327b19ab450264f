#pragma once

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// The ONNX project's tests as files: FOLDER/<test>/model.onnx and
// FOLDER/<test>/test_data_set_0/{input,output}_<k>.pb.
namespace polygraph::test {

/// Where there are such tests on this machine: those of the newest version, as far as they are single nodes
/// between tensors, and those of Debian's.
inline std::vector<std::filesystem::path> node_test_folders() {
  std::vector<std::filesystem::path> folders;
  for (const char* folder : {POLYGRAPH_TEST_MODELS "/node", "/usr/share/libonnx-testdata/data/node"})
    if (std::filesystem::is_directory(folder)) folders.emplace_back(folder);
  return folders;
}

namespace detail {

inline void append_varint(std::vector<std::byte>& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
  bytes.push_back(static_cast<std::byte>(value));
}

inline std::vector<std::byte> field(std::uint64_t number, std::span<const std::byte> content) {
  std::vector<std::byte> bytes;
  append_varint(bytes, number << 3 | 2);
  append_varint(bytes, content.size());
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

}  // namespace detail

/// A file with one TensorProto, read as the initializer of a model that is wrapped around it; nullopt if it
/// is none: a sequence or an optional value.
inline std::optional<Tensor> read_tensor(const std::filesystem::path& path) {
  const MappedFile file(path);
  constexpr std::uint64_t graph_field = 7;
  constexpr std::uint64_t initializer_field = 5;
  const auto bytes = std::make_shared<const std::vector<std::byte>>(
      detail::field(graph_field, detail::field(initializer_field, file.bytes())));
  try {
    const onnx::Model model = onnx::load_model_from_bytes(*bytes, bytes);
    return onnx::tensor_of(model.graph.initializers.at(0), model).clone();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

/// The tensors of a data set, `input_0.pb` and so on; nullopt if one is no tensor.
inline std::optional<std::vector<std::optional<Tensor>>> read_tensors(const std::filesystem::path& folder,
                                                                      const std::string& kind) {
  std::vector<std::optional<Tensor>> tensors;
  for (int i = 0;; ++i) {
    const std::filesystem::path path = folder / fmt::format("{}_{}.pb", kind, i);
    if (!std::filesystem::exists(path)) return tensors;
    std::optional<Tensor> tensor = read_tensor(path);
    if (!tensor) return std::nullopt;
    tensors.push_back(std::move(tensor));
  }
}

/// The largest magnitude of a finite element; 0 without any.
inline double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i)
    if (const double value = std::abs(tensor.element_as_double(i)); std::isfinite(value))
      largest = std::max(largest, value);
  return largest;
}

/// Old files hold bfloat16 as uint16.
inline void restore_bfloat16(std::optional<Tensor>& tensor, const onnx::ValueInfo& declared) {
  if (!tensor || tensor->dtype() != DataType::uint16 || !declared.type ||
      declared.type->element_type != onnx::element_type_of(DataType::bfloat16))
    return;
  const auto owner = std::make_shared<const Tensor>(*tensor);
  tensor = Tensor::view(owner->data(), DataType::bfloat16, owner->shape(), owner);
}

}  // namespace polygraph::test
