#include "onnx/diff_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include "onnx/mapped_values.h"

namespace polygraph::onnx {
namespace {

constexpr std::size_t piece_size = 4 << 20;

bool lie_in_the_same_place(const TensorData& a, const Model& model_a, const TensorData& b,
                           const Model& model_b) {
  if (a.raw_data && b.raw_data && !a.is_external() && !b.is_external())
    return a.raw_data->data() == b.raw_data->data() && a.raw_data->size() == b.raw_data->size();
  if (!a.is_external() || !b.is_external()) return false;
  const ExternalData x = external_data_of(a), y = external_data_of(b);
  std::error_code error;
  return x.offset == y.offset && x.length == y.length &&
         std::filesystem::equivalent(model_a.storage.folder() / x.location,
                                     model_b.storage.folder() / y.location, error);
}

std::optional<WeightDifference> compare_strings(const Tensor& a, const Tensor& b) {
  WeightDifference result{.elements = a.element_count()};
  const auto x = a.strings(), y = b.strings();
  for (std::size_t i = x.size(); i-- > 0;) {
    if (x[i] == y[i]) continue;
    ++result.differing;
    result.first = static_cast<std::int64_t>(i);
  }
  return result.differing == 0 ? std::nullopt : std::optional(result);
}

const std::byte* bytes_of(const MappedValues& values) {
  return static_cast<const std::byte*>(values.tensor.data());
}

/// The offset of the first byte that differs, or the size.
std::size_t first_mismatch(const MappedValues& a, const MappedValues& b) {
  const std::byte* const x = bytes_of(a);
  const std::byte* const y = bytes_of(b);
  const std::size_t size = a.tensor.nbytes();
  for (std::size_t begin = 0; begin < size; begin += piece_size) {
    const std::size_t end = std::min(begin + piece_size, size);
    if (std::memcmp(x + begin, y + begin, end - begin) != 0)
      return static_cast<std::size_t>(std::mismatch(x + begin, x + end, y + begin).first - x);
    a.drop(begin, end);
    b.drop(begin, end);
  }
  return size;
}

template <class T>
void add_statistics(const void* a, const void* b, std::size_t count, WeightDifference& result) {
  double max_abs = -1;
  for (std::size_t i = 0; i < count; ++i) {
    T x, y;
    std::memcpy(&x, static_cast<const std::byte*>(a) + i * sizeof(T), sizeof(T));
    std::memcpy(&y, static_cast<const std::byte*>(b) + i * sizeof(T), sizeof(T));
    if (std::memcmp(&x, &y, sizeof(T)) == 0) continue;
    ++result.differing;
    // Integers of 64 bits are subtracted as such: a double would round both to the same.
    double distance = 0;
    if constexpr (std::is_integral_v<T>)
      distance = static_cast<double>(x > y ? static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y)
                                           : static_cast<std::uint64_t>(y) - static_cast<std::uint64_t>(x));
    else
      distance = std::abs(static_cast<double>(x) - static_cast<double>(y));
    if (std::isfinite(distance))
      max_abs = std::max(max_abs, distance);
    else
      ++result.not_finite;
  }
  if (max_abs >= 0) result.max_abs = std::max(max_abs, result.max_abs.value_or(0));
}

void add_statistics(DataType dtype, const std::byte* a, const std::byte* b, std::size_t count,
                    WeightDifference& result) {
  switch (dtype) {
    case DataType::float32:
      return add_statistics<float>(a, b, count, result);
    case DataType::float64:
      return add_statistics<double>(a, b, count, result);
    case DataType::int64:
      return add_statistics<std::int64_t>(a, b, count, result);
    case DataType::uint64:
      return add_statistics<std::uint64_t>(a, b, count, result);
    case DataType::int32:
      return add_statistics<std::int32_t>(a, b, count, result);
    case DataType::uint32:
      return add_statistics<std::uint32_t>(a, b, count, result);
    default: {
      // Every value of a narrower type is a float.
      const auto floats = [&](const std::byte* data) {
        return Tensor::view(static_cast<const void*>(data), dtype, Shape{static_cast<std::int64_t>(count)})
            .cast(DataType::float32);
      };
      const Tensor x = floats(a), y = floats(b);
      return add_statistics<float>(x.data(), y.data(), count, result);
    }
  }
}

/// @param from  The first byte that differs.
void add_statistics(const MappedValues& a, const MappedValues& b, std::size_t from,
                    WeightDifference& result) {
  const DataType dtype = a.tensor.dtype();
  const std::size_t size = a.tensor.nbytes();
  for (std::size_t begin = from / piece_size * piece_size; begin < size; begin += piece_size) {
    const std::size_t end = std::min(begin + piece_size, size);
    const auto first = static_cast<std::int64_t>(begin * 8 / static_cast<std::size_t>(bit_width(dtype)));
    const auto count =
        std::min(static_cast<std::int64_t>((end - begin) * 8 / static_cast<std::size_t>(bit_width(dtype))),
                 result.elements - first);
    add_statistics(dtype, bytes_of(a) + begin, bytes_of(b) + begin, static_cast<std::size_t>(count), result);
    a.drop(begin, end);
    b.drop(begin, end);
  }
}

}  // namespace

std::optional<WeightDifference> compare_weights(const TensorData& a, const Model& model_a,
                                                const TensorData& b, const Model& model_b, bool statistics) {
  if (lie_in_the_same_place(a, model_a, b, model_b)) return std::nullopt;
  const MappedValues x(a, model_a), y(b, model_b);
  if (x.tensor.element_count() == 0) return std::nullopt;
  const DataType dtype = x.tensor.dtype();
  if (dtype == DataType::string) return compare_strings(x.tensor, y.tensor);
  const std::size_t from = first_mismatch(x, y);
  if (from == x.tensor.nbytes()) return std::nullopt;
  const auto bits = static_cast<std::size_t>(bit_width(dtype));
  WeightDifference result{.elements = x.tensor.element_count(),
                          .first = static_cast<std::int64_t>(from * 8 / bits)};
  if (bits < 8) {
    // The byte holds several elements, and beyond the last one anything.
    while (result.first < result.elements &&
           x.tensor.element_as_text(result.first) == y.tensor.element_as_text(result.first))
      ++result.first;
    if (result.first == result.elements) return std::nullopt;
  }
  const bool is_complex = dtype == DataType::complex64 || dtype == DataType::complex128;
  if (statistics && !is_complex) add_statistics(x, y, from, result);
  return result;
}

}  // namespace polygraph::onnx
