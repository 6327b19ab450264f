#include <type_traits>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

template <class F>
Values accumulate(const Call& call, int start, F&& f) {
  const Shape& all = call.shape(0);
  const std::size_t axis = call.axis(call.integer(1), all.rank());
  const bool is_exclusive = call.attribute("exclusive", std::int64_t{0}) != 0;
  const bool is_reverse = call.attribute("reverse", std::int64_t{0}) != 0;
  const std::int64_t size = all[axis], inner = product(all.dims().subspan(axis + 1));
  const std::int64_t rows = size == 0 ? 0 : all.element_count() / size;
  Tensor result(call.tensor(0).dtype(), all);
  with_number(result.dtype(), [&]<class T>() {
    using Wide = std::conditional_t<std::is_floating_point_v<T>, long double, std::uint64_t>;
    const T* const from = elements<T>(call.tensor(0));
    T* const to = mutable_elements<T>(result);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t begin = row / inner * size * inner + row % inner;
      auto total = static_cast<Wide>(start);
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t place = begin + (is_reverse ? size - 1 - i : i) * inner;
        const Wide before = total;
        total = f(total, static_cast<Wide>(from[place]));
        to[place] = static_cast<T>(is_exclusive ? before : total);
      }
    }
  });
  return {value_of(std::move(result), call.dtype(0))};
}

}  // namespace

void add_cumulative(Operators& operators) {
  operators.insert({
      {"CumSum", [](const Call& c) { return accumulate(c, 0, [](auto a, auto b) { return a + b; }); }},
      {"CumProd", [](const Call& c) { return accumulate(c, 1, [](auto a, auto b) { return a * b; }); }},
  });
}

}  // namespace polygraph::reference
