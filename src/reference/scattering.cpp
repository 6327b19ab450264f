#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "reference/dispatch.h"
#include "reference/indexing.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

enum class Reduction { none, add, mul, max, min };

Reduction reduction_of(const Call& call) {
  const std::string_view name = call.attribute("reduction", "none");
  if (name == "none") return Reduction::none;
  if (name == "add") return Reduction::add;
  if (name == "mul") return Reduction::mul;
  if (name == "max") return Reduction::max;
  if (name == "min") return Reduction::min;
  call.fail(fmt::format("it has the reduction '{}'; none, add, mul, max and min are allowed.", name));
}

template <class T>
void reduce_into(T& target, const T& update, Reduction reduction) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                std::is_same_v<T, std::complex<double>>) {
    target = update;
  } else {
    switch (reduction) {
      case Reduction::none:
        target = update;
        break;
      case Reduction::add:
        target = static_cast<T>(target + update);
        break;
      case Reduction::mul:
        target = static_cast<T>(target * update);
        break;
      case Reduction::max:
        target = std::max(target, update);
        break;
      case Reduction::min:
        target = std::min(target, update);
        break;
    }
  }
}

// positions[i] is where update i goes.
Values scatter(const Call& call, const Tensor& updates, std::span<const std::int64_t> positions) {
  const Reduction reduction = reduction_of(call);
  if (updates.dtype() != call.tensor(0).dtype() ||
      updates.element_count() != static_cast<std::int64_t>(positions.size()))
    call.fail("its updates have not the type of its data or not the shape that its indices ask for.");
  Tensor result = call.tensor(0).clone();
  with_element(result.dtype(), [&]<class T>() {
    T* const to = mutable_elements<T>(result);
    const T* const from = elements<T>(updates);
    for (std::size_t i = 0; i < positions.size(); ++i) reduce_into(to[positions[i]], from[i], reduction);
  });
  return {value_of(std::move(result), call.dtype(0))};
}

Values scatter_elements(const Call& call) {
  return scatter(call, call.tensor(2), element_positions(call));
}

Values scatter_nd(const Call& call) {
  const Shape &data = call.shape(0), &shape = call.shape(1);
  if (shape.rank() == 0) call.fail("its indices are a scalar.");
  const auto depth = static_cast<std::size_t>(shape[shape.rank() - 1]);
  if (depth > data.rank()) call.fail("its indices are longer than the rank of its data.");
  const Dims strides = strides_of(data.dims());
  const auto indices = call.integers(1);
  const std::int64_t inner = product(data.dims().subspan(depth));
  const std::int64_t tuples = product(shape.dims().first(shape.rank() - 1));
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < tuples; ++i) {
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < depth; ++k)
      begin += in_range(call, indices[static_cast<std::size_t>(i) * depth + k], data[k]) * strides[k];
    for (std::int64_t j = 0; j < inner; ++j) positions.push_back(begin + j);
  }
  return scatter(call, call.tensor(2), positions);
}

// A cache along one axis takes in new entries, from a place of its own for each of the batch.
Values tensor_scatter(const Call& call) {
  const Shape &data = call.shape(0), &shape = call.shape(1);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-2}), data.rank());
  if (shape.rank() != data.rank()) call.fail("its inputs have different ranks.");
  const bool is_circular = call.attribute("mode", "linear") == "circular";
  const auto begins = call.has(2) ? call.integers(2) : Dims(static_cast<std::size_t>(data[0]), 0);
  if (begins.size() < static_cast<std::size_t>(shape[0]))
    call.fail("it has fewer places than the batch is large.");
  const Dims strides = strides_of(data.dims()), own = strides_of(shape.dims());
  std::vector<std::int64_t> positions(static_cast<std::size_t>(call.tensor(1).element_count()));
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t k = 0; k < shape.rank(); ++k) {
      std::int64_t place = static_cast<std::int64_t>(i) / own[k] % shape[k];
      if (k == axis) {
        place += begins[static_cast<std::size_t>(static_cast<std::int64_t>(i) / own[0])];
        if (is_circular) place %= data[k];
      }
      positions[i] += in_range(call, place, data[k]) * strides[k];
    }
  }
  return scatter(call, call.tensor(1), positions);
}

}  // namespace

void add_scattering(Operators& operators) {
  operators.insert({
      {"Scatter", scatter_elements},
      {"ScatterElements", scatter_elements},
      {"ScatterND", scatter_nd},
      {"TensorScatter", tensor_scatter},
  });
}

}  // namespace polygraph::reference
