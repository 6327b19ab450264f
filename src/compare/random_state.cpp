#include "compare/random_state.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace polygraph::compare {

namespace {

// Hands out the parts of a draw of 32 bits, the lowest first.
template <class T>
class Parts {
 public:
  template <class Draw>
  T next(Draw&& draw) {
    if (left_ == 0) {
      bits_ = draw();
      left_ = per_draw;
    } else if constexpr (per_draw > 1) {
      bits_ >>= std::numeric_limits<T>::digits;
    }
    --left_;
    return static_cast<T>(bits_);
  }

 private:
  static constexpr int per_draw = 32 / std::numeric_limits<T>::digits;
  std::uint32_t bits_ = 0;
  int left_ = 0;
};

}  // namespace

double RandomState::sample() {
  const std::uint32_t high = next() >> 5;
  const std::uint32_t low = next() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

template <class T>
void RandomState::integers(T low, T range, std::span<T> out) {
  if (range == 0) {
    std::ranges::fill(out, low);
    return;
  }
  const auto fill = [&](T mask, auto&& draw) {
    for (T& value : out) {
      T drawn = 0;
      do drawn = static_cast<T>(draw() & mask);
      while (drawn > range);
      value = static_cast<T>(low + drawn);
    }
  };
  const T mask = static_cast<T>(std::numeric_limits<T>::max() >> std::countl_zero(range));
  if constexpr (sizeof(T) == 8) {
    // A range within 32 bits takes one draw of 32 bits.
    if (range <= std::numeric_limits<std::uint32_t>::max())
      fill(mask, [this] { return T{next()}; });
    else
      fill(mask, [this] { return next64(); });
  } else {
    Parts<T> parts;
    fill(mask, [&] { return parts.next([this] { return next(); }); });
  }
}

template void RandomState::integers(std::uint8_t, std::uint8_t, std::span<std::uint8_t>);
template void RandomState::integers(std::uint16_t, std::uint16_t, std::span<std::uint16_t>);
template void RandomState::integers(std::uint32_t, std::uint32_t, std::span<std::uint32_t>);
template void RandomState::integers(std::uint64_t, std::uint64_t, std::span<std::uint64_t>);

void RandomState::booleans(bool low, bool high, std::span<bool> out) {
  if (low == high) {
    std::ranges::fill(out, low);
    return;
  }
  std::uint32_t bits = 0;
  int left = 0;
  for (bool& value : out) {
    if (left == 0) {
      bits = next();
      left = 32;
    } else {
      bits >>= 1;
    }
    --left;
    value = (bits & 1) != 0;
  }
}

}  // namespace polygraph::compare
