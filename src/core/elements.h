#pragma once

#include <polygraph/core/data_type.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "core/narrow_float.h"

// Elements of any type but `string`, read into and written from a few wide types. The wide type of a data
// type holds each of its values exactly.

namespace polygraph::detail {

/// Calls f<Wide>() with the wide type of `dtype`: float, double, int64, uint64 or complex<double>.
template <class F>
decltype(auto) with_wide_type(DataType dtype, F f) {
  switch (dtype) {
    case DataType::float64:
      return f.template operator()<double>();
    case DataType::uint64:
      return f.template operator()<std::uint64_t>();
    case DataType::complex64:
    case DataType::complex128:
      return f.template operator()<std::complex<double>>();
    default:
      break;
  }
  return is_floating(dtype) ? f.template operator()<float>() : f.template operator()<std::int64_t>();
}

/// The float whose rounding to a format of 22 bits or fewer equals that of `value`: inexact results are made
/// odd, so that they lie on no midpoint of the narrower format.
inline float round_to_odd(double value) {
  const float nearest = static_cast<float>(value);
  const double error = static_cast<double>(nearest) - value;
  if (!(error != 0) || std::isnan(error) || std::isinf(nearest)) return nearest;
  auto bits = std::bit_cast<std::uint32_t>(nearest);
  if ((bits & 1) != 0) return nearest;
  // The other neighbour of `value`: towards zero if `nearest` is too large.
  bits = (error > 0) == !std::signbit(value) ? bits - 1 : bits + 1;
  return std::bit_cast<float>(bits);
}
inline float round_to_odd(float value) {
  return value;
}
template <class Integer>
requires std::is_integral_v<Integer>
float round_to_odd(Integer value) {
  constexpr Integer limit = Integer{1} << 53;
  const bool exact = value <= limit && (std::is_unsigned_v<Integer> || value >= -limit);
  // Bits below those of a double become one sticky bit.
  if (!exact) value = static_cast<Integer>((value & ~Integer{0xfff}) | ((value & 0xfff) != 0 ? 0x800 : 0));
  return round_to_odd(static_cast<double>(value));
}

/// One number as ONNX's Cast converts it; see Tensor::cast.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, std::complex<double>>) {
    if constexpr (std::is_same_v<From, To>)
      return value;
    else
      return To(static_cast<double>(value), 0.0);
  } else if constexpr (std::is_same_v<From, std::complex<double>>) {
    return convert<To>(value.real());
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (std::isnan(value)) return To{0};
    // 2^digits, the first number too large, is a float; the smallest To is one, too.
    constexpr From too_large =
        static_cast<From>(std::uint64_t{1} << (std::numeric_limits<To>::digits - 1)) * 2;
    if (value >= too_large) return std::numeric_limits<To>::max();
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// How each kind of element lies in memory.
template <class T>
struct Plain {
  template <class Wide>
  static void load(const std::byte* base, std::int64_t begin, std::span<Wide> out) {
    base += begin * static_cast<std::int64_t>(sizeof(T));
    for (std::size_t i = 0; i < out.size(); ++i) {
      T value;
      std::memcpy(&value, base + i * sizeof(T), sizeof(T));
      out[i] = convert<Wide>(value);
    }
  }
  template <class Wide>
  static void store(std::byte* base, std::int64_t begin, std::span<const Wide> in) {
    base += begin * static_cast<std::int64_t>(sizeof(T));
    for (std::size_t i = 0; i < in.size(); ++i) {
      const T value = convert<T>(in[i]);
      std::memcpy(base + i * sizeof(T), &value, sizeof(T));
    }
  }
};

/// Any byte but 0 is true.
struct Boolean {
  template <class Wide>
  static void load(const std::byte* base, std::int64_t begin, std::span<Wide> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] =
          convert<Wide>(static_cast<std::int8_t>(base[begin + static_cast<std::int64_t>(i)] != std::byte{0}));
  }
  template <class Wide>
  static void store(std::byte* base, std::int64_t begin, std::span<const Wide> in) {
    for (std::size_t i = 0; i < in.size(); ++i)
      base[begin + static_cast<std::int64_t>(i)] = std::byte{convert<bool>(in[i])};
  }
};

template <class T>
struct Complex {
  template <class Wide>
  static void load(const std::byte* base, std::int64_t begin, std::span<Wide> out) {
    base += begin * static_cast<std::int64_t>(2 * sizeof(T));
    for (std::size_t i = 0; i < out.size(); ++i) {
      T parts[2];
      std::memcpy(parts, base + i * sizeof(parts), sizeof(parts));
      out[i] = convert<Wide>(std::complex<double>(parts[0], parts[1]));
    }
  }
  template <class Wide>
  static void store(std::byte* base, std::int64_t begin, std::span<const Wide> in) {
    base += begin * static_cast<std::int64_t>(2 * sizeof(T));
    for (std::size_t i = 0; i < in.size(); ++i) {
      const auto value = convert<std::complex<double>>(in[i]);
      const T parts[2] = {static_cast<T>(value.real()), static_cast<T>(value.imag())};
      std::memcpy(base + i * sizeof(parts), parts, sizeof(parts));
    }
  }
};

template <class Format>
struct Narrow {
  using Bits = typename Format::Bits;
  template <class Wide>
  static void load(const std::byte* base, std::int64_t begin, std::span<Wide> out) {
    // Without this promise the compiler assumes that bytes may overlap `out` and gives up on vectors.
    const std::byte* __restrict source = base + begin * static_cast<std::int64_t>(sizeof(Bits));
    Wide* __restrict target = out.data();
    const std::size_t count = out.size();
    for (std::size_t i = 0; i < count; ++i) {
      Bits bits;
      std::memcpy(&bits, source + i * sizeof(Bits), sizeof(Bits));
      target[i] = convert<Wide>(Format::decode(bits));
    }
  }
  template <class Wide>
  static void store(std::byte* base, std::int64_t begin, std::span<const Wide> in) {
    std::byte* __restrict target = base + begin * static_cast<std::int64_t>(sizeof(Bits));
    const Wide* __restrict source = in.data();
    const std::size_t count = in.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Bits bits = Format::encode(to_float(source[i]));
      std::memcpy(target + i * sizeof(Bits), &bits, sizeof(Bits));
    }
  }
  template <class Wide>
  static float to_float(Wide value) {
    if constexpr (std::is_same_v<Wide, std::complex<double>>)
      return round_to_odd(value.real());
    else
      return round_to_odd(value);
  }
};

/// Codes of 2 or 4 bits, the first in the low bits of a byte.
template <int bits, class Codec>
struct Packed {
  static constexpr std::int64_t per_byte = 8 / bits;
  static constexpr unsigned mask = (1u << bits) - 1;

  template <class Wide>
  static void load(const std::byte* base, std::int64_t begin, std::span<Wide> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::int64_t index = begin + static_cast<std::int64_t>(i);
      const unsigned code =
          (static_cast<unsigned>(base[index / per_byte]) >> (index % per_byte * bits)) & mask;
      out[i] = convert<Wide>(Codec::decode(code));
    }
  }
  template <class Wide>
  static void store(std::byte* base, std::int64_t begin, std::span<const Wide> in) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::int64_t index = begin + static_cast<std::int64_t>(i);
      const auto shift = static_cast<unsigned>(index % per_byte * bits);
      std::byte& target = base[index / per_byte];
      const unsigned others = static_cast<unsigned>(target) & ~(mask << shift);
      target = static_cast<std::byte>(others | (Codec::encode(in[i]) & mask) << shift);
    }
  }
};

template <int bits, bool is_signed>
struct SmallInteger {
  static constexpr int min = is_signed ? -(1 << (bits - 1)) : 0;
  static constexpr int max = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  static int decode(unsigned code) {
    const int value = static_cast<int>(code);
    return value > max ? value - (1 << bits) : value;
  }
  template <class Wide>
  static unsigned encode(Wide value) {
    if constexpr (std::is_same_v<Wide, std::complex<double>>)
      return encode(value.real());
    else if constexpr (std::is_floating_point_v<Wide>)
      return static_cast<unsigned>(std::clamp(convert<int>(value), min, max));
    else
      return static_cast<unsigned>(value);
  }
};

struct Float4 {
  static float decode(unsigned code) { return Float4Format::decode(static_cast<std::uint8_t>(code)); }
  template <class Wide>
  static unsigned encode(Wide value) {
    return Float4Format::encode(Narrow<Float4Format>::to_float(value));
  }
};

/// Calls f<Layout>() with the layout of `dtype`, which is not `string`.
template <class F>
void with_layout(DataType dtype, F f) {
  switch (dtype) {
    case DataType::float32:
      return f.template operator()<Plain<float>>();
    case DataType::float64:
      return f.template operator()<Plain<double>>();
    case DataType::float16:
      return f.template operator()<Narrow<Float16Format>>();
    case DataType::bfloat16:
      return f.template operator()<Narrow<BFloat16Format>>();
    case DataType::float8e4m3fn:
      return f.template operator()<Narrow<Float8E4M3FNFormat>>();
    case DataType::float8e4m3fnuz:
      return f.template operator()<Narrow<Float8E4M3FNUZFormat>>();
    case DataType::float8e5m2:
      return f.template operator()<Narrow<Float8E5M2Format>>();
    case DataType::float8e5m2fnuz:
      return f.template operator()<Narrow<Float8E5M2FNUZFormat>>();
    case DataType::float8e8m0:
      return f.template operator()<Narrow<Float8E8M0Format>>();
    case DataType::float4:
      return f.template operator()<Packed<4, Float4>>();
    case DataType::int64:
      return f.template operator()<Plain<std::int64_t>>();
    case DataType::int32:
      return f.template operator()<Plain<std::int32_t>>();
    case DataType::int16:
      return f.template operator()<Plain<std::int16_t>>();
    case DataType::int8:
      return f.template operator()<Plain<std::int8_t>>();
    case DataType::int4:
      return f.template operator()<Packed<4, SmallInteger<4, true>>>();
    case DataType::int2:
      return f.template operator()<Packed<2, SmallInteger<2, true>>>();
    case DataType::uint64:
      return f.template operator()<Plain<std::uint64_t>>();
    case DataType::uint32:
      return f.template operator()<Plain<std::uint32_t>>();
    case DataType::uint16:
      return f.template operator()<Plain<std::uint16_t>>();
    case DataType::uint8:
      return f.template operator()<Plain<std::uint8_t>>();
    case DataType::uint4:
      return f.template operator()<Packed<4, SmallInteger<4, false>>>();
    case DataType::uint2:
      return f.template operator()<Packed<2, SmallInteger<2, false>>>();
    case DataType::boolean:
      return f.template operator()<Boolean>();
    case DataType::complex64:
      return f.template operator()<Complex<float>>();
    case DataType::complex128:
      return f.template operator()<Complex<double>>();
    case DataType::string:
      break;
  }
}

/// Reads out.size() elements from the one of index `begin` on; `base` is the address of element 0.
template <class Wide>
void load_elements(DataType dtype, const std::byte* base, std::int64_t begin, std::span<Wide> out) {
  with_layout(dtype, [&]<class Layout>() { Layout::load(base, begin, out); });
}

/// Writes elements, converted as ONNX's Cast does.
template <class Wide>
void store_elements(DataType dtype, std::byte* base, std::int64_t begin, std::span<const Wide> in) {
  with_layout(dtype, [&]<class Layout>() { Layout::store(base, begin, in); });
}

}  // namespace polygraph::detail
