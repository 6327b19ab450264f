#pragma once

#include <polygraph/core/tensor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// Walking over tensors by shape and strides, which are counted in elements.
namespace polygraph::reference {

using Dims = std::vector<std::int64_t>;

/// Row-major.
Dims strides_of(std::span<const std::int64_t> dims);
std::int64_t product(std::span<const std::int64_t> dims);
inline Dims dims_of(const Tensor& tensor) {
  return {tensor.shape().begin(), tensor.shape().end()};
}

/// The shape that two shapes broadcast to; nullopt if they do not.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);
/// The strides of a tensor of shape `from` seen as `to`, which it broadcasts to: 0 where it repeats.
Dims broadcast_strides(const Shape& from, const Shape& to);

/// `count` operands that are walked over together: neighbouring axes are joined where all strides allow.
template <std::size_t count>
class Walk {
 public:
  /// @param strides  One per axis for each operand.
  Walk(std::span<const std::int64_t> dims, const std::array<Dims, count>& strides) {
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      if (dims[axis] == 1) continue;
      if (!dims_.empty() && joins(strides, axis, dims[axis])) {
        dims_.back() *= dims[axis];
        for (std::size_t k = 0; k < count; ++k) strides_[k].back() = strides[k][axis];
        continue;
      }
      dims_.push_back(dims[axis]);
      for (std::size_t k = 0; k < count; ++k) strides_[k].push_back(strides[k][axis]);
    }
    if (!dims_.empty()) return;
    dims_.push_back(1);
    for (Dims& each : strides_) each.push_back(0);
  }

  /// The stride of each operand along the innermost axis.
  std::int64_t inner_stride(std::size_t operand) const { return strides_[operand].back(); }

  /// Calls f(offsets, length) for each run along the innermost axis, in row-major order.
  template <class F>
  void for_each_run(F&& f) const {
    for (const std::int64_t size : dims_)
      if (size == 0) return;
    const std::size_t outer = dims_.size() - 1;
    Dims index(outer, 0);
    std::array<std::int64_t, count> offsets{};
    while (true) {
      f(offsets, dims_.back());
      std::size_t axis = outer;
      for (; axis > 0; --axis) {
        const std::size_t i = axis - 1;
        for (std::size_t k = 0; k < count; ++k) offsets[k] += strides_[k][i];
        if (++index[i] < dims_[i]) break;
        for (std::size_t k = 0; k < count; ++k) offsets[k] -= strides_[k][i] * dims_[i];
        index[i] = 0;
      }
      if (axis == 0) return;
    }
  }

 private:
  bool joins(const std::array<Dims, count>& strides, std::size_t axis, std::int64_t size) const {
    for (std::size_t k = 0; k < count; ++k)
      if (strides_[k].back() != strides[k][axis] * size) return false;
    return true;
  }

  Dims dims_;
  std::array<Dims, count> strides_;
};

/// A copy of the elements at `offset` + index * strides.
Tensor strided_copy(const Tensor& source, std::int64_t offset, const Shape& shape, const Dims& strides);
/// Joins tensors that differ in this axis alone.
Tensor concatenate(std::span<const Tensor> tensors, std::size_t axis);
/// A copy under a shape that the tensor broadcasts to; the tensor itself if that is its shape.
Tensor expand(const Tensor& source, const Shape& shape);
Tensor transpose(const Tensor& source, std::span<const std::size_t> permutation);
/// A copy of the elements at these positions; those at -1 are `fill`'s element (zero if it is null).
Tensor take(const Tensor& source, std::span<const std::int64_t> positions, Shape shape,
            const Tensor* fill = nullptr);

}  // namespace polygraph::reference
