#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace polygraph::compare::detail {

/// Unsigned integers in the order of the floating-point numbers: -NaN, -inf, ..., -0, 0, ..., inf, NaN.
template <class T>
struct OrderKey {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  static constexpr int width = 8 * sizeof(T);
  static constexpr Bits sign = Bits{1} << (width - 1);

  static constexpr Bits from(T value) {
    const Bits bits = std::bit_cast<Bits>(value);
    return (bits & sign) != 0 ? ~bits : bits | sign;
  }
  static constexpr T to_value(Bits key) { return std::bit_cast<T>((key & sign) != 0 ? key & ~sign : ~key); }

  /// The first 16 bits of the number itself, not in order: what is counted first, being the cheapest.
  static std::size_t bucket(T value) {
    return static_cast<std::size_t>(std::bit_cast<Bits>(value) >> (width - 16));
  }
  /// The bucket that holds the keys with these first 16 bits.
  static std::size_t bucket_of_prefix(std::size_t prefix) {
    return prefix < 0x8000 ? 0xffff - prefix : prefix - 0x8000;
  }
};

}  // namespace polygraph::compare::detail
