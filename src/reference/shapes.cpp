#include <fmt/format.h>

#include <algorithm>

#include "reference/operators.h"
#include "reference/strided.h"

// Operators that change or tell the shape and leave the elements as they lie.
namespace polygraph::reference {

namespace {

Value integers_value(std::span<const std::int64_t> values) {
  return value_of(Tensor::from<std::int64_t>(values, Shape{static_cast<std::int64_t>(values.size())}),
                  DataType::int64);
}

Values with_shape(const Call& call, Dims dims) {
  Shape shape(std::move(dims));
  if (shape.element_count() != call.tensor(0).element_count())
    call.fail(
        fmt::format("a tensor of shape {} cannot take the shape {}.", call.shape(0).str(), shape.str()));
  return {value_of(call.tensor(0).reshaped(std::move(shape)), call.dtype(0))};
}

// Given by an attribute in older versions, by the second input in newer ones.
std::vector<std::int64_t> axes_of(const Call& call) {
  return call.has(1) ? call.integers(1) : call.integers_attribute("axes");
}

Values shape(const Call& call) {
  const Shape& all = call.shape(0);
  const auto rank = static_cast<std::int64_t>(all.rank());
  const auto bound = [&](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t begin = bound(call.attribute("start", std::int64_t{0}));
  const std::int64_t end = std::max(begin, bound(call.attribute("end", rank)));
  return {integers_value(
      all.dims().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)))};
}

Values size(const Call& call) {
  return {value_of(Tensor::full(Shape{}, call.tensor(0).element_count()), DataType::int64)};
}

Values reshape(const Call& call) {
  Dims dims = call.has(1) ? call.integers(1) : call.integers_attribute("shape");
  const bool keeps_zero = call.attribute("allowzero", std::int64_t{0}) != 0;
  std::optional<std::size_t> open;
  std::int64_t others = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !keeps_zero) {
      if (i >= call.shape(0).rank()) call.fail("its shape keeps a dimension that the tensor does not have.");
      dims[i] = call.shape(0)[i];
    }
    if (dims[i] == -1)
      open = i;
    else
      others *= dims[i];
  }
  if (open) dims[*open] = others == 0 ? 0 : call.tensor(0).element_count() / others;
  if (std::ranges::any_of(dims, [](std::int64_t dim) { return dim < 0; }))
    call.fail("its shape has a negative dimension, or more than one -1.");
  return with_shape(call, std::move(dims));
}

Values flatten(const Call& call) {
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{1}), call.shape(0).rank(), true);
  const auto dims = call.shape(0).dims();
  return with_shape(call, {product(dims.first(axis)), product(dims.subspan(axis))});
}

Values squeeze(const Call& call) {
  const Shape& all = call.shape(0);
  std::vector<bool> is_removed(all.rank(), false);
  const auto axes = axes_of(call);
  for (const std::int64_t axis : axes) is_removed[call.axis(axis, all.rank())] = true;
  if (axes.empty() && !call.has(1))
    for (std::size_t i = 0; i < all.rank(); ++i) is_removed[i] = all[i] == 1;
  Dims dims;
  for (std::size_t i = 0; i < all.rank(); ++i)
    if (!is_removed[i])
      dims.push_back(all[i]);
    else if (all[i] != 1)
      call.fail(fmt::format("axis {} of the shape {} cannot be removed: it is not 1.", i, all.str()));
  return with_shape(call, std::move(dims));
}

Values unsqueeze(const Call& call) {
  const auto axes = axes_of(call);
  const std::size_t rank = call.shape(0).rank() + axes.size();
  std::vector<bool> is_new(rank, false);
  for (const std::int64_t axis : axes) is_new[call.axis(axis, rank)] = true;
  if (static_cast<std::size_t>(std::ranges::count(is_new, true)) != axes.size())
    call.fail("an axis is given twice.");
  Dims dims;
  std::size_t next = 0;
  for (const bool is_one : is_new) dims.push_back(is_one ? 1 : call.shape(0)[next++]);
  return with_shape(call, std::move(dims));
}

}  // namespace

void add_shapes(Operators& operators) {
  operators.insert({
      {"Shape", shape},
      {"Size", size},
      {"Reshape", reshape},
      {"Flatten", flatten},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
  });
}

}  // namespace polygraph::reference
