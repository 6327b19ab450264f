#include "compare/block_reader.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/elements.h"

namespace polygraph::compare::detail {
namespace {

__extension__ typedef __int128 Int128;

bool is_complex_type(DataType dtype) {
  return dtype == DataType::complex64 || dtype == DataType::complex128;
}

bool is_64_bit_integer(DataType dtype) {
  return dtype == DataType::int64 || dtype == DataType::uint64;
}

const std::byte* base_of(const Tensor& tensor) {
  return static_cast<const std::byte*>(tensor.data());
}

template <class Wide>
std::array<Wide, block_size> load(const Tensor& tensor, std::int64_t begin, std::size_t count) {
  std::array<Wide, block_size> values;
  polygraph::detail::load_elements<Wide>(tensor.dtype(), base_of(tensor), begin, {values.data(), count});
  return values;
}

/// Elements as numbers that hold 64-bit integers and floats exactly.
template <class Exact>
std::array<Exact, block_size> load_exactly(const Tensor& tensor, std::int64_t begin, std::size_t count) {
  std::array<Exact, block_size> values;
  const auto copy = [&](const auto& from) {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<Exact>(from[i]);
  };
  if (tensor.dtype() == DataType::uint64)
    copy(load<std::uint64_t>(tensor, begin, count));
  else if (is_floating(tensor.dtype()))
    copy(load<double>(tensor, begin, count));
  else
    copy(load<std::int64_t>(tensor, begin, count));
  return values;
}

}  // namespace

template <class T>
ElementReader<T>::ElementReader(const Tensor& tensor, const KernelSet& kernels)
    : tensor_(tensor.contiguous()), base_(base_of(tensor_)), kernels_(&kernels) {
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(base_) % alignof(T) == 0;
  in_place_ = tensor_.dtype() == data_type_of<T> && is_aligned;
}

template <class T>
const T* ElementReader<T>::read(std::int64_t begin, std::size_t count, T* buffer) const {
  if (in_place_) return static_cast<const T*>(tensor_.data()) + begin;
  const DataType dtype = tensor_.dtype();
  if constexpr (std::is_same_v<T, float>) {
    if (dtype == DataType::float16) return kernels_->widen_float16(base_ + 2 * begin, count, buffer), buffer;
    if (dtype == DataType::bfloat16)
      return kernels_->widen_bfloat16(base_ + 2 * begin, count, buffer), buffer;
  }
  if (is_complex_type(dtype)) {
    const auto values = load<std::complex<double>>(tensor_, begin, count);
    for (std::size_t i = 0; i < count; ++i) buffer[i] = static_cast<T>(std::abs(values[i]));
  } else {
    polygraph::detail::load_elements<T>(dtype, base_, begin, {buffer, count});
  }
  return buffer;
}

template <class T>
BlockReader<T>::BlockReader(const Tensor& tensor, const KernelSet& kernels)
    : first_(tensor, kernels), kernels_(&kernels) {}

template <class T>
BlockReader<T>::BlockReader(const Tensor& first, const Tensor& second, const DifferenceOptions& options,
                            const KernelSet& kernels)
    : first_(first, kernels),
      second_(std::make_unique<ElementReader<T>>(second, kernels)),
      kernels_(&kernels),
      options_(options) {
  is_complex_ = is_complex_type(first.dtype()) || is_complex_type(second.dtype());
  is_exact_ = is_complex_ || is_64_bit_integer(first.dtype()) || is_64_bit_integer(second.dtype());
  const bool divides_by_zero = is_integral(second.dtype()) || second.dtype() == DataType::boolean;
  rule_ = {static_cast<T>(options.atol), static_cast<T>(options.rtol), divides_by_zero ? T{0} : T{0x1p-52}};
}

template <class T>
void BlockReader<T>::differ_exactly(std::int64_t begin, std::size_t count, T* absolute) const {
  const Tensor &first = first_.tensor(), &second = second_->tensor();
  const auto fill = [&](const auto& x, const auto& y, auto distance) {
    for (std::size_t i = 0; i < count; ++i) absolute[i] = static_cast<T>(distance(x[i], y[i]));
  };
  if (is_complex_)
    fill(load<std::complex<double>>(first, begin, count), load<std::complex<double>>(second, begin, count),
         [](auto x, auto y) { return std::abs(x - y); });
  else if (is_floating(first.dtype()) || is_floating(second.dtype()))
    fill(load_exactly<long double>(first, begin, count), load_exactly<long double>(second, begin, count),
         [](auto x, auto y) { return std::abs(x - y); });
  else
    fill(load_exactly<Int128>(first, begin, count), load_exactly<Int128>(second, begin, count),
         [](auto x, auto y) { return x > y ? x - y : y - x; });
}

template <class T>
void BlockReader<T>::relate(const Block<T>& block, const T* absolute, T* relative,
                            DifferenceSums& sums) const {
  for (std::size_t i = 0; i < block.count; ++i) {
    const T first = block.streams[0][i], second = block.streams[1][i];
    relative[i] = absolute[i] == 0 ? 0 : absolute[i] / std::abs(second == 0 ? rule_.epsilon : second);
    sums.has_zeros |= second == 0;
    sums.mismatches += !(absolute[i] <= rule_.atol) && !(relative[i] <= rule_.rtol);
    sums.dot[i % lane_count] += static_cast<double>(first) * static_cast<double>(second);
  }
}

template <class T>
void BlockReader<T>::make_specials_equal(const Block<T>& block, T* absolute, T* relative,
                                         DifferenceSums& sums) const {
  for (std::size_t i = 0; i < block.count; ++i) {
    if (!std::isnan(absolute[i])) continue;
    const T first = block.streams[0][i], second = block.streams[1][i];
    const bool is_equal = (options_.infinities_compare_equal && std::isinf(first) && first == second) ||
                          (options_.nans_compare_equal && std::isnan(first) && std::isnan(second));
    if (!is_equal) continue;
    absolute[i] = relative[i] = 0;
    --sums.mismatches;  // NaN counted as one
  }
}

template <class T>
Block<T> BlockReader<T>::read(std::int64_t begin, std::size_t count, BlockBuffers<T>& buffers,
                              DifferenceSums& sums) const {
  Block<T> block{.begin = begin, .count = count};
  block.streams[0] = first_.read(begin, count, buffers.values[0].data());
  if (!second_) return block;
  block.streams[1] = second_->read(begin, count, buffers.values[1].data());
  T* const absolute = buffers.values[2].data();
  T* const relative = buffers.values[3].data();
  block.streams[2] = absolute;
  block.streams[3] = relative;
  if (is_exact_) {
    differ_exactly(begin, count, absolute);
    relate(block, absolute, relative, sums);
  } else {
    kernels_->template of<T>().differ(block.streams[0], block.streams[1], count, rule_, absolute, relative,
                                      sums);
  }
  if (options_.infinities_compare_equal || options_.nans_compare_equal)
    make_specials_equal(block, absolute, relative, sums);
  return block;
}

template class ElementReader<float>;
template class ElementReader<double>;
template class BlockReader<float>;
template class BlockReader<double>;

}  // namespace polygraph::compare::detail
