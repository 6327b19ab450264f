#pragma once

#include <cstdint>

namespace polygraph::onnx {

/// Magnitudes of float32 (bit patterns without the sign) at which a narrower type changes its behaviour.
struct NarrowingLimits {
  std::uint32_t overflow;    ///< the least that rounds to infinity
  std::uint32_t vanish;      ///< the largest that rounds to zero
  std::uint32_t min_normal;  ///< the least with full precision

  static constexpr std::uint32_t infinity = 0x7f800000u;
};

/// 65520, 2^-25, 2^-14.
inline constexpr NarrowingLimits float16_limits{0x477ff000u, 0x33000000u, 0x38800000u};
/// Half a last place above the largest, half the smallest subnormal, 2^-126.
inline constexpr NarrowingLimits bfloat16_limits{0x7f7f8000u, 0x00008000u, 0x00800000u};

}  // namespace polygraph::onnx
