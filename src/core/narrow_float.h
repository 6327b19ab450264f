#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

// The bits of the narrow floating-point types, converted from and to float. Branches are written so that
// compilers turn loops over arrays into vector code.
//
// Sources: IEEE 754 (fp16), the ONNX pages "Float stored in 8 bits" and "Float stored in 4 bits", the Cast
// operator's tables with their default attributes, OCP Microscaling Formats v1.0 (E8M0, E2M1).

namespace polygraph::detail {

/// Which bit patterns are no numbers.
enum class Specials {
  ieee,   ///< the largest exponent holds infinity and NaN
  fn,     ///< no infinity; all ones is NaN
  fnuz,   ///< no infinity, no negative zero: its pattern is the one NaN
  finite  ///< numbers only; NaN converts to the largest
};

/// A binary format of a sign, an exponent and a mantissa, narrower than float.
template <int exponent_bits, int mantissa_bits, int bias, Specials specials>
struct FloatFormat {
  using Bits = std::conditional_t<(exponent_bits + mantissa_bits > 7), std::uint16_t, std::uint8_t>;

  static constexpr std::uint32_t sign_mask = 1u << (exponent_bits + mantissa_bits);
  static constexpr std::uint32_t exponent_mask = ((1u << exponent_bits) - 1) << mantissa_bits;
  static constexpr std::uint32_t max_finite = specials == Specials::ieee ? exponent_mask - 1
                                              : specials == Specials::fn ? sign_mask - 2
                                                                         : sign_mask - 1;
  /// What is too large becomes infinity in the 16-bit types and the largest number in the others.
  static constexpr std::uint32_t overflow =
      specials == Specials::ieee && sign_mask > 0x80 ? exponent_mask : max_finite;
  static constexpr int shift = 23 - mantissa_bits;
  static constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - bias) << 23;
  /// The smallest normal number, as a float; the format's subnormals are normal floats unless bias is 127.
  static constexpr std::uint32_t min_normal = static_cast<std::uint32_t>(128 - bias) << 23;
  static constexpr bool has_own_subnormals = bias < 127;

  static constexpr float decode(Bits bits) {
    const std::uint32_t magnitude = bits & (sign_mask - 1);
    std::uint32_t value = (magnitude << shift) + rebias;
    if constexpr (has_own_subnormals) {
      const float subnormal =
          std::bit_cast<float>(min_normal | (magnitude << shift)) - std::bit_cast<float>(min_normal);
      value = magnitude < (1u << mantissa_bits) ? std::bit_cast<std::uint32_t>(subnormal) : value;
    }
    if constexpr (specials == Specials::ieee)
      value = magnitude >= exponent_mask ? 0x7f800000u | (magnitude << shift) : value;
    if constexpr (specials == Specials::fn) value = magnitude == sign_mask - 1 ? 0x7fc00000u : value;
    if constexpr (specials == Specials::fnuz) value = bits == sign_mask ? 0x7fc00000u : value;
    return std::bit_cast<float>(value | ((bits & sign_mask) << (31 - exponent_bits - mantissa_bits)));
  }

  static constexpr Bits encode(float value) {
    const std::uint32_t all = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = all & 0x7fffffffu;
    std::uint32_t sign = (all >> 31) * sign_mask;

    const std::uint32_t to_even = ((magnitude >> shift) & 1) + (1u << (shift - 1)) - 1;
    std::uint32_t result = (magnitude - rebias + to_even) >> shift;
    if constexpr (has_own_subnormals) {
      // Adding a number whose last mantissa bit is worth the format's smallest number lets the addition
      // round.
      constexpr std::uint32_t anchor = min_normal + (static_cast<std::uint32_t>(shift) << 23);
      const float rounded = std::bit_cast<float>(magnitude) + std::bit_cast<float>(anchor);
      result = magnitude < min_normal ? std::bit_cast<std::uint32_t>(rounded) - anchor : result;
    }
    result = result > max_finite ? overflow : result;

    const bool is_nan = magnitude > 0x7f800000u;
    if constexpr (specials == Specials::ieee) {
      const std::uint32_t payload = (magnitude >> shift) & ((1u << mantissa_bits) - 1);
      const std::uint32_t quiet = payload != 0 ? payload : 1u << (mantissa_bits - 1);
      result = is_nan ? exponent_mask | quiet : result;
    }
    if constexpr (specials == Specials::fn) result = is_nan ? sign_mask - 1 : result;
    if constexpr (specials == Specials::fnuz) {
      sign = result == 0 ? 0 : sign;
      sign = is_nan ? sign_mask : sign;
      result = is_nan ? 0 : result;
    }
    if constexpr (specials == Specials::finite) {
      sign = is_nan ? 0 : sign;
      result = is_nan ? max_finite : result;
    }
    return static_cast<Bits>(sign | result);
  }
};

/// A power of two from 2^-127 to 2^127, or NaN. Conversion rounds up and saturates, as Cast does by default;
/// ONNX leaves negative numbers open: they become NaN.
struct ExponentOnly {
  using Bits = std::uint8_t;

  static constexpr float decode(Bits bits) {
    if (bits == 0xff) return std::bit_cast<float>(0x7fc00000u);
    return std::bit_cast<float>(bits == 0 ? 0x00400000u : static_cast<std::uint32_t>(bits) << 23);
  }

  static constexpr Bits encode(float value) {
    const std::uint32_t all = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = all & 0x7fffffffu;
    if (magnitude > 0x7f800000u || all > 0x80000000u) return 0xff;
    if (magnitude <= 0x00400000u) return 0;
    if (magnitude > 0x7f000000u) return 0xfe;
    return static_cast<Bits>((magnitude + 0x7fffffu) >> 23);
  }
};

using Float16Format = FloatFormat<5, 10, 15, Specials::ieee>;
using BFloat16Format = FloatFormat<8, 7, 127, Specials::ieee>;
using Float8E4M3FNFormat = FloatFormat<4, 3, 7, Specials::fn>;
using Float8E4M3FNUZFormat = FloatFormat<4, 3, 8, Specials::fnuz>;
using Float8E5M2Format = FloatFormat<5, 2, 15, Specials::ieee>;
using Float8E5M2FNUZFormat = FloatFormat<5, 2, 16, Specials::fnuz>;
using Float8E8M0Format = ExponentOnly;
using Float4Format = FloatFormat<2, 1, 1, Specials::finite>;

}  // namespace polygraph::detail
