#pragma once

#include <polygraph/compare/statistics.h>
#include <polygraph/core/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "compare/statistics_kernels.h"

namespace polygraph::compare::detail {

/// Room for one block of every stream.
template <class T>
struct BlockBuffers {
  static constexpr std::size_t stream_count = 4;
  alignas(64) std::array<std::array<T, block_size>, stream_count> values;
};

/// The same elements of every stream: of one tensor, or of two, their absolute and their relative difference.
template <class T>
struct Block {
  std::array<const T*, 4> streams{};
  std::int64_t begin = 0;
  std::size_t count = 0;
};

/// The elements of one tensor as T, which holds them as statistics.h says.
template <class T>
class ElementReader {
 public:
  ElementReader(const Tensor& tensor, const KernelSet& kernels);
  /// Elements from `begin` on: in the tensor's own memory, or in `buffer`.
  const T* read(std::int64_t begin, std::size_t count, T* buffer) const;
  const Tensor& tensor() const { return tensor_; }
  /// Whether the last 16 bits of every element as float are zero.
  bool is_short() const {
    return sizeof(T) == sizeof(float) &&
           (tensor_.dtype() == DataType::bfloat16 || bit_width(tensor_.dtype()) <= 8);
  }

 private:
  Tensor tensor_;
  const std::byte* base_ = nullptr;
  const KernelSet* kernels_;
  bool in_place_ = false;
};

/// Reads blocks of a tensor, or of two and their differences. Const members are thread-safe.
template <class T>
class BlockReader {
 public:
  BlockReader(const Tensor& tensor, const KernelSet& kernels);
  /// Of two tensors of one shape.
  BlockReader(const Tensor& first, const Tensor& second, const DifferenceOptions& options,
              const KernelSet& kernels);

  std::size_t stream_count() const { return second_ ? 4 : 1; }
  std::int64_t element_count() const { return first_.tensor().element_count(); }
  bool is_short(std::size_t stream) const {
    return (stream == 0 && first_.is_short()) || (stream == 1 && second_->is_short());
  }
  const KernelSet& kernels() const { return *kernels_; }
  const DifferenceRule<T>& rule() const { return rule_; }
  const DifferenceOptions& options() const { return options_; }
  /// Whether `dot` has to be derived from the sums of squares: |x - y|^2 = |x|^2 + |y|^2 - 2 Re(x conj(y)).
  bool is_complex() const { return is_complex_; }

  /// At most block_size elements from `begin` on; adds to `sums`.
  Block<T> read(std::int64_t begin, std::size_t count, BlockBuffers<T>& buffers, DifferenceSums& sums) const;

 private:
  void differ_exactly(std::int64_t begin, std::size_t count, T* absolute) const;
  void relate(const Block<T>& block, const T* absolute, T* relative, DifferenceSums& sums) const;
  void make_specials_equal(const Block<T>& block, T* absolute, T* relative, DifferenceSums& sums) const;

  ElementReader<T> first_;
  std::unique_ptr<const ElementReader<T>> second_;
  const KernelSet* kernels_;
  DifferenceOptions options_ = {};
  DifferenceRule<T> rule_ = {};
  bool is_complex_ = false;
  bool is_exact_ = false;  // differences are taken from the elements, not from their values as T
};

}  // namespace polygraph::compare::detail
