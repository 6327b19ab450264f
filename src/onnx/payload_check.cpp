#include "onnx/payload_check.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>
#include <polygraph/onnx/tensor_data.h>

#include <cstring>

namespace polygraph::onnx {
namespace {

constexpr std::int32_t int64_type = 7;
/// Types that tensors here do not hold, but that the format knows.
bool is_float6(const TensorData& tensor) {
  return tensor.data_type == 27 || tensor.data_type == 28;
}

/// Throws InputError if the values cannot be had.
void check(const TensorData& tensor, const Model& model) {
  if (is_float6(tensor) || tensor.deferred) return;  // what is deferred is as long as its type and shape say
  static_cast<void>(tensor_of(tensor, model, Alignment::any));
}

[[noreturn]] void fail(const SparseTensor& sparse, const std::string& what) {
  throw InputError(fmt::format("The sparse tensor '{}' {}.", sparse.values.name, what));
}

/// Each row of indices names one element, in ascending order.
void check_indices(const SparseTensor& sparse, const Model& model) {
  const TensorData& indices = sparse.indices;
  const Tensor tensor = tensor_of(indices, model, Alignment::any);
  const auto* bytes = static_cast<const std::byte*>(tensor.data());
  const bool is_linear = indices.dims.size() == 1;
  std::int64_t size = 1;
  for (const std::int64_t dim : sparse.dims)
    if (__builtin_mul_overflow(size, dim, &size)) fail(sparse, "has more elements than fit into 64 bits");
  const std::size_t columns = is_linear ? 1 : sparse.dims.size();
  std::int64_t last = -1;
  for (std::int64_t row = 0; row < indices.dims[0]; ++row) {
    std::int64_t at = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      std::int64_t index = 0;
      std::memcpy(&index, bytes, sizeof index);
      bytes += sizeof index;
      const std::int64_t dim = is_linear ? size : sparse.dims[column];
      if (index < 0 || index >= dim)
        fail(sparse,
             fmt::format("has the index {} in row {}, where 0 to {} are allowed", index, row, dim - 1));
      at = at * dim + index;
    }
    if (at <= last) fail(sparse, fmt::format("has its indices out of order at row {}", row));
    last = at;
  }
}

void check(const SparseTensor& sparse, const Model& model) {
  check(sparse.values, model);
  check(sparse.indices, model);
  if (sparse.dims.empty()) fail(sparse, "has no dimensions");
  for (const std::int64_t dim : sparse.dims)
    if (dim <= 0) fail(sparse, fmt::format("has the dimension {}", dim));
  if (sparse.values.dims.size() != 1) fail(sparse, "has values that are no list");
  const std::int64_t count = sparse.values.dims[0];
  if (sparse.indices.data_type != int64_type) fail(sparse, "has indices that are no int64");
  const std::vector<std::int64_t>& dims = sparse.indices.dims;
  const bool fits =
      (dims.size() == 1 && dims[0] == count) ||
      (dims.size() == 2 && dims[0] == count && dims[1] == static_cast<std::int64_t>(sparse.dims.size()));
  if (!fits) fail(sparse, fmt::format("has {} values, but indices of shape {}", count, Shape(dims).str()));
  check_indices(sparse, model);
}

}  // namespace

std::vector<std::string> check_payloads(const Weightless& weightless, const Model& model) {
  std::vector<std::string> findings;
  const auto collect = [&](const auto& tensors) {
    for (const auto& tensor : tensors) {
      try {
        check(tensor, model);
      } catch (const InputError& error) {
        findings.push_back(error.problem());
      }
    }
  };
  collect(weightless.tensors());
  collect(weightless.sparse_tensors());
  return findings;
}

}  // namespace polygraph::onnx
