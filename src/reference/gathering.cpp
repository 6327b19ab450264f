#include <algorithm>
#include <numeric>

#include "reference/dispatch.h"
#include "reference/indexing.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

Values gather(const Call& call) {
  const Shape& data = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), data.rank());
  const auto indices = call.integers(1);
  const std::int64_t outer = product(data.dims().first(axis)), inner = product(data.dims().subspan(axis + 1));
  Dims dims(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), call.shape(1).begin(), call.shape(1).end());
  dims.insert(dims.end(), data.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.end());
  Tensor result(call.tensor(0).dtype(), Shape(dims));
  with_element(result.dtype(), [&]<class T>() {
    const T* const from = elements<T>(call.tensor(0));
    T* to = mutable_elements<T>(result);
    for (std::int64_t i = 0; i < outer; ++i)
      for (const std::int64_t index : indices)
        to = std::copy_n(from + (i * data[axis] + in_range(call, index, data[axis])) * inner, inner, to);
  });
  return {value_of(std::move(result), call.dtype(0))};
}

Values gather_elements(const Call& call) {
  return {value_of(take(call.tensor(0), element_positions(call), call.shape(1)), call.dtype(0))};
}

Values gather_nd(const Call& call) {
  const Shape &data = call.shape(0), &shape = call.shape(1);
  const auto batch = static_cast<std::size_t>(call.attribute("batch_dims", std::int64_t{0}));
  if (shape.rank() == 0) call.fail("its indices are a scalar.");
  const auto depth = static_cast<std::size_t>(shape[shape.rank() - 1]);
  if (batch + depth > data.rank()) call.fail("its indices are longer than the rank of its data.");
  for (std::size_t i = 0; i < batch; ++i)
    if (i + 1 >= shape.rank() || shape[i] != data[i]) call.fail("its inputs are not of the same batch.");
  const auto indices = call.integers(1);
  const Dims strides = strides_of(data.dims());
  const std::int64_t inner = product(data.dims().subspan(batch + depth));
  const std::int64_t batches = product(data.dims().first(batch));
  const std::int64_t batch_step = product(data.dims().subspan(batch));
  Dims dims(shape.begin(), shape.end() - 1);
  dims.insert(dims.end(), data.begin() + static_cast<std::ptrdiff_t>(batch + depth), data.end());
  const auto tuples = depth == 0 ? product(shape.dims().first(shape.rank() - 1))
                                 : static_cast<std::int64_t>(indices.size() / depth);
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < tuples; ++i) {
    std::int64_t begin =
        i / std::max<std::int64_t>(tuples / std::max<std::int64_t>(batches, 1), 1) * batch_step;
    for (std::size_t k = 0; k < depth; ++k)
      begin += in_range(call, indices[static_cast<std::size_t>(i) * depth + k], data[batch + k]) *
               strides[batch + k];
    for (std::int64_t j = 0; j < inner; ++j) positions.push_back(begin + j);
  }
  return {value_of(take(call.tensor(0), positions, Shape(dims)), call.dtype(0))};
}

Values compress(const Call& call) {
  const auto chosen = call.tensor(1).values<bool>();
  const bool is_flat = !call.has_attribute("axis");
  const Shape data = is_flat ? Shape{call.tensor(0).element_count()} : call.shape(0);
  const std::size_t axis = is_flat ? 0 : call.axis(call.attribute("axis", std::int64_t{0}), data.rank());
  const std::int64_t outer = product(data.dims().first(axis)), inner = product(data.dims().subspan(axis + 1));
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < chosen.size() && static_cast<std::int64_t>(i) < data[axis]; ++i)
    if (chosen[i]) kept.push_back(static_cast<std::int64_t>(i));
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < outer; ++i)
    for (const std::int64_t place : kept)
      for (std::int64_t j = 0; j < inner; ++j) positions.push_back((i * data[axis] + place) * inner + j);
  Dims dims(data.begin(), data.end());
  dims[axis] = static_cast<std::int64_t>(kept.size());
  return {value_of(take(call.tensor(0), positions, Shape(dims)), call.dtype(0))};
}

}  // namespace

void add_gathering(Operators& operators) {
  operators.insert({
      {"Gather", gather},
      {"GatherElements", gather_elements},
      {"GatherND", gather_nd},
      {"Compress", compress},
  });
}

}  // namespace polygraph::reference
