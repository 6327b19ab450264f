#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/parallel.h"
#include "reference/window.h"

namespace polygraph::reference {

namespace {

// Calls f(position, places, taps within the padded input) for each position of the window in one channel.
template <class F>
void for_each_position(const Window& window, F&& f) {
  const Dims out_strides = strides_of(window.output), in_strides = strides_of(window.input),
             tap_strides = strides_of(window.kernel);
  const std::int64_t positions = product(window.output), taps = product(window.kernel);
  const std::size_t rank = window.kernel.size();
  std::vector<std::int64_t> places;
  for (std::int64_t position = 0; position < positions; ++position) {
    places.clear();
    std::int64_t padded = 0;
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      std::int64_t place = 0;
      bool is_inside = true, is_padded = true;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        const std::int64_t at = position / out_strides[axis] % window.output[axis] * window.strides[axis] -
                                window.begin[axis] +
                                tap / tap_strides[axis] % window.kernel[axis] * window.dilations[axis];
        is_inside = is_inside && at >= 0 && at < window.input[axis];
        is_padded = is_padded && at < window.input[axis] + window.end[axis];
        place += at * in_strides[axis];
      }
      if (is_inside) places.push_back(place);
      padded += is_padded ? 1 : 0;
    }
    f(position, places, padded);
  }
}

Tensor output_of(const Call& call, const Window& window, DataType dtype) {
  Dims dims{call.shape(0)[0], call.shape(0)[1]};
  dims.insert(dims.end(), window.output.begin(), window.output.end());
  return Tensor(dtype, Shape(std::move(dims)));
}

Window window_of(const Call& call) {
  return window_of(call, call.shape(0), call.integers_attribute("kernel_shape"),
                   call.attribute("ceil_mode", std::int64_t{0}) != 0);
}

// f(channel, places, padded count) gives one element.
template <class F>
Values pool(const Call& call, F&& f) {
  const Window window = window_of(call);
  Tensor result = output_of(call, window, DataType::float64);
  const double* const in = call.floats(0).data();
  double* const out = result.mutable_values<double>().data();
  const std::int64_t in_size = product(window.input), out_size = product(window.output);
  const std::int64_t channels = call.shape(0)[0] * call.shape(0)[1];
  for_each_position(window,
                    [&](std::int64_t position, const std::vector<std::int64_t>& places, std::int64_t padded) {
                      for (std::int64_t channel = 0; channel < channels; ++channel)
                        out[channel * out_size + position] = f(in + channel * in_size, places, padded);
                    });
  return {value_of(std::move(result), call.dtype(0))};
}

Values average_pool(const Call& call) {
  const bool counts_pads = call.attribute("count_include_pad", std::int64_t{0}) != 0;
  return pool(call, [=](const double* in, const std::vector<std::int64_t>& places, std::int64_t padded) {
    long double sum = 0;
    for (const std::int64_t place : places) sum += in[place];
    return static_cast<double>(
        sum / static_cast<long double>(counts_pads ? padded : static_cast<std::int64_t>(places.size())));
  });
}

Values lp_pool(const Call& call) {
  const auto p = static_cast<double>(call.attribute("p", std::int64_t{2}));
  return pool(call, [=](const double* in, const std::vector<std::int64_t>& places, std::int64_t) {
    long double sum = 0;
    for (const std::int64_t place : places) sum += std::pow(std::abs(in[place]), p);
    return std::pow(static_cast<double>(sum), 1 / p);
  });
}

Values max_pool(const Call& call) {
  const Window window = window_of(call);
  Tensor result = output_of(call, window, call.tensor(0).dtype()),
         indices = output_of(call, window, DataType::int64);
  const std::int64_t in_size = product(window.input), out_size = product(window.output);
  const std::int64_t channels = call.shape(0)[0] * call.shape(0)[1];
  // Indices count in row-major order, or column by column.
  const bool by_column = call.attribute("storage_order", std::int64_t{0}) != 0;
  const Dims strides = strides_of(window.input);
  const auto index_of = [&](std::int64_t place) {
    if (!by_column) return place;
    std::int64_t index = 0, step = 1;
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      index += place / strides[axis] % window.input[axis] * step;
      step *= window.input[axis];
    }
    return index;
  };
  const auto numbers = indices.mutable_values<std::int64_t>();
  with_number(result.dtype(), [&]<class T>() {
    const T* const in = elements<T>(call.tensor(0));
    T* const out = mutable_elements<T>(result);
    for_each_position(window,
                      [&](std::int64_t position, const std::vector<std::int64_t>& places, std::int64_t) {
                        for (std::int64_t channel = 0; channel < channels; ++channel) {
                          const T* const from = in + channel * in_size;
                          T best = std::numeric_limits<T>::lowest();
                          if constexpr (std::is_floating_point_v<T>)
                            best = -std::numeric_limits<T>::infinity();
                          std::int64_t at = places.empty() ? -1 : places[0];
                          for (const std::int64_t place : places) {
                            bool is_better = from[place] > best;
                            if constexpr (std::is_floating_point_v<T>)
                              is_better = is_better || (std::isnan(from[place]) && !std::isnan(best));
                            if (is_better) {
                              best = from[place];
                              at = place;
                            }
                          }
                          out[channel * out_size + position] = best;
                          numbers[static_cast<std::size_t>(channel * out_size + position)] =
                              channel * in_size + (at < 0 ? 0 : index_of(at));
                        }
                      });
  });
  return {value_of(std::move(result), call.dtype(0)), value_of(std::move(indices), DataType::int64)};
}

Values max_unpool(const Call& call) {
  const Shape& shape = call.shape(0);
  const Dims kernel = call.integers_attribute("kernel_shape");
  Dims strides = call.integers_attribute("strides"), pads = call.integers_attribute("pads");
  strides.resize(kernel.size(), 1);
  pads.resize(2 * kernel.size(), 0);
  Dims inferred{shape[0], shape[1]};
  for (std::size_t i = 0; i < kernel.size(); ++i)
    inferred.push_back((shape[i + 2] - 1) * strides[i] - pads[i] - pads[kernel.size() + i] + kernel[i]);
  const Dims dims = call.has(2) ? call.integers(2) : inferred;
  Tensor result(DataType::float64, Shape(dims));
  const auto in = call.floats(0);
  const auto indices = call.integers(1);
  const std::int64_t pooled = product(shape.dims().subspan(2)),
                     from = product(std::span(inferred).subspan(2)), to = product(std::span(dims).subspan(2));
  const Dims from_strides = strides_of(inferred), to_strides = strides_of(dims);
  for (std::size_t i = 0; i < in.size(); ++i) {
    // An index counts within the whole tensor of the inferred shape.
    const std::int64_t channel = static_cast<std::int64_t>(i) / pooled;
    std::int64_t place = channel * to;
    const std::int64_t within = indices[i] - channel * from;
    for (std::size_t axis = 2; axis < dims.size(); ++axis)
      place += within / from_strides[axis] % inferred[axis] * to_strides[axis];
    if (within < 0 || within >= from || place >= result.element_count())
      call.fail("an index lies outside of its channel.");
    result.mutable_values<double>()[static_cast<std::size_t>(place)] = in[i];
  }
  return {value_of(std::move(result), call.dtype(0))};
}

// f(row of one channel)
template <class F>
Values global_pool(const Call& call, F&& f) {
  const Shape& shape = call.shape(0);
  if (shape.rank() < 2) call.fail("its input has no channels.");
  Dims dims(shape.rank(), 1);
  dims[0] = shape[0];
  dims[1] = shape[1];
  Tensor result(DataType::float64, Shape(dims));
  const auto size = static_cast<std::size_t>(product(shape.dims().subspan(2)));
  const auto in = call.floats(0);
  const auto out = result.mutable_values<double>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(in.subspan(i * size, size));
  return {value_of(std::move(result), call.dtype(0))};
}

Values global_average(const Call& call) {
  return global_pool(call, [](std::span<const double> row) {
    long double sum = 0;
    for (const double x : row) sum += x;
    return static_cast<double>(sum / static_cast<long double>(row.size()));
  });
}
Values global_max(const Call& call) {
  return global_pool(call, [](std::span<const double> row) {
    double result = -std::numeric_limits<double>::infinity();
    for (const double x : row) result = x > result || std::isnan(x) ? x : result;
    return result;
  });
}
Values global_lp(const Call& call) {
  const auto p = static_cast<double>(call.attribute("p", std::int64_t{2}));
  return global_pool(call, [=](std::span<const double> row) {
    long double sum = 0;
    for (const double x : row) sum += std::pow(std::abs(x), p);
    return std::pow(static_cast<double>(sum), 1 / p);
  });
}

}  // namespace

void add_pooling(Operators& operators) {
  operators.insert({
      {"AveragePool", average_pool},
      {"LpPool", lp_pool},
      {"MaxPool", max_pool},
      {"MaxUnpool", max_unpool},
      {"GlobalAveragePool", global_average},
      {"GlobalMaxPool", global_max},
      {"GlobalLpPool", global_lp},
  });
}

}  // namespace polygraph::reference
