#pragma once

#include <polygraph/compare/statistics.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "compare/statistics_kernels.h"

namespace polygraph::compare::detail {

/// What one reading tells of a stretch of numbers. Stretches join in their order.
template <class T>
struct StreamSummary {
  StreamSums sums;
  T min = std::numeric_limits<T>::infinity();
  T max = -std::numeric_limits<T>::infinity();
  std::int64_t min_index = -1;
  std::int64_t max_index = -1;
  T finite_min = std::numeric_limits<T>::infinity();
  T finite_max = -std::numeric_limits<T>::infinity();
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  std::int64_t first_nan = -1;
  std::int64_t first_inf = -1;

  bool has_finite() const { return finite_min <= finite_max; }

  /// Adds a block, whose sums have been taken.
  void add(const T* values, std::size_t count, std::int64_t begin, const Extremes<T>& extremes) {
    if (!extremes.is_finite) return add_specials(values, count, begin);
    const auto place = [&](T value) {
      std::size_t i = 0;
      while (i + 1 < count && values[i] != value) ++i;
      return begin + static_cast<std::int64_t>(i);
    };
    if (extremes.min < min) min = extremes.min, min_index = place(min);
    if (extremes.max > max) max = extremes.max, max_index = place(max);
    if (extremes.min < finite_min) finite_min = extremes.min;
    if (extremes.max > finite_max) finite_max = extremes.max;
  }

  void join(const StreamSummary& next) {
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      sums.sum[lane] += next.sums.sum[lane];
      sums.squares[lane] += next.sums.squares[lane];
      sums.magnitude[lane] += next.sums.magnitude[lane];
    }
    if (next.min_index >= 0 && (min_index < 0 || next.min < min)) min = next.min, min_index = next.min_index;
    if (next.max_index >= 0 && (max_index < 0 || next.max > max)) max = next.max, max_index = next.max_index;
    finite_min = std::fmin(finite_min, next.finite_min);
    finite_max = std::fmax(finite_max, next.finite_max);
    nan_count += next.nan_count;
    inf_count += next.inf_count;
    if (first_nan < 0) first_nan = next.first_nan;
    if (first_inf < 0) first_inf = next.first_inf;
  }

 private:
  void add_specials(const T* values, std::size_t count, std::int64_t begin) {
    for (std::size_t i = 0; i < count; ++i) {
      const T value = values[i];
      const std::int64_t index = begin + static_cast<std::int64_t>(i);
      if (std::isnan(value)) {
        ++nan_count;
        if (first_nan < 0) first_nan = index;
        continue;
      }
      if (value < min || min_index < 0) min = value, min_index = index;
      if (value > max || max_index < 0) max = value, max_index = index;
      if (std::isinf(value)) {
        ++inf_count;
        if (first_inf < 0) first_inf = index;
        continue;
      }
      if (value < finite_min) finite_min = value;
      if (value > finite_max) finite_max = value;
    }
  }
};

inline double lane_total(const double* lanes) {
  double total = 0;
  for (std::size_t lane = 0; lane < lane_count; ++lane) total += lanes[lane];
  return total;
}

/// Everything but the distribution.
template <class T>
TensorStatistics statistics_of(const StreamSummary<T>& summary, std::int64_t count) {
  TensorStatistics result{.count = count};
  if (count == 0) return result;
  const auto size = static_cast<double>(count);
  result.mean = lane_total(summary.sums.sum) / size;
  result.avg_magnitude = lane_total(summary.sums.magnitude) / size;
  result.sum_squares = lane_total(summary.sums.squares);
  result.variance = result.sum_squares / size - result.mean * result.mean;
  if (result.variance < 0) result.variance = 0;
  result.min = static_cast<double>(summary.min);
  result.max = static_cast<double>(summary.max);
  result.min_index = summary.min_index;
  result.max_index = summary.max_index;
  if (summary.nan_count > 0) {
    result.min = result.max = std::numeric_limits<double>::quiet_NaN();
    result.min_index = result.max_index = summary.first_nan;
  }
  result.std_dev = std::sqrt(result.variance);
  result.nan_count = summary.nan_count;
  result.inf_count = summary.inf_count;
  if (summary.first_nan >= 0) result.first_nan = summary.first_nan;
  if (summary.first_inf >= 0) result.first_inf = summary.first_inf;
  if (summary.has_finite()) {
    result.finite_min = static_cast<double>(summary.finite_min);
    result.finite_max = static_cast<double>(summary.finite_max);
  }
  return result;
}

}  // namespace polygraph::compare::detail
