#include <fmt/format.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/narrow_float.h"

namespace polygraph {
namespace {

struct Description {
  DataType dtype;
  int bits;
  std::string_view name;
  // Other names, in lower case without '_', separated by spaces.
  std::string_view aliases;
};

constexpr std::array descriptions{
    Description{DataType::float32, 32, "float32", "float single fp32 f32"},
    Description{DataType::float64, 64, "float64", "double fp64 f64"},
    Description{DataType::float16, 16, "float16", "half fp16 f16"},
    Description{DataType::bfloat16, 16, "bfloat16", "bf16"},
    Description{DataType::float8e4m3fn, 8, "float8e4m3fn", "fp8 fp8e4m3 fp8e4m3fn float8"},
    Description{DataType::float8e4m3fnuz, 8, "float8e4m3fnuz", "fp8e4m3fnuz"},
    Description{DataType::float8e5m2, 8, "float8e5m2", "fp8e5m2"},
    Description{DataType::float8e5m2fnuz, 8, "float8e5m2fnuz", "fp8e5m2fnuz"},
    Description{DataType::float8e8m0, 8, "float8e8m0", "float8e8m0fnu fp8e8m0 e8m0"},
    Description{DataType::float4, 4, "float4", "float4e2m1 float4e2m1fn fp4 fp4e2m1"},
    Description{DataType::int64, 64, "int64", "i64 long"},
    Description{DataType::int32, 32, "int32", "i32 int"},
    Description{DataType::int16, 16, "int16", "i16 short"},
    Description{DataType::int8, 8, "int8", "i8"},
    Description{DataType::int4, 4, "int4", "i4"},
    Description{DataType::int2, 2, "int2", "i2"},
    Description{DataType::uint64, 64, "uint64", "u64"},
    Description{DataType::uint32, 32, "uint32", "u32"},
    Description{DataType::uint16, 16, "uint16", "u16"},
    Description{DataType::uint8, 8, "uint8", "u8"},
    Description{DataType::uint4, 4, "uint4", "u4"},
    Description{DataType::uint2, 2, "uint2", "u2"},
    Description{DataType::boolean, 8, "bool", "boolean"},
    Description{DataType::string, 0, "string", "str"},
    Description{DataType::complex64, 64, "complex64", ""},
    Description{DataType::complex128, 128, "complex128", "complex"},
};

constexpr auto data_types = [] {
  std::array<DataType, descriptions.size()> result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = descriptions[i].dtype;
  return result;
}();

static_assert(
    [] {
      for (std::size_t i = 0; i < descriptions.size(); ++i)
        if (static_cast<std::size_t>(data_types[i]) != i) return false;
      return true;
    }(),
    "descriptions are indexed by DataType");

const Description& describe(DataType dtype) {
  return descriptions[static_cast<std::size_t>(dtype)];
}

bool contains_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

template <DataType dtype>
struct FormatOf;
template <>
struct FormatOf<DataType::float16> : detail::Float16Format {};
template <>
struct FormatOf<DataType::bfloat16> : detail::BFloat16Format {};
template <>
struct FormatOf<DataType::float8e4m3fn> : detail::Float8E4M3FNFormat {};
template <>
struct FormatOf<DataType::float8e4m3fnuz> : detail::Float8E4M3FNUZFormat {};
template <>
struct FormatOf<DataType::float8e5m2> : detail::Float8E5M2Format {};
template <>
struct FormatOf<DataType::float8e5m2fnuz> : detail::Float8E5M2FNUZFormat {};
template <>
struct FormatOf<DataType::float8e8m0> : detail::Float8E8M0Format {};

}  // namespace

std::span<const DataType> all_data_types() {
  return data_types;
}

std::string_view to_string(DataType dtype) {
  return describe(dtype).name;
}

std::optional<DataType> parse_data_type(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z')
      plain += static_cast<char>(c - 'A' + 'a');
    else if (c != '_')
      plain += c;
  }
  if (plain.empty()) return std::nullopt;
  for (const Description& known : descriptions)
    if (plain == known.name || contains_word(known.aliases, plain)) return known.dtype;
  return std::nullopt;
}

int bit_width(DataType dtype) {
  return describe(dtype).bits;
}

std::size_t packed_size(DataType dtype, std::int64_t count) {
  const auto bits = static_cast<std::int64_t>(bit_width(dtype));
  if (bits == 0) {
    throw InputError("Cannot give the size in bytes of string elements: they have no fixed size.",
                     "Read string tensors with Tensor::strings().");
  }
  if (count < 0) throw InputError(fmt::format("Cannot give the size in bytes of {} elements.", count));
  if (bits < 8) {
    const std::int64_t per_byte = 8 / bits;
    return static_cast<std::size_t>(count / per_byte + (count % per_byte != 0));
  }
  if (count > std::numeric_limits<std::ptrdiff_t>::max() / (bits / 8)) {
    throw InputError(fmt::format("{} elements of type {} are too large to address: at most {} are possible.",
                                 count, to_string(dtype),
                                 std::numeric_limits<std::ptrdiff_t>::max() / (bits / 8)));
  }
  return static_cast<std::size_t>(count * (bits / 8));
}

bool is_floating(DataType dtype) {
  return dtype <= DataType::float4;
}

bool is_integral(DataType dtype) {
  return dtype >= DataType::int64 && dtype <= DataType::uint2;
}

template <DataType dtype, class Bits>
NarrowFloat<dtype, Bits>::NarrowFloat(float value) : bits(FormatOf<dtype>::encode(value)) {}

template <DataType dtype, class Bits>
NarrowFloat<dtype, Bits>::operator float() const {
  return FormatOf<dtype>::decode(bits);
}

template struct NarrowFloat<DataType::float16, std::uint16_t>;
template struct NarrowFloat<DataType::bfloat16, std::uint16_t>;
template struct NarrowFloat<DataType::float8e4m3fn, std::uint8_t>;
template struct NarrowFloat<DataType::float8e4m3fnuz, std::uint8_t>;
template struct NarrowFloat<DataType::float8e5m2, std::uint8_t>;
template struct NarrowFloat<DataType::float8e5m2fnuz, std::uint8_t>;
template struct NarrowFloat<DataType::float8e8m0, std::uint8_t>;

}  // namespace polygraph
