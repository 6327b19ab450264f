#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/parallel.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// Sums of floats are kept in more than double precision where the processor has it.
template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, long double, std::int64_t>;

struct Axes {
  std::vector<std::size_t> kept, reduced;
  Shape shape;  // of the result
  bool does_nothing = false;
};

Axes axes_of(const Call& call) {
  const Shape& all = call.shape(0);
  const bool by_input = call.has(1);
  const auto given = by_input ? call.integers(1) : call.integers_attribute("axes");
  std::vector<bool> is_reduced(all.rank(), given.empty());
  for (const std::int64_t axis : given) is_reduced[call.axis(axis, all.rank())] = true;
  Axes axes;
  axes.does_nothing = given.empty() && call.attribute("noop_with_empty_axes", std::int64_t{0}) != 0;
  if (axes.does_nothing) is_reduced.assign(all.rank(), false);
  const bool keeps = call.attribute("keepdims", std::int64_t{1}) != 0;
  Dims dims;
  for (std::size_t i = 0; i < all.rank(); ++i) {
    (is_reduced[i] ? axes.reduced : axes.kept).push_back(i);
    if (!is_reduced[i] || keeps) dims.push_back(is_reduced[i] ? 1 : all[i]);
  }
  axes.shape = Shape(std::move(dims));
  return axes;
}

// f(first element, count, step) gives the result of a row of elements.
template <class T, class F>
Values reduce(const Call& call, F&& f) {
  const Axes axes = axes_of(call);
  std::vector<std::size_t> order = axes.kept;
  order.insert(order.end(), axes.reduced.begin(), axes.reduced.end());
  const Tensor rows = std::ranges::is_sorted(order) ? call.tensor(0) : transpose(call.tensor(0), order);
  std::int64_t length = 1;
  for (const std::size_t axis : axes.reduced) length *= call.shape(0)[axis];
  Tensor result(call.tensor(0).dtype(), axes.shape);
  const T* const from = elements<T>(rows);
  T* const to = mutable_elements<T>(result);
  parallel_for(result.element_count(), (1 << 15) / std::max<std::int64_t>(length, 1) + 1, call.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i)
                   to[i] = f(std::span(from + i * length, static_cast<std::size_t>(length)));
               });
  return {value_of(std::move(result), call.dtype(0))};
}

// finish(sum of term(x), count)
template <class Term, class Finish>
Values reduce_sum(const Call& call, Term&& term, Finish&& finish) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() {
    return reduce<T>(call, [&](std::span<const T> row) {
      Wide<T> sum = 0;
      for (const T x : row) sum += term(static_cast<Wide<T>>(x));
      return static_cast<T>(finish(sum, static_cast<Wide<T>>(row.size())));
    });
  });
}

constexpr auto itself = [](auto x) { return x; };
constexpr auto square = [](auto x) { return x * x; };
constexpr auto just_sum = [](auto sum, auto) { return sum; };

Values mean(const Call& call) {
  return reduce_sum(call, itself, [&](auto sum, auto count) {
    using T = decltype(sum);
    if constexpr (std::is_integral_v<T>)
      if (count == 0) call.fail("it takes the mean of no integers.");
    return sum / count;
  });
}
Values l2(const Call& call) {
  return reduce_sum(call, square, [](auto sum, auto) { return std::sqrt(static_cast<long double>(sum)); });
}
Values l1(const Call& call) {
  return reduce_sum(
      call, [](auto x) { return x < 0 ? -x : x; }, just_sum);
}
Values log_sum(const Call& call) {
  return reduce_sum(call, itself, [](auto sum, auto) { return std::log(static_cast<long double>(sum)); });
}
Values product_of(const Call& call) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() {
    return reduce<T>(call, [](std::span<const T> row) {
      std::conditional_t<std::is_floating_point_v<T>, long double, std::uint64_t> result = 1;
      for (const T x : row) result *= static_cast<decltype(result)>(x);
      return static_cast<T>(result);
    });
  });
}
Values log_sum_exp(const Call& call) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() {
    return reduce<T>(call, [](std::span<const T> row) {
      double largest = -std::numeric_limits<double>::infinity();
      for (const T x : row) largest = std::max(largest, static_cast<double>(x));
      const double base = std::isfinite(largest) ? largest : 0;
      long double sum = 0;
      for (const T x : row) sum += std::exp(static_cast<double>(x) - base);
      return static_cast<T>(static_cast<double>(std::log(sum)) + base);
    });
  });
}

// Of no elements: the end of the type's range. NaN wins.
template <bool is_max>
Values extreme(const Call& call) {
  if (call.tensor(0).dtype() == DataType::boolean)
    return reduce<bool>(call, [](std::span<const bool> row) {
      return is_max ? std::ranges::find(row, true) != row.end() : std::ranges::find(row, false) == row.end();
    });
  return with_number(call.tensor(0).dtype(), [&]<class T>() {
    return reduce<T>(call, [](std::span<const T> row) {
      T result = is_max ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
      if constexpr (std::is_floating_point_v<T>)
        result = is_max ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
      for (const T x : row) {
        if constexpr (std::is_floating_point_v<T>)
          if (std::isnan(x)) return x;
        if (is_max ? x > result : x < result) result = x;
      }
      return result;
    });
  });
}

template <bool is_max>
Values arg_extreme(const Call& call) {
  const Shape& all = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), all.rank());
  const bool takes_last = call.attribute("select_last_index", std::int64_t{0}) != 0;
  const std::int64_t inner = product(all.dims().subspan(axis + 1)), size = all[axis];
  if (size == 0) call.fail("its axis has no elements.");
  Dims dims(all.begin(), all.end());
  dims[axis] = 1;
  if (call.attribute("keepdims", std::int64_t{1}) == 0)
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  Tensor result(DataType::int64, Shape(dims));
  const auto out = result.mutable_values<std::int64_t>();
  with_number(call.tensor(0).dtype(), [&]<class T>() {
    const T* const from = elements<T>(call.tensor(0));
    for (std::int64_t i = 0; i < result.element_count(); ++i) {
      const T* const row = from + i / inner * size * inner + i % inner;
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < size; ++k) {
        const T x = row[k * inner], y = row[best * inner];
        if ((is_max ? x > y : x < y) || (takes_last && x == y)) best = k;
      }
      out[static_cast<std::size_t>(i)] = best;
    }
  });
  return {value_of(std::move(result), DataType::int64)};
}

}  // namespace

void add_reductions(Operators& operators) {
  operators.insert({
      {"ReduceSum", [](const Call& c) { return reduce_sum(c, itself, just_sum); }},
      {"ReduceSumSquare", [](const Call& c) { return reduce_sum(c, square, just_sum); }},
      {"ReduceMean", mean},
      {"ReduceL1", l1},
      {"ReduceL2", l2},
      {"ReduceLogSum", log_sum},
      {"ReduceLogSumExp", log_sum_exp},
      {"ReduceProd", product_of},
      {"ReduceMax", extreme<true>},
      {"ReduceMin", extreme<false>},
      {"ArgMax", arg_extreme<true>},
      {"ArgMin", arg_extreme<false>},
  });
}

}  // namespace polygraph::reference
