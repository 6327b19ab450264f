#pragma once

#include <fmt/format.h>

#include "reference/call.h"
#include "reference/dispatch.h"
#include "reference/parallel.h"
#include "reference/strided.h"

// Element by element, with broadcasting.
namespace polygraph::reference {

/// Elements that are worth a thread.
inline constexpr std::int64_t elements_per_thread = 1 << 15;

template <class From, class To, class F>
Tensor map_elements(const Tensor& input, DataType to, int threads, F&& f) {
  Tensor result(to, input.shape());
  const From* const from = elements<From>(input);
  To* const out = mutable_elements<To>(result);
  parallel_for(input.element_count(), elements_per_thread, threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) out[i] = f(from[i]);
               });
  return result;
}

/// The output of f(double) on the first input, which keeps its type.
template <class F>
Values map_floats(const Call& call, F&& f) {
  call.floats(0);
  return {value_of(map_elements<double, double>(call.tensor(0), DataType::float64, call.threads, f),
                   call.dtype(0))};
}

template <class From, class To, class F>
Tensor map_pairs(const Tensor& a, const Tensor& b, DataType to, const Shape& shape, F&& f) {
  Tensor result(to, shape);
  const Walk<2> walk(shape.dims(),
                     {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape)});
  const From* const first = elements<From>(a);
  const From* const second = elements<From>(b);
  To* out = mutable_elements<To>(result);
  const std::int64_t step_a = walk.inner_stride(0), step_b = walk.inner_stride(1);
  walk.for_each_run([&](const std::array<std::int64_t, 2>& offsets, std::int64_t length) {
    const From* const x = first + offsets[0];
    const From* const y = second + offsets[1];
    if (step_a == 1 && step_b == 1)
      for (std::int64_t i = 0; i < length; ++i) out[i] = f(x[i], y[i]);
    else if (step_a == 1 && step_b == 0)
      for (std::int64_t i = 0; i < length; ++i) out[i] = f(x[i], y[0]);
    else
      for (std::int64_t i = 0; i < length; ++i) out[i] = f(x[i * step_a], y[i * step_b]);
    out += length;
  });
  return result;
}

inline Shape broadcast_shape(const Call& call, const Shape& a, const Shape& b) {
  const auto shape = broadcast(a, b);
  if (!shape) call.fail(fmt::format("the shapes {} and {} do not broadcast.", a.str(), b.str()));
  return *shape;
}

}  // namespace polygraph::reference
