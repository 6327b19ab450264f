#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "reference/dispatch.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

// Bits of the significand, and of the exponent with its subnormals: what a type can hold.
struct FloatRange {
  int significand;
  int smallest;
  int largest;
};

FloatRange range_of(DataType dtype) {
  switch (dtype) {
    case DataType::float64:
      return {53, -1074, 1023};
    case DataType::float32:
      return {24, -149, 127};
    case DataType::float16:
      return {11, -24, 15};
    case DataType::bfloat16:
      return {8, -133, 127};
    default:
      return {4, -17, 15};  // wide enough for the 8-bit types but float8e8m0
  }
}

// Whether a conversion asks for no rounding: every number of the one type is one of the other.
bool is_widening(DataType from, DataType to) {
  if (from == to) return true;
  if (from == DataType::float8e8m0 || bit_width(to) < 16) return false;
  const FloatRange narrow = range_of(from), wide = range_of(to);
  return narrow.significand <= wide.significand && narrow.smallest >= wide.smallest &&
         narrow.largest <= wide.largest;
}

double parse_float(const Call& call, const std::string& text) {
  std::string_view rest = text;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end != rest.data() + rest.size())
    call.fail(fmt::format("the text '{}' is no number.", text));
  return value;
}

Value cast_to(const Call& call, DataType dtype) {
  const Value& from = call.value(0);
  const bool saturates = call.attribute("saturate", std::int64_t{1}) != 0;
  const Tensor& held = call.tensor(0);
  if (from.is_float() && is_floating(dtype))
    return value_of(is_widening(from.dtype, dtype) ? held : round_to(held, dtype, saturates), dtype);
  if (held.dtype() == DataType::string && is_floating(dtype)) {
    Tensor parsed(DataType::float64, held.shape());
    for (std::size_t i = 0; i < held.strings().size(); ++i)
      parsed.mutable_values<double>()[i] = parse_float(call, held.strings()[i]);
    return value_of(round_to(parsed, dtype, saturates), dtype);
  }
  if (dtype == DataType::string) return value_of(release(from).cast(dtype), dtype);
  // Integers past 2^53 are rounded once, to the type wanted.
  return value_of(held.cast(dtype).cast(held_type(dtype)), dtype);
}

Values bit_cast_node(const Call& call) {
  const DataType dtype = call.type_attribute("to", DataType::float32);
  const Tensor bits = release(call.value(0));
  if (bits.dtype() == DataType::string || dtype == DataType::string ||
      bit_width(bits.dtype()) != bit_width(dtype))
    call.fail("its types have not the same number of bits.");
  Tensor result(dtype, bits.shape());
  if (bits.nbytes() != 0) std::memcpy(result.mutable_data(), bits.data(), bits.nbytes());
  return {hold(result)};
}

Values cast(const Call& call) {
  if (call.opset >= 6) return {cast_to(call, call.type_attribute("to", DataType::float32))};
  const auto dtype = parse_data_type(call.attribute("to", "FLOAT"));
  if (!dtype) call.fail("its attribute 'to' names no data type.");
  return {cast_to(call, *dtype)};
}

}  // namespace

void add_casts(Operators& operators) {
  operators.insert({
      {"Cast", cast},
      {"CastLike", [](const Call& c) -> Values { return {cast_to(c, c.dtype(1))}; }},
      {"BitCast", bit_cast_node},
  });
}

}  // namespace polygraph::reference
