#include "compare/align_shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace polygraph::compare::detail {
namespace {

/// The first axis not taken of each length wanted.
std::vector<std::size_t> permutation(const Shape& from, const Shape& to) {
  std::vector<std::size_t> order;
  for (const std::int64_t length : to) {
    std::size_t axis = 0;
    while (from[axis] != length || std::ranges::find(order, axis) != order.end()) ++axis;
    order.push_back(axis);
  }
  return order;
}

bool is_permutation(const Shape& from, const Shape& to) {
  std::vector<std::int64_t> a(from.begin(), from.end()), b(to.begin(), to.end());
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

/// Of any type: element by element.
Tensor permuted(const Tensor& tensor, const Shape& shape, const std::vector<std::size_t>& order) {
  const Tensor source = tensor.contiguous();
  std::vector<std::int64_t> steps(order.size());  // in elements of `source`
  std::int64_t step = 1;
  std::vector<std::int64_t> all_steps(order.size());
  for (std::size_t axis = order.size(); axis-- > 0;) {
    all_steps[axis] = step;
    step *= source.shape()[axis];
  }
  for (std::size_t axis = 0; axis < order.size(); ++axis) steps[axis] = all_steps[order[axis]];
  const int bits = bit_width(source.dtype());
  if (bits >= 8) {
    std::vector<std::int64_t> strides;
    for (const std::int64_t each : steps) strides.push_back(each * (bits / 8));
    // The view is only read, and holds the source.
    void* const data = const_cast<void*>(source.data());
    const auto keep_alive = std::make_shared<const Tensor>(source);
    return Tensor::strided_view(data, source.dtype(), shape, std::move(strides), keep_alive).clone();
  }
  const auto source_index = [&](std::int64_t index) {
    std::int64_t at = 0;
    for (std::size_t axis = order.size(); axis-- > 0;) {
      at += index % shape[axis] * steps[axis];
      index /= shape[axis];
    }
    return static_cast<std::size_t>(at);
  };
  if (source.dtype() == DataType::string) {
    Tensor result(DataType::string, shape);
    for (std::int64_t i = 0; i < result.element_count(); ++i)
      result.mutable_strings()[static_cast<std::size_t>(i)] = source.strings()[source_index(i)];
    return result;
  }
  const Tensor wide = source.cast(DataType::float32);  // holds numbers of 2 and 4 bits exactly
  Tensor result(DataType::float32, shape);
  for (std::int64_t i = 0; i < result.element_count(); ++i)
    result.mutable_values<float>()[static_cast<std::size_t>(i)] = wide.values<float>()[source_index(i)];
  return result.cast(source.dtype());
}

}  // namespace

Tensor match_shape(const Tensor& tensor, const Shape& shape, std::vector<std::string>& notes) {
  if (tensor.shape() == shape) return tensor;
  const std::string from = tensor.shape().str(), to = shape.str();
  if (is_permutation(tensor.shape(), shape)) {
    const std::vector<std::size_t> order = permutation(tensor.shape(), shape);
    notes.push_back(fmt::format("Permuted array of shape: {} to: {} using permutation [{}]", from, to,
                                fmt::join(order, ", ")));
    return permuted(tensor, shape, order);
  }
  if (tensor.element_count() == shape.element_count()) {
    notes.push_back(fmt::format("Reshaped array from shape: {} to: {}", from, to));
    return tensor.contiguous().reshaped(shape);
  }
  notes.push_back(fmt::format("Could not reshape array from shape: {} to {}.", from, to));
  return tensor;
}

}  // namespace polygraph::compare::detail
