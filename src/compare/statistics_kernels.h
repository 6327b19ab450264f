#pragma once

#include <cstddef>
#include <cstdint>

// The inner loops of statistics, for float and double, over blocks that fit the first-level cache. They exist
// twice, for any processor and for AVX2, from one text (statistics_kernels.inc), and give the same bits.

namespace polygraph::compare::detail {

/// Elements that the loops are given at once, at most.
inline constexpr std::size_t block_size = 1024;
/// Sums are kept apart by the element's index modulo this, whatever the processor's vectors are.
inline constexpr std::size_t lane_count = 8;

struct StreamSums {
  double sum[lane_count] = {};
  double squares[lane_count] = {};
  double magnitude[lane_count] = {};
};

template <class T>
struct Extremes {
  T min;
  T max;
  bool is_finite;  ///< if not, min and max mean nothing
};

/// Two differences of which an element that exceeds both counts as a mismatch, and what divides instead of
/// zero.
template <class T>
struct DifferenceRule {
  T atol;
  T rtol;
  T epsilon;
};

struct DifferenceSums {
  double dot[lane_count] = {};
  std::int64_t mismatches = 0;
  bool has_zeros = false;  ///< among the second operands
};

template <class T>
struct Kernels {
  /// Adds to the sums (`magnitude` only on request) and gives the block's extremes. At least one element.
  Extremes<T> (*accumulate)(const T* values, std::size_t count, bool with_magnitude, StreamSums& sums);
  /// absolute = |first - second|; relative = absolute / |second or epsilon|, 0 where absolute is 0. Adds to
  /// the sums; not-a-number exceeds every tolerance.
  void (*differ)(const T* first, const T* second, std::size_t count, const DifferenceRule<T>& rule,
                 T* absolute, T* relative, DifferenceSums& sums);
  /// Adds the squared distances from `center`.
  void (*add_variance)(const T* values, std::size_t count, double center, double* lanes);
};

struct KernelSet {
  Kernels<float> float32;
  Kernels<double> float64;
  void (*widen_float16)(const void* values, std::size_t count, float* out);
  void (*widen_bfloat16)(const void* values, std::size_t count, float* out);

  template <class T>
  const Kernels<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float))
      return float32;
    else
      return float64;
  }
};

const KernelSet& portable_kernels();
/// Null unless this processor has AVX2 and F16C.
const KernelSet* avx2_kernels();
/// The best that this processor has.
const KernelSet& kernels();

}  // namespace polygraph::compare::detail
