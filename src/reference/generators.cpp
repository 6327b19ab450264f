#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

// Operators that make tensors of hardly any input.
namespace polygraph::reference {

namespace {

Values constant(const Call& call) {
  if (const auto value = call.tensor_attribute("value")) return {*value};
  if (call.has_attribute("value_float"))
    return {value_of(Tensor::full(Shape{}, call.attribute("value_float", 0.0f)), DataType::float32)};
  if (call.has_attribute("value_int"))
    return {value_of(Tensor::full(Shape{}, call.attribute("value_int", std::int64_t{0})), DataType::int64)};
  if (call.has_attribute("value_string"))
    return {
        value_of(Tensor::full(Shape{}, std::string(call.attribute("value_string", ""))), DataType::string)};
  const auto list = [](const auto& values, DataType dtype) {
    using T = typename std::decay_t<decltype(values)>::value_type;
    return value_of(
        Tensor::from<T>(std::span<const T>(values), Shape{static_cast<std::int64_t>(values.size())}), dtype);
  };
  if (call.has_attribute("value_floats"))
    return {list(call.floats_attribute("value_floats"), DataType::float32)};
  if (call.has_attribute("value_ints")) return {list(call.integers_attribute("value_ints"), DataType::int64)};
  if (call.has_attribute("value_strings"))
    return {list(call.strings_attribute("value_strings"), DataType::string)};
  call.fail("it has no value.");
}

Values constant_of_shape(const Call& call) {
  const Shape shape(call.integers(0));
  const auto value = call.tensor_attribute("value");
  if (!value) return {value_of(Tensor(DataType::float64, shape), DataType::float32)};
  return {value_of(expand(value->tensor.reshaped(Shape{}), shape), value->dtype)};
}

Values range(const Call& call) {
  const DataType held = call.tensor(0).dtype();
  return with_number(held, [&]<class T>() -> Values {
    const T start = elements<T>(call.tensor(0))[0], limit = elements<T>(call.tensor(1))[0],
            step = elements<T>(call.tensor(2))[0];
    if (step == T{0}) call.fail("its step is 0.");
    // The number of elements follows from the numbers that the model has.
    const double count =
        std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(step));
    if (!(count < 1e12)) call.fail("it has too many elements.");
    Tensor result(held, Shape{static_cast<std::int64_t>(std::max(count, 0.0))});
    T* const out = mutable_elements<T>(result);
    for (std::int64_t i = 0; i < result.element_count(); ++i)
      out[i] = static_cast<T>(start + static_cast<T>(i) * step);
    return {value_of(std::move(result), call.dtype(0))};
  });
}

Values eye_like(const Call& call) {
  const DataType dtype = call.type_attribute("dtype", call.dtype(0));
  const Shape& shape = call.shape(0);
  if (shape.rank() != 2) call.fail("its input is no matrix.");
  const std::int64_t shift = call.attribute("k", std::int64_t{0});
  Tensor eye(DataType::float64, shape);
  for (std::int64_t row = 0; row < shape[0]; ++row)
    if (row + shift >= 0 && row + shift < shape[1])
      eye.mutable_values<double>()[static_cast<std::size_t>(row * shape[1] + row + shift)] = 1;
  return {value_of(eye.cast(held_type(dtype)), dtype)};
}

Values one_hot(const Call& call) {
  const auto depth = static_cast<std::int64_t>(call.number(1));
  const Shape& shape = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{-1}), shape.rank() + 1);
  Dims dims(shape.begin(), shape.end());
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  const std::int64_t inner = product(std::span(dims).subspan(axis + 1));
  const Tensor indices = call.tensor(0).cast(DataType::int64);
  const auto places = indices.values<std::int64_t>();
  std::vector<std::int64_t> positions(static_cast<std::size_t>(product(dims)), 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::int64_t place = places[i] < 0 ? places[i] + depth : places[i];
    const auto at = static_cast<std::int64_t>(i);
    if (place >= 0 && place < depth)
      positions[static_cast<std::size_t>((at / inner * depth + place) * inner + at % inner)] = 1;
  }
  return {value_of(take(call.tensor(2), positions, Shape(dims)), call.dtype(2))};
}

// Cosine windows; see the operators' pages for the coefficients.
template <class F>
Values window(const Call& call, F&& f) {
  const std::int64_t size = call.integer(0);
  const DataType dtype = call.type_attribute("output_datatype", DataType::float32);
  const bool is_periodic = call.attribute("periodic", std::int64_t{1}) != 0;
  const auto period = static_cast<double>(is_periodic ? size : size - 1);
  Tensor result(DataType::float64, Shape{size});
  for (std::int64_t i = 0; i < size; ++i)
    result.mutable_values<double>()[static_cast<std::size_t>(i)] =
        f(2 * std::numbers::pi * static_cast<double>(i) / period);
  return {is_floating(dtype) ? value_of(std::move(result), dtype)
                             : value_of(result.cast(held_type(dtype)), dtype)};
}

Values hann(const Call& call) {
  return window(call, [](double angle) { return 0.5 - 0.5 * std::cos(angle); });
}
Values hamming(const Call& call) {
  return window(call, [](double angle) { return 25.0 / 46 - 21.0 / 46 * std::cos(angle); });
}
Values blackman(const Call& call) {
  return window(call, [](double angle) { return 0.42 - 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle); });
}

Values random(const Call& call) {
  call.fail("its results are random: no engine's are right or wrong.");
}

}  // namespace

void add_generators(Operators& operators) {
  operators.insert({
      {"Constant", constant},
      {"ConstantOfShape", constant_of_shape},
      {"Range", range},
      {"EyeLike", eye_like},
      {"OneHot", one_hot},
      {"HannWindow", hann},
      {"HammingWindow", hamming},
      {"BlackmanWindow", blackman},
      {"Bernoulli", random},
      {"Multinomial", random},
      {"RandomNormal", random},
      {"RandomNormalLike", random},
      {"RandomUniform", random},
      {"RandomUniformLike", random},
  });
}

}  // namespace polygraph::reference
