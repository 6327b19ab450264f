#pragma once

#include <polygraph/core/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// Statistics of one tensor, and of the difference between two.
///
/// Every data type is measured. Numbers are taken exactly as they are, whatever the width of their type:
/// - f16, bf16, fp8 and fp4 are compared with each other and with f32 in float, all other pairs in double;
///   two types of 8 bits or fewer always in double.
/// - Differences of 64-bit integers are exact before they are rounded to double: none wraps around, and
///   2^53 + 1 differs from 2^53 by 1. Values themselves are rounded to double.
/// - Booleans are 0 and 1, so a difference is their exclusive or.
/// - Complex numbers are measured by their magnitude; their difference is the magnitude of the difference.
/// - Strings differ by 0 or 1, absolutely and relatively, and have no statistics of their own.
///
/// Means, variances and other sums are accumulated in double (Polygraphy's means are in float, and drift).
/// Quantiles are exact: NumPy's linear interpolation between order statistics, which are found without
/// sorting where there are more than 65536 elements. Large tensors are read twice, 64-bit types up to four
/// times, by as many threads as there are processors, at most 16. Each thread takes 1 MiB, in the second
/// reading 1 MiB per percentile more; a tensor that is not contiguous is copied. The results do not depend on
/// the number of threads nor on the processor's vector instructions.
///
/// If an element is not a number, mean, quantiles and extremes are NaN, too, as in NumPy, and min_index and
/// max_index are the index of the first such element.
namespace polygraph::compare {

/// Ten bins of equal width; all but the last are without their upper edge. Elements that are not finite are
/// in no bin. Edges are rounded to the type that is compared in, as NumPy's are.
struct Histogram {
  static constexpr std::size_t bin_count = 10;
  std::array<double, bin_count + 1> edges{};
  std::array<std::int64_t, bin_count> counts{};
  friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// Statistics of the elements of a tensor. All numbers are 0 if there are none. Indices are flat, in
/// row-major order, and name the first element of that value.
struct TensorStatistics {
  std::int64_t count = 0;
  double mean = 0;
  double variance = 0;  ///< of the whole population: divided by `count`
  double std_dev = 0;
  double min = 0;
  double max = 0;
  std::int64_t min_index = 0;
  std::int64_t max_index = 0;
  double avg_magnitude = 0;
  double sum_squares = 0;

  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  std::optional<std::int64_t> first_nan = std::nullopt;
  std::optional<std::int64_t> first_inf = std::nullopt;
  /// The extremes of the finite elements; 0 without any.
  double finite_min = 0;
  double finite_max = 0;

  // Only with StatisticsOptions::distribution.
  double median = 0;
  double p90 = 0;
  double p95 = 0;
  double p99 = 0;
  double quantile = 0;  ///< the one asked for
  /// Nothing if no element is finite.
  std::optional<Histogram> histogram = std::nullopt;
};

struct StatisticsOptions {
  /// Between 0 and 1.
  double quantile = 0.99;
  /// Whether to find the quantiles and histograms. Without them one reading suffices.
  bool distribution = true;
};

/// Statistics of one tensor. Throws InputError for strings; UsageError for a quantile out of range.
/// Thread-safe, as is everything in this header.
/// @code
///   const TensorStatistics found = statistics(output);
///   if (found.nan_count > 0) report(*found.first_nan);
/// @endcode
TensorStatistics statistics(const Tensor& tensor, const StatisticsOptions& options = {});

struct DifferenceOptions {
  /// An element is a mismatch if its absolute difference exceeds atol and its relative difference rtol, both.
  /// NaN exceeds every tolerance.
  double atol = 1e-5;
  double rtol = 1e-5;
  /// Whether two equal infinities differ by 0, not by NaN.
  bool infinities_compare_equal = false;
  /// Whether two NaN differ by 0, not by NaN.
  bool nans_compare_equal = false;
  /// How many of the largest differences to list.
  std::size_t worst = 10;
  double quantile = 0.99;
  bool distribution = true;
};

/// One element of two tensors.
struct ElementDifference {
  std::int64_t index = 0;  ///< flat, row-major
  double absolute = 0;
  double relative = 0;
  friend bool operator==(const ElementDifference&, const ElementDifference&) = default;
};

/// How two tensors differ.
///
/// absolute = |first - second|. relative = absolute / |second|, and 0 where absolute is 0; where `second` is
/// a floating-point zero it is divided by 2^-52 instead (Polygraphy's epsilon), where it is an integer zero
/// the quotient is infinite.
struct DifferenceStatistics {
  TensorStatistics first = {};   ///< the histogram's range is common to both
  TensorStatistics second = {};  ///< likewise
  TensorStatistics absolute = {};
  TensorStatistics relative = {};
  std::int64_t mismatches = 0;
  std::optional<std::int64_t> first_mismatch = std::nullopt;
  /// The elements of the largest absolute difference, NaN before all numbers, equal ones by index; none whose
  /// difference is 0.
  std::vector<ElementDifference> worst = {};
  /// The sum of first * second; for complex numbers its real part, with `second` conjugated.
  double dot = 0;
  bool second_has_zeros = false;

  /// The Euclidean norm of the difference.
  double l2_norm() const;
  /// l2_norm() divided by the norm of `second`; 0 if both are 0, infinity if only the latter is.
  double relative_l2() const;
  /// In [-1, 1]; 1 if both tensors are all zeros, 0 if only one is.
  double cosine_similarity() const;
  /// 20 log10(peak) - 10 log10(mean squared difference) in dB; the peak is the largest element of `first`, or
  /// 1 if that is not positive. Infinity if nothing differs.
  double psnr() const;
  /// 10 log10(sum of squares of `first` / sum of squared differences) in dB. Infinity if nothing differs,
  /// minus infinity if `first` is all zeros.
  double snr() const;
};

/// Compares element by element. Throws InputError if the shapes differ, or if one is a string tensor and the
/// other is not; UsageError for options out of range. For strings, `first` and `second` are left empty.
/// @code
///   const DifferenceStatistics found = difference(a, b, {.atol = 1e-3, .rtol = 1e-3});
///   found.absolute.median;
///   for (const ElementDifference& element : found.worst) ...
/// @endcode
DifferenceStatistics difference(const Tensor& first, const Tensor& second,
                                const DifferenceOptions& options = {});

/// How many representable numbers lie between the elements of two tensors.
struct UlpDistance {
  double max = 0;
  double mean = 0;
  std::int64_t max_index = 0;
  friend bool operator==(const UlpDistance&, const UlpDistance&) = default;
};

/// Counts in steps of the tensors' type; of two different ones in steps of the one with fewer mantissa bits,
/// to which the other is rounded. Integers and booleans count by their difference; an integer beside a
/// floating-point type is converted to it. Zeros of both signs are one number, and so are all NaN; a NaN and
/// a number are infinitely far apart. Of complex numbers, the larger of both parts' distances. Throws
/// InputError for strings and if the shapes differ.
UlpDistance ulp_distance(const Tensor& first, const Tensor& second);

/// For one axis: which index along it has the largest mean absolute difference.
struct AxisError {
  std::size_t axis = 0;
  std::int64_t index = 0;
  double mean = 0;          ///< of the slice at `index`; NaN if it has one
  double overall_mean = 0;  ///< of all elements; where errors are spread evenly, near `mean`
};

/// Where errors sit: an entry for each axis longer than 1. Throws as `difference` does.
std::vector<AxisError> error_by_axis(const Tensor& first, const Tensor& second,
                                     const DifferenceOptions& options = {});

/// A flat row-major index as one index per axis.
std::vector<std::int64_t> unravel_index(std::int64_t index, const Shape& shape);

}  // namespace polygraph::compare
