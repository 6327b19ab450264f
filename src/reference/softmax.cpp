#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/operators.h"
#include "reference/parallel.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// f(input, output, length, step) computes one row. Before opset 13 a row was all that follows the axis.
template <class F>
Values by_rows(const Call& call, F&& f) {
  const Shape& all = call.shape(0);
  const bool is_flat = call.opset < 13;
  const std::size_t axis =
      call.axis(call.attribute("axis", std::int64_t{is_flat ? 1 : -1}), all.rank(), is_flat);
  const std::int64_t length = is_flat ? product(all.dims().subspan(axis)) : all[axis];
  const std::int64_t step = is_flat ? 1 : product(all.dims().subspan(axis + 1));
  Tensor result(DataType::float64, all);
  const double* const from = call.floats(0).data();
  double* const to = result.mutable_values<double>().data();
  const std::int64_t rows = length == 0 ? 0 : all.element_count() / length;
  parallel_for(rows, (1 << 13) / std::max<std::int64_t>(length, 1) + 1, call.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   const std::int64_t offset = row / step * length * step + row % step;
                   f(from + offset, to + offset, length, step);
                 }
               });
  return {value_of(std::move(result), call.dtype(0))};
}

double largest(const double* x, std::int64_t length, std::int64_t step) {
  double result = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < length; ++i) result = std::max(result, x[i * step]);
  return result;
}

Values softmax(const Call& call) {
  return by_rows(call, [](const double* x, double* y, std::int64_t length, std::int64_t step) {
    const double base = largest(x, length, step);
    long double sum = 0;
    for (std::int64_t i = 0; i < length; ++i) sum += y[i * step] = std::exp(x[i * step] - base);
    for (std::int64_t i = 0; i < length; ++i) y[i * step] /= static_cast<double>(sum);
  });
}

Values log_softmax(const Call& call) {
  return by_rows(call, [](const double* x, double* y, std::int64_t length, std::int64_t step) {
    const double base = largest(x, length, step);
    long double sum = 0;
    for (std::int64_t i = 0; i < length; ++i) sum += std::exp(x[i * step] - base);
    const auto rest = static_cast<double>(std::log(sum));
    for (std::int64_t i = 0; i < length; ++i) y[i * step] = x[i * step] - base - rest;
  });
}

Values hardmax(const Call& call) {
  return by_rows(call, [](const double* x, double* y, std::int64_t length, std::int64_t step) {
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < length; ++i)
      if (x[i * step] > x[best * step]) best = i;
    y[best * step] = 1;
  });
}

}  // namespace

void add_softmax(Operators& operators) {
  operators.insert({{"Softmax", softmax}, {"LogSoftmax", log_softmax}, {"Hardmax", hardmax}});
}

}  // namespace polygraph::reference
