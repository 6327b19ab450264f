#include "reference/strided.h"

#include <algorithm>

#include "reference/dispatch.h"

namespace polygraph::reference {

Dims strides_of(std::span<const std::int64_t> dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * dims[i - 1];
  return strides;
}

std::int64_t product(std::span<const std::int64_t> dims) {
  std::int64_t result = 1;
  for (const std::int64_t size : dims) result *= size;
  return result;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  Dims dims(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t in_a = i < a.rank() ? a[a.rank() - 1 - i] : 1;
    const std::int64_t in_b = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    if (in_a != in_b && in_a != 1 && in_b != 1) return std::nullopt;
    dims[rank - 1 - i] = in_a == 1 ? in_b : in_a;
  }
  return Shape(std::move(dims));
}

Dims broadcast_strides(const Shape& from, const Shape& to) {
  const Dims own = strides_of(from.dims());
  Dims strides(to.rank(), 0);
  for (std::size_t i = 0; i < from.rank(); ++i)
    if (from[i] != 1) strides[to.rank() - from.rank() + i] = own[i];
  return strides;
}

Tensor strided_copy(const Tensor& source, std::int64_t offset, const Shape& shape, const Dims& strides) {
  Tensor result(source.dtype(), shape);
  const Walk<1> walk(shape.dims(), {strides});
  const std::int64_t step = walk.inner_stride(0);
  with_element(source.dtype(), [&]<class T>() {
    const T* const from = elements<T>(source) + offset;
    T* to = mutable_elements<T>(result);
    walk.for_each_run([&](const std::array<std::int64_t, 1>& offsets, std::int64_t length) {
      const T* run = from + offsets[0];
      if (step == 1)
        std::copy_n(run, length, to);
      else
        for (std::int64_t i = 0; i < length; ++i) to[i] = run[i * step];
      to += length;
    });
  });
  return result;
}

Tensor expand(const Tensor& source, const Shape& shape) {
  if (source.shape() == shape) return source;
  return strided_copy(source, 0, shape, broadcast_strides(source.shape(), shape));
}

Tensor transpose(const Tensor& source, std::span<const std::size_t> permutation) {
  const Dims own = strides_of(source.shape().dims());
  Dims dims, strides;
  for (const std::size_t axis : permutation) {
    dims.push_back(source.shape()[axis]);
    strides.push_back(own[axis]);
  }
  return strided_copy(source, 0, Shape(std::move(dims)), strides);
}

Tensor take(const Tensor& source, std::span<const std::int64_t> positions, Shape shape, const Tensor* fill) {
  Tensor result(source.dtype(), std::move(shape));
  with_element(source.dtype(), [&]<class T>() {
    const T* const from = elements<T>(source);
    T* const to = mutable_elements<T>(result);
    const T other = fill ? elements<T>(*fill)[0] : T();
    for (std::size_t i = 0; i < positions.size(); ++i) to[i] = positions[i] < 0 ? other : from[positions[i]];
  });
  return result;
}

}  // namespace polygraph::reference
