#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reference/elementwise.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

struct Moments {
  double mean, variance;
};

Moments moments(std::span<const double> row) {
  long double sum = 0, squares = 0;
  for (const double x : row) sum += x;
  const long double mean = sum / static_cast<long double>(row.size());
  for (const double x : row) squares += (x - mean) * (x - mean);
  return {static_cast<double>(mean), static_cast<double>(squares / static_cast<long double>(row.size()))};
}

std::size_t unsigned_size(std::int64_t size) {
  return static_cast<std::size_t>(size);
}

// y = (x - mean) / sqrt(variance + epsilon) * scale + bias with numbers for each channel, axis 1.
Values batch_normalization(const Call& call) {
  const Shape& shape = call.shape(0);
  const double epsilon = call.attribute("epsilon", 1e-5f), momentum = call.attribute("momentum", 0.9f);
  const bool is_training = call.attribute("training_mode", std::int64_t{0}) != 0;
  const auto in = call.floats(0), scale = call.floats(1), bias = call.floats(2);
  const auto known_mean = call.floats(3), known_variance = call.floats(4);
  const auto channels = shape.rank() < 2 ? std::size_t{1} : unsigned_size(shape[1]);
  const std::size_t inner = shape.rank() < 2 ? 1 : unsigned_size(product(shape.dims().subspan(2)));
  if (scale.size() != channels || bias.size() != channels || known_mean.size() != channels ||
      known_variance.size() != channels)
    call.fail(
        fmt::format("scale, bias, mean and variance have not one number for each of {} channels.", channels));
  Tensor result(DataType::float64, shape), means(DataType::float64, call.shape(3)),
      variances(DataType::float64, call.shape(4));
  const auto out = result.mutable_values<double>();
  const std::size_t batch = channels * inner == 0 ? 0 : in.size() / (channels * inner);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    Moments m{known_mean[channel], known_variance[channel]};
    if (is_training) {
      std::vector<double> all;
      for (std::size_t i = 0; i < batch; ++i)
        std::ranges::copy(in.subspan((i * channels + channel) * inner, inner), std::back_inserter(all));
      m = moments(all);
      means.mutable_values<double>()[channel] = known_mean[channel] * momentum + m.mean * (1 - momentum);
      variances.mutable_values<double>()[channel] =
          known_variance[channel] * momentum + m.variance * (1 - momentum);
    }
    const double factor = scale[channel] / std::sqrt(m.variance + epsilon);
    for (std::size_t i = 0; i < batch; ++i) {
      const std::size_t begin = (i * channels + channel) * inner;
      for (std::size_t k = begin; k < begin + inner; ++k) out[k] = (in[k] - m.mean) * factor + bias[channel];
    }
  }
  Values outputs{value_of(std::move(result), call.dtype(0))};
  if (is_training) {
    outputs.push_back(value_of(std::move(means), call.dtype(3)));
    outputs.push_back(value_of(std::move(variances), call.dtype(4)));
  }
  return outputs;
}

Tensor scaled(const Call& call, const Tensor& x, std::size_t scale, std::size_t bias) {
  Tensor result = x;
  if (call.has(scale))
    result =
        map_pairs<double, double>(result, call.tensor(scale), DataType::float64,
                                  broadcast_shape(call, x.shape(), call.shape(scale)), std::multiplies());
  if (call.has(bias))
    result = map_pairs<double, double>(result, call.tensor(bias), DataType::float64,
                                       broadcast_shape(call, x.shape(), call.shape(bias)), std::plus());
  return result;
}

Values layer_normalization(const Call& call) {
  const Shape& shape = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-1}), shape.rank());
  const double epsilon = call.attribute("epsilon", 1e-5f);
  const auto length = unsigned_size(product(shape.dims().subspan(axis)));
  Dims dims(shape.begin(), shape.end());
  std::fill(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end(), 1);
  Tensor normal(DataType::float64, shape), means(DataType::float64, Shape(dims)),
      inverses(DataType::float64, Shape(dims));
  const auto in = call.floats(0);
  const auto out = normal.mutable_values<double>();
  for (std::size_t row = 0; length != 0 && row < in.size() / length; ++row) {
    const Moments m = moments(in.subspan(row * length, length));
    const double inverse = 1 / std::sqrt(m.variance + epsilon);
    means.mutable_values<double>()[row] = m.mean;
    inverses.mutable_values<double>()[row] = inverse;
    for (std::size_t i = row * length; i < (row + 1) * length; ++i) out[i] = (in[i] - m.mean) * inverse;
  }
  const DataType stash = call.type_attribute("stash_type", DataType::float32);
  return {value_of(scaled(call, normal, 1, 2), call.dtype(0)), value_of(std::move(means), stash),
          value_of(std::move(inverses), stash)};
}

Values rms_normalization(const Call& call) {
  const Shape& shape = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-1}), shape.rank());
  const double epsilon = call.attribute("epsilon", 1e-5f);
  const auto length = unsigned_size(product(shape.dims().subspan(axis)));
  Tensor normal(DataType::float64, shape);
  const auto in = call.floats(0);
  const auto out = normal.mutable_values<double>();
  for (std::size_t row = 0; length != 0 && row < in.size() / length; ++row) {
    long double squares = 0;
    for (const double x : in.subspan(row * length, length)) squares += static_cast<long double>(x) * x;
    const double inverse =
        1 / std::sqrt(static_cast<double>(squares / static_cast<long double>(length)) + epsilon);
    for (std::size_t i = row * length; i < (row + 1) * length; ++i) out[i] = in[i] * inverse;
  }
  return {value_of(scaled(call, normal, 1, call.inputs.size()), call.dtype(0))};
}

// Groups of channels; scale and bias for each channel, or (before opset 21) for each group.
Value normalize_groups(const Call& call, std::int64_t groups) {
  const Shape& shape = call.shape(0);
  if (shape.rank() < 2 || groups < 1 || shape[1] % groups != 0)
    call.fail("its channels do not divide into groups.");
  const double epsilon = call.attribute("epsilon", 1e-5f);
  const auto in = call.floats(0), scale = call.floats(1), bias = call.floats(2);
  const auto channels = unsigned_size(shape[1]), inner = unsigned_size(product(shape.dims().subspan(2)));
  const std::size_t length = channels / unsigned_size(groups) * inner;
  if (scale.empty() || scale.size() != bias.size() || channels % scale.size() != 0)
    call.fail("scale and bias do not fit its channels.");
  Tensor result(DataType::float64, shape);
  const auto out = result.mutable_values<double>();
  for (std::size_t row = 0; length != 0 && row < in.size() / length; ++row) {
    const Moments m = moments(in.subspan(row * length, length));
    const double inverse = 1 / std::sqrt(m.variance + epsilon);
    for (std::size_t i = row * length; i < (row + 1) * length; ++i) {
      const std::size_t which = i / inner % channels / (channels / scale.size());
      out[i] = (in[i] - m.mean) * inverse * scale[which] + bias[which];
    }
  }
  return value_of(std::move(result), call.dtype(0));
}

Values instance_normalization(const Call& call) {
  return {normalize_groups(call, call.shape(0).rank() < 2 ? 1 : call.shape(0)[1])};
}
Values group_normalization(const Call& call) {
  return {normalize_groups(call, call.attribute("num_groups", std::int64_t{1}))};
}

Values lp_normalization(const Call& call) {
  const Shape& shape = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-1}), shape.rank());
  const bool is_l1 = call.attribute("p", std::int64_t{2}) == 1;
  const std::int64_t inner = product(shape.dims().subspan(axis + 1)), size = shape[axis];
  Tensor result(DataType::float64, shape);
  const double* const in = call.floats(0).data();
  double* const out = result.mutable_values<double>().data();
  for (std::int64_t row = 0; size != 0 && row < shape.element_count() / size; ++row) {
    const std::int64_t begin = row / inner * size * inner + row % inner;
    long double sum = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const double x = in[begin + i * inner];
      sum += is_l1 ? std::abs(x) : static_cast<long double>(x) * x;
    }
    const auto norm = static_cast<double>(is_l1 ? sum : std::sqrt(sum));
    for (std::int64_t i = 0; i < size; ++i)
      out[begin + i * inner] = norm == 0 ? 0 : in[begin + i * inner] / norm;
  }
  return {value_of(std::move(result), call.dtype(0))};
}

Values mean_variance_normalization(const Call& call) {
  const Shape& shape = call.shape(0);
  Dims axes = call.integers_attribute("axes");
  if (axes.empty()) axes = {0, 2, 3};
  std::vector<std::size_t> order;
  std::vector<bool> is_reduced(shape.rank(), false);
  for (const std::int64_t axis : axes) is_reduced[call.axis(axis, shape.rank())] = true;
  for (const bool reduced : {false, true})
    for (std::size_t i = 0; i < shape.rank(); ++i)
      if (is_reduced[i] == reduced) order.push_back(i);
  std::size_t length = 1;
  for (std::size_t i = 0; i < shape.rank(); ++i) length *= is_reduced[i] ? unsigned_size(shape[i]) : 1;
  call.floats(0);
  Tensor rows = transpose(call.tensor(0), order);
  const auto values = rows.mutable_values<double>();
  for (std::size_t row = 0; length != 0 && row < values.size() / length; ++row) {
    const Moments m = moments(values.subspan(row * length, length));
    // The function that defines the operator adds this to the deviation.
    for (double& x : values.subspan(row * length, length))
      x = (x - m.mean) / (std::sqrt(m.variance) + static_cast<double>(1e-9f));
  }
  std::vector<std::size_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i]] = i;
  return {value_of(transpose(rows, back), call.dtype(0))};
}

Values lrn(const Call& call) {
  const Shape& shape = call.shape(0);
  const double alpha = call.attribute("alpha", 0.0001f), beta = call.attribute("beta", 0.75f),
               bias = call.attribute("bias", 1.0f);
  const std::int64_t size = call.attribute("size", std::int64_t{1});
  if (shape.rank() < 2) call.fail("its input has no channels.");
  const std::int64_t channels = shape[1], inner = product(shape.dims().subspan(2));
  Tensor result(DataType::float64, shape);
  const double* const in = call.floats(0).data();
  double* const out = result.mutable_values<double>().data();
  for (std::int64_t i = 0; i < shape.element_count(); ++i) {
    const std::int64_t channel = i / inner % channels;
    const std::int64_t first = std::max<std::int64_t>(channel - (size - 1) / 2, 0),
                       last = std::min(channel + size / 2, channels - 1);
    double squares = 0;
    for (std::int64_t c = first; c <= last; ++c) {
      const double x = in[i + (c - channel) * inner];
      squares += x * x;
    }
    out[i] = in[i] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
  }
  return {value_of(std::move(result), call.dtype(0))};
}

}  // namespace

void add_normalizations(Operators& operators) {
  operators.insert({
      {"BatchNormalization", batch_normalization},
      {"LayerNormalization", layer_normalization},
      {"RMSNormalization", rms_normalization},
      {"InstanceNormalization", instance_normalization},
      {"GroupNormalization", group_normalization},
      {"LpNormalization", lp_normalization},
      {"MeanVarianceNormalization", mean_variance_normalization},
      {"LRN", lrn},
  });
}

}  // namespace polygraph::reference
