#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace polygraph::compare {

/// The random numbers of NumPy's RandomState (https://numpy.org/doc/stable/reference/random/legacy.html),
/// which are guaranteed never to change.
class RandomState {
 public:
  explicit RandomState(std::uint32_t seed) : twister_(seed) {}

  /// `random_sample`: in [0, 1), of 53 bits.
  double sample();

  /// `randint(low, low + range + 1, dtype=T)` for unsigned T of 1 to 8 bytes, as bits: numbers of smaller
  /// types share the draws of 32 bits.
  template <class T>
  void integers(T low, T range, std::span<T> out);

  /// `randint` for bool: each draw of 32 bits gives 32 of them, the lowest first.
  void booleans(bool low, bool high, std::span<bool> out);

 private:
  std::uint32_t next() { return static_cast<std::uint32_t>(twister_()); }
  std::uint64_t next64() {
    const std::uint64_t high = next();
    return high << 32 | next();
  }

  std::mt19937 twister_;  // seeded as init_genrand does, as NumPy
};

}  // namespace polygraph::compare
