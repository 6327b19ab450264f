#include "reference/value.h"

#include <bit>
#include <cmath>
#include <limits>

namespace polygraph::reference {

namespace {

bool is_aligned(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string) return true;
  constexpr std::uintptr_t widest = alignof(double);
  return std::bit_cast<std::uintptr_t>(tensor.data()) % widest == 0;
}

// Where an fp8 type ends when it does not saturate: halfway to the number that would follow the largest.
struct Fp8End {
  double limit;
  bool has_infinity;
};

Fp8End fp8_end(DataType dtype) {
  switch (dtype) {
    case DataType::float8e4m3fn:
      return {464, false};
    case DataType::float8e4m3fnuz:
      return {248, false};
    case DataType::float8e5m2:
      return {61440, true};
    case DataType::float8e5m2fnuz:
      return {61440, false};
    default:
      return {std::numeric_limits<double>::infinity(), true};
  }
}

}  // namespace

DataType held_type(DataType dtype) {
  if (is_floating(dtype)) return DataType::float64;
  switch (dtype) {
    case DataType::int4:
    case DataType::int2:
      return DataType::int8;
    case DataType::uint4:
    case DataType::uint2:
      return DataType::uint8;
    case DataType::complex64:
      return DataType::complex128;
    default:
      return dtype;
  }
}

Value value_of(Tensor held, DataType dtype) {
  return {.kind = Value::Kind::tensor, .dtype = dtype, .tensor = std::move(held)};
}

Value sequence_of(std::vector<Value> elements, DataType dtype) {
  return {.kind = Value::Kind::sequence,
          .dtype = dtype,
          .elements = std::make_shared<const std::vector<Value>>(std::move(elements))};
}

Value hold(const Tensor& tensor) {
  const DataType held = held_type(tensor.dtype());
  if (tensor.dtype() != held) return value_of(tensor.cast(held), tensor.dtype());
  const Tensor packed = tensor.contiguous();
  return value_of(is_aligned(packed) ? packed : packed.clone(), tensor.dtype());
}

Tensor release(const Value& value, DataType dtype) {
  Tensor result = value.tensor.cast(dtype);
  if (dtype != DataType::float8e5m2) return result;
  // A cast to fp8 saturates; a value that is infinite already stays so.
  const auto held = value.tensor.values<double>();
  for (std::size_t i = 0; i < held.size(); ++i)
    if (std::isinf(held[i]))
      result.mutable_values<float8e5m2>()[i] = float8e5m2::from_bits(held[i] > 0 ? 0x7c : 0xfc);
  return result;
}

Tensor release(const Value& value) {
  return value.tensor.dtype() == value.dtype ? value.tensor : release(value, value.dtype);
}

Tensor round_to(const Tensor& held, DataType dtype, bool saturate) {
  if (dtype == DataType::float64) return held;
  Tensor rounded = held.cast(dtype).cast(DataType::float64);
  const Fp8End end = fp8_end(dtype);
  if (saturate || std::isinf(end.limit)) return rounded;
  const auto exact = held.values<double>();
  const auto result = rounded.mutable_values<double>();
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!(std::abs(exact[i]) >= end.limit)) continue;
    result[i] = end.has_infinity ? std::copysign(std::numeric_limits<double>::infinity(), exact[i])
                                 : std::numeric_limits<double>::quiet_NaN();
  }
  return rounded;
}

}  // namespace polygraph::reference
