#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/convolution.h"
#include "reference/elementwise.h"
#include "reference/matrix_product.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

// The ends of the range of an integer type.
std::pair<double, double> range_of(const Call& call, DataType dtype) {
  if (!is_integral(dtype)) call.fail(fmt::format("it cannot quantise to {}.", to_string(dtype)));
  const int bits = bit_width(dtype);
  const bool is_signed = to_string(dtype)[0] == 'i';
  return is_signed ? std::pair(-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1)
                   : std::pair(0.0, std::ldexp(1, bits) - 1);
}

// Scale or zero point as a tensor that broadcasts to `shape`: one number, one for each place along an axis,
// or (with blocks) one for each block along it.
Tensor spread(const Call& call, const Tensor& parameter, const Shape& shape, std::int64_t block) {
  Tensor values = parameter.cast(DataType::float64);
  if (values.element_count() == 1) return values.reshaped(Shape{});
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{1}), shape.rank());
  if (block == 0 && values.shape().rank() == 1) {
    Dims dims(shape.rank(), 1);
    dims[axis] = values.shape()[0];
    if (dims[axis] != shape[axis]) call.fail("it has not one scale for each place along its axis.");
    return values.reshaped(Shape(dims));
  }
  if (block == 0) return values;
  if (values.shape().rank() != shape.rank()) call.fail("its scales do not fit its blocks.");
  const Dims own = strides_of(values.shape().dims()), all = strides_of(shape.dims());
  std::vector<std::int64_t> positions(static_cast<std::size_t>(shape.element_count()));
  for (std::size_t i = 0; i < positions.size(); ++i)
    for (std::size_t k = 0; k < shape.rank(); ++k) {
      const std::int64_t place = static_cast<std::int64_t>(i) / all[k] % shape[k];
      const std::int64_t at = k == axis ? place / block : place;
      if (at >= values.shape()[k]) call.fail("its scales do not fit its blocks.");
      positions[i] += at * own[k];
    }
  return take(values, positions, shape);
}

template <class F>
Tensor pairwise(const Call& call, const Tensor& a, const Tensor& b, F&& f) {
  return map_pairs<double, double>(a, b, DataType::float64, broadcast_shape(call, a.shape(), b.shape()), f);
}

// round(x / scale) + zero point, within the type.
Value quantize(const Call& call, const Tensor& x, const Tensor& scale, const Tensor* zero_point,
               DataType dtype, std::int64_t block) {
  const Tensor ratios = pairwise(call, x, spread(call, scale, x.shape(), block), std::divides());
  if (is_floating(dtype))
    return value_of(round_to(ratios, dtype, call.attribute("saturate", std::int64_t{1}) != 0), dtype);
  const auto [low, high] = range_of(call, dtype);
  const Tensor zero =
      zero_point ? spread(call, *zero_point, x.shape(), block) : Tensor(DataType::float64, Shape{});
  const Tensor numbers = pairwise(call, ratios, zero, [low = low, high = high](double ratio, double shift) {
    return std::isnan(ratio) ? 0 : std::clamp(std::nearbyint(ratio) + shift, low, high);
  });
  return value_of(numbers.cast(held_type(dtype)), dtype);
}

Tensor dequantize(const Call& call, const Tensor& x, const Tensor& scale, const Tensor* zero_point,
                  std::int64_t block) {
  Tensor numbers = x.cast(DataType::float64);
  if (zero_point)
    numbers = pairwise(call, numbers, spread(call, *zero_point, x.shape(), block), std::minus());
  return pairwise(call, numbers, spread(call, scale, x.shape(), block), std::multiplies());
}

const Tensor* optional_tensor(const Call& call, std::size_t i) {
  return call.has(i) ? &call.tensor(i) : nullptr;
}

Values quantize_linear(const Call& call) {
  const DataType dtype = call.has(2) ? call.dtype(2)
                         : call.attribute("output_dtype", std::int64_t{0}) != 0
                             ? call.type_attribute("output_dtype", DataType::uint8)
                             : DataType::uint8;
  return {quantize(call, call.tensor(0).cast(DataType::float64), call.tensor(1), optional_tensor(call, 2),
                   dtype, call.attribute("block_size", std::int64_t{0}))};
}

Values dequantize_linear(const Call& call) {
  const DataType dtype = call.attribute("output_dtype", std::int64_t{0}) != 0
                             ? call.type_attribute("output_dtype", DataType::float32)
                             : call.dtype(1);
  return {value_of(dequantize(call, call.tensor(0), call.tensor(1), optional_tensor(call, 2),
                              call.attribute("block_size", std::int64_t{0})),
                   dtype)};
}

Values dynamic_quantize_linear(const Call& call) {
  double low = 0, high = 0;
  for (const double x : call.floats(0)) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const double scale = (high - low) / 255;
  const double zero = scale == 0 ? 0 : std::nearbyint(std::clamp(-low / scale, 0.0, 255.0));
  Tensor scales = Tensor::full(Shape{}, scale);
  Tensor zeros = Tensor::full(Shape{}, static_cast<std::uint8_t>(zero));
  Value y = quantize(call, call.tensor(0), Tensor::full(Shape{}, scale == 0 ? 1 : scale), &zeros,
                     DataType::uint8, 0);
  return {std::move(y), value_of(std::move(scales), DataType::float32),
          value_of(std::move(zeros), DataType::uint8)};
}

// Inputs 0 to 7: a, its scale and zero point, b, its scale and zero point, the result's scale and zero point.
Values qlinear_matmul(const Call& call) {
  const auto matrix = [&](std::size_t first, bool by_row) {
    const auto column = [&](const Tensor& parameter) {
      return by_row && parameter.shape().rank() == 1 && parameter.element_count() > 1
                 ? parameter.reshaped(Shape{parameter.element_count(), 1})
                 : parameter;
    };
    const Tensor numbers = pairwise(call, call.tensor(first).cast(DataType::float64),
                                    column(call.tensor(first + 2).cast(DataType::float64)), std::minus());
    return pairwise(call, numbers, column(call.tensor(first + 1).cast(DataType::float64)), std::multiplies());
  };
  const Tensor result = matrix_product(call, matrix(0, true), matrix(3, false));
  return {quantize(call, result, call.tensor(6), &call.tensor(7), call.dtype(7), 0)};
}

// x, its scale and zero point, w, its scale and zero point (for each feature map, or one), the result's,
// bias.
Values qlinear_conv(const Call& call) {
  const Tensor x = dequantize(call, call.tensor(0), call.tensor(1).reshaped(Shape{}), &call.tensor(2), 0);
  const auto per_map = [&](const Tensor& parameter) {
    const Tensor values = parameter.cast(DataType::float64);
    if (values.element_count() == 1) return values.reshaped(Shape{});
    Dims dims(call.shape(3).rank(), 1);
    dims[0] = values.element_count();
    return values.reshaped(Shape(dims));
  };
  const Tensor numbers =
      pairwise(call, call.tensor(3).cast(DataType::float64), per_map(call.tensor(5)), std::minus());
  const Tensor w = pairwise(call, numbers, per_map(call.tensor(4)), std::multiplies());
  std::optional<Tensor> bias;
  if (call.has(8)) {
    const Tensor scales = pairwise(call, call.tensor(1).reshaped(Shape{}), call.tensor(4), std::multiplies());
    bias = pairwise(call, call.tensor(8).cast(DataType::float64), scales, std::multiplies());
  }
  return {quantize(call, convolve(call, x, w, bias ? &*bias : nullptr), call.tensor(6), &call.tensor(7),
                   call.dtype(7), 0)};
}

Values conv_integer(const Call& call) {
  const auto shifted = [&](std::size_t input, std::size_t zero_point) {
    Tensor values = call.tensor(input).cast(DataType::float64);
    if (!call.has(zero_point)) return values;
    Tensor zero = call.tensor(zero_point).cast(DataType::float64);
    if (zero.element_count() == 1) return pairwise(call, values, zero.reshaped(Shape{}), std::minus());
    Dims dims(values.shape().rank(), 1);
    dims[0] = zero.element_count();
    return pairwise(call, values, zero.reshaped(Shape(dims)), std::minus());
  };
  return {
      value_of(convolve(call, shifted(0, 2), shifted(1, 3), nullptr).cast(DataType::int32), DataType::int32)};
}

}  // namespace

void add_quantization(Operators& operators) {
  operators.insert({
      {"QuantizeLinear", quantize_linear},
      {"DequantizeLinear", dequantize_linear},
      {"DynamicQuantizeLinear", dynamic_quantize_linear},
      {"QLinearMatMul", qlinear_matmul},
      {"QLinearConv", qlinear_conv},
      {"ConvInteger", conv_integer},
  });
}

}  // namespace polygraph::reference
