#include <gtest/gtest.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/error.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "core/elements.h"
#include "core/narrow_float.h"

namespace polygraph {
namespace {

using namespace detail;

TEST(DataType, NamesAreUniqueAndParse) {
  std::set<std::string_view> names;
  for (const DataType dtype : all_data_types()) {
    EXPECT_TRUE(names.insert(to_string(dtype)).second) << to_string(dtype);
    EXPECT_EQ(parse_data_type(to_string(dtype)), dtype);
  }
  EXPECT_EQ(names.size(), 26u);
  EXPECT_EQ(to_string(DataType::boolean), "bool");
}

TEST(DataType, ParsesTheNamesOfOthers) {
  EXPECT_EQ(parse_data_type("FLOAT32"), DataType::float32);
  EXPECT_EQ(parse_data_type("FLOAT"), DataType::float32);
  EXPECT_EQ(parse_data_type("DOUBLE"), DataType::float64);
  EXPECT_EQ(parse_data_type("fp16"), DataType::float16);
  EXPECT_EQ(parse_data_type("Half"), DataType::float16);
  EXPECT_EQ(parse_data_type("bf16"), DataType::bfloat16);
  EXPECT_EQ(parse_data_type("fp8"), DataType::float8e4m3fn);
  EXPECT_EQ(parse_data_type("float8_e5m2fnuz"), DataType::float8e5m2fnuz);
  EXPECT_EQ(parse_data_type("FLOAT4E2M1"), DataType::float4);
  EXPECT_EQ(parse_data_type("bool_"), DataType::boolean);
  for (const char* unknown : {"", "_", "floa", "float32 ", "fp8 fp8e4m3", "int128", "complex32"})
    EXPECT_EQ(parse_data_type(unknown), std::nullopt) << unknown;
}

TEST(DataType, Kinds) {
  EXPECT_TRUE(is_floating(DataType::float4));
  EXPECT_TRUE(is_floating(DataType::float8e8m0));
  EXPECT_FALSE(is_floating(DataType::complex64));
  EXPECT_TRUE(is_integral(DataType::uint2));
  EXPECT_FALSE(is_integral(DataType::boolean));
  EXPECT_FALSE(is_integral(DataType::float4));
}

TEST(DataType, PackedSize) {
  EXPECT_EQ(packed_size(DataType::int4, 0), 0u);
  EXPECT_EQ(packed_size(DataType::int4, 3), 2u);
  EXPECT_EQ(packed_size(DataType::uint2, 5), 2u);
  EXPECT_EQ(packed_size(DataType::complex128, 3), 48u);
  EXPECT_EQ(packed_size(DataType::int2, INT64_MAX), std::size_t{1} << 61);
  EXPECT_THROW(packed_size(DataType::float32, INT64_MAX / 3), InputError);
  EXPECT_THROW(packed_size(DataType::float32, -1), InputError);
  EXPECT_THROW(packed_size(DataType::string, 1), InputError);
}

// The value of a code, straight from the definition of the format.
double defined_value(unsigned code, int exponent_bits, int mantissa_bits, int bias) {
  const unsigned mantissa = code & ((1u << mantissa_bits) - 1);
  const int exponent = static_cast<int>(code >> mantissa_bits & ((1u << exponent_bits) - 1));
  const double sign = (code >> (exponent_bits + mantissa_bits)) != 0 ? -1 : 1;
  const double fraction = mantissa / static_cast<double>(1u << mantissa_bits);
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
}

template <class Format>
void check_format(int exponent_bits, int mantissa_bits, int bias) {
  const unsigned sign_bit = 1u << (exponent_bits + mantissa_bits);
  // Every pattern survives (but infinity where conversion saturates), and every finite one has its value.
  for (unsigned code = 0; code < 2 * sign_bit; ++code) {
    const auto bits = static_cast<typename Format::Bits>(code);
    const float value = Format::decode(bits);
    const bool saturates = std::isinf(value) && Format::overflow == Format::max_finite;
    ASSERT_EQ(Format::encode(value), saturates ? bits - 1 : bits) << code;
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(value, defined_value(code, exponent_bits, mantissa_bits, bias)) << code;
    ASSERT_EQ(std::signbit(value), code >= sign_bit) << code;
  }
  // Every midpoint of neighbours goes to the even one, and what is next to it to the nearer one.
  for (unsigned code = 0; code < Format::max_finite; ++code) {
    const auto low = static_cast<typename Format::Bits>(code);
    const auto high = static_cast<typename Format::Bits>(code + 1);
    const float a = Format::decode(low);
    const float b = Format::decode(high);
    const float middle = a + (b - a) / 2;
    ASSERT_EQ(Format::encode(middle), code % 2 == 0 ? low : high) << code;
    ASSERT_EQ(Format::encode(std::nextafter(middle, a)), low) << code;
    ASSERT_EQ(Format::encode(std::nextafter(middle, b)), high) << code;
    if (code != 0) {
      ASSERT_EQ(Format::encode(-middle), sign_bit | (code % 2 == 0 ? low : high)) << code;
    }
  }
}

TEST(NarrowFloat, EveryPatternAndEveryMidpoint) {
  check_format<Float16Format>(5, 10, 15);
  check_format<BFloat16Format>(8, 7, 127);
  check_format<Float8E4M3FNFormat>(4, 3, 7);
  check_format<Float8E4M3FNUZFormat>(4, 3, 8);
  check_format<Float8E5M2Format>(5, 2, 15);
  check_format<Float8E5M2FNUZFormat>(5, 2, 16);
  check_format<Float4Format>(2, 1, 1);
}

template <class Format>
void expect_special(unsigned nan, unsigned infinity, unsigned minus_infinity, unsigned minus_zero) {
  EXPECT_EQ(Format::encode(std::numeric_limits<float>::quiet_NaN()), nan);
  EXPECT_EQ(Format::encode(INFINITY), infinity);
  EXPECT_EQ(Format::encode(-INFINITY), minus_infinity);
  EXPECT_EQ(Format::encode(std::numeric_limits<float>::max()), infinity);
  EXPECT_EQ(Format::encode(std::numeric_limits<float>::lowest()), minus_infinity);
  EXPECT_EQ(Format::encode(-0.0f), minus_zero);
}

TEST(NarrowFloat, SpecialValuesAsInTheTablesOfCast) {
  expect_special<Float16Format>(0x7e00, 0x7c00, 0xfc00, 0x8000);
  expect_special<BFloat16Format>(0x7fc0, 0x7f80, 0xff80, 0x8000);
  expect_special<Float8E4M3FNFormat>(0x7f, 0x7e, 0xfe, 0x80);
  expect_special<Float8E4M3FNUZFormat>(0x80, 0x7f, 0xff, 0);
  expect_special<Float8E5M2Format>(0x7e, 0x7b, 0xfb, 0x80);
  expect_special<Float8E5M2FNUZFormat>(0x80, 0x7f, 0xff, 0);
  expect_special<Float4Format>(7, 7, 15, 8);
  EXPECT_TRUE(std::isnan(float(float8e4m3fnuz::from_bits(0x80))));
  EXPECT_FALSE(float16(NAN) == float16(NAN));
  EXPECT_TRUE(float16(-0.0f) == float16(0.0f));
}

TEST(NarrowFloat, Float8E8M0) {
  for (unsigned code = 0; code < 0xff; ++code) {
    const auto bits = static_cast<std::uint8_t>(code);
    const float value = float(float8e8m0::from_bits(bits));
    EXPECT_EQ(value, std::ldexp(1.0, static_cast<int>(code) - 127));
    EXPECT_EQ(float8e8m0(value).bits, bits);
    if (code < 0xfe) {
      EXPECT_EQ(float8e8m0(std::nextafter(value, INFINITY)).bits, bits + 1);
    }
  }
  EXPECT_EQ(float8e8m0(0.0f).bits, 0);
  EXPECT_EQ(float8e8m0(INFINITY).bits, 0xfe);
  EXPECT_EQ(float8e8m0(NAN).bits, 0xff);
  EXPECT_EQ(float8e8m0(-1.0f).bits, 0xff);
  EXPECT_TRUE(std::isnan(float(float8e8m0::from_bits(0xff))));
}

TEST(NarrowFloat, RoundsDoublesAndLongIntegersOnce) {
  // Through a float rounded to nearest, these would land on a midpoint of float16 and then on the wrong side.
  const double above = 1 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(Float16Format::encode(round_to_odd(above)), 0x3c01);
  EXPECT_EQ(Float16Format::encode(round_to_odd(-above)), 0xbc01);
  EXPECT_EQ(Float16Format::encode(round_to_odd(1 + 0x1p-11 - 0x1p-40)), 0x3c00);
  EXPECT_EQ(round_to_odd(0.5), 0.5f);
  EXPECT_EQ(round_to_odd(1e300), INFINITY);
  const std::int64_t middle = (std::int64_t{1} << 62) + (std::int64_t{1} << 54);
  EXPECT_EQ(BFloat16Format::encode(round_to_odd(middle)), 0x5e80);
  EXPECT_EQ(BFloat16Format::encode(round_to_odd(middle + 1)), 0x5e81);
  EXPECT_EQ(BFloat16Format::encode(round_to_odd(-middle - 1)), 0xde81);
}

}  // namespace
}  // namespace polygraph
