#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

Value integers_value(const std::vector<std::int64_t>& values) {
  return value_of(Tensor::from<std::int64_t>(std::span<const std::int64_t>(values),
                                             Shape{static_cast<std::int64_t>(values.size())}),
                  DataType::int64);
}

Values top_k(const Call& call) {
  const Shape& all = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-1}), all.rank());
  const std::int64_t k = call.opset < 10 ? call.attribute("k", std::int64_t{1}) : call.integer(1);
  if (k < 0 || k > all[axis]) call.fail(fmt::format("it takes {} elements of an axis of {}.", k, all[axis]));
  const bool largest = call.attribute("largest", std::int64_t{1}) != 0;
  const std::int64_t inner = product(all.dims().subspan(axis + 1)), outer = product(all.dims().first(axis));
  Dims dims(all.begin(), all.end());
  dims[axis] = k;
  Tensor values(call.tensor(0).dtype(), Shape(dims)), indices(DataType::int64, Shape(dims));
  const auto places = indices.mutable_values<std::int64_t>();
  with_number(values.dtype(), [&]<class T>() {
    const T* const from = elements<T>(call.tensor(0));
    T* const to = mutable_elements<T>(values);
    std::vector<std::int64_t> order(static_cast<std::size_t>(all[axis]));
    for (std::int64_t row = 0; row < outer * inner; ++row) {
      const T* const x = from + row / inner * all[axis] * inner + row % inner;
      std::iota(order.begin(), order.end(), 0);
      // NaN counts as the largest; of equals the first comes first.
      const auto above = [](T a, T b) {
        if constexpr (std::is_floating_point_v<T>)
          if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
        return a > b;
      };
      std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](std::int64_t a, std::int64_t b) {
        const T left = x[a * inner], right = x[b * inner];
        if (largest ? above(left, right) : above(right, left)) return true;
        if (largest ? above(right, left) : above(left, right)) return false;
        return a < b;
      });
      for (std::int64_t i = 0; i < k; ++i) {
        const std::int64_t place = (row / inner * k + i) * inner + row % inner;
        to[place] = x[order[static_cast<std::size_t>(i)] * inner];
        places[static_cast<std::size_t>(place)] = order[static_cast<std::size_t>(i)];
      }
    }
  });
  return {value_of(std::move(values), call.dtype(0)), value_of(std::move(indices), DataType::int64)};
}

Values non_zero(const Call& call) {
  const Shape& all = call.shape(0);
  std::vector<std::int64_t> found;
  with_element(call.tensor(0).dtype(), [&]<class T>() {
    const T* const from = elements<T>(call.tensor(0));
    for (std::int64_t i = 0; i < call.tensor(0).element_count(); ++i)
      if (from[i] != T()) found.push_back(i);
  });
  const Dims strides = strides_of(all.dims());
  const auto count = static_cast<std::int64_t>(found.size());
  Tensor result(DataType::int64, Shape{static_cast<std::int64_t>(all.rank()), count});
  const auto out = result.mutable_values<std::int64_t>();
  std::size_t next = 0;
  for (std::size_t axis = 0; axis < all.rank(); ++axis)
    for (const std::int64_t place : found) out[next++] = place / strides[axis] % all[axis];
  return {value_of(std::move(result), DataType::int64)};
}

// The slices along an axis, or all elements, that differ.
Values unique(const Call& call) {
  const bool is_flat = !call.has_attribute("axis");
  const Tensor data =
      is_flat ? call.tensor(0).reshaped(Shape{call.tensor(0).element_count()}) : call.tensor(0);
  const std::size_t axis =
      is_flat ? 0 : call.axis(call.attribute("axis", std::int64_t{0}), data.shape().rank());
  std::vector<std::size_t> to_front{axis};
  for (std::size_t i = 0; i < data.shape().rank(); ++i)
    if (i != axis) to_front.push_back(i);
  const Tensor rows = transpose(data, to_front);
  const auto count = static_cast<std::size_t>(rows.shape()[0]);
  const std::int64_t length = count == 0 ? 0 : rows.element_count() / rows.shape()[0];

  std::vector<std::int64_t> firsts, inverse(count), counts;
  with_element(rows.dtype(), [&]<class T>() {
    if constexpr (requires(T x) { x < x; }) {
      const T* const from = elements<T>(rows);
      const auto less = [&](std::size_t a, std::size_t b) {
        const T* const left = from + static_cast<std::int64_t>(a) * length;
        const T* const right = from + static_cast<std::int64_t>(b) * length;
        return std::lexicographical_compare(left, left + length, right, right + length);
      };
      std::map<std::size_t, std::int64_t, decltype(less)> known(less);
      for (std::size_t i = 0; i < count; ++i) {
        const auto [entry, is_new] = known.try_emplace(i, static_cast<std::int64_t>(firsts.size()));
        if (is_new) {
          firsts.push_back(static_cast<std::int64_t>(i));
          counts.push_back(0);
        }
        inverse[i] = entry->second;
        ++counts[static_cast<std::size_t>(entry->second)];
      }
      if (call.attribute("sorted", std::int64_t{1}) != 0) {
        std::vector<std::int64_t> new_firsts, new_counts, new_number(firsts.size());
        for (const auto& [row, number] : known) {
          new_number[static_cast<std::size_t>(number)] = static_cast<std::int64_t>(new_firsts.size());
          new_firsts.push_back(firsts[static_cast<std::size_t>(number)]);
          new_counts.push_back(counts[static_cast<std::size_t>(number)]);
        }
        for (std::int64_t& number : inverse) number = new_number[static_cast<std::size_t>(number)];
        firsts = std::move(new_firsts);
        counts = std::move(new_counts);
      }
    }
  });
  std::vector<std::int64_t> positions;
  for (const std::int64_t row : firsts)
    for (std::int64_t j = 0; j < length; ++j) positions.push_back(row * length + j);
  Dims dims = dims_of(rows);
  dims[0] = static_cast<std::int64_t>(firsts.size());
  std::vector<std::size_t> back(to_front.size());
  for (std::size_t i = 0; i < to_front.size(); ++i) back[to_front[i]] = i;
  return {value_of(transpose(take(rows, positions, Shape(dims)), back), call.dtype(0)),
          integers_value(firsts), integers_value(inverse), integers_value(counts)};
}

}  // namespace

void add_selection(Operators& operators) {
  operators.insert({{"TopK", top_k}, {"NonZero", non_zero}, {"Unique", unique}});
}

}  // namespace polygraph::reference
