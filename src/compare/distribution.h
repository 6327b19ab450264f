#pragma once

#include <polygraph/compare/statistics.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "compare/order_statistics.h"

namespace polygraph::compare::detail {

/// What a stream's quantiles and histogram are made of.
template <class T>
class Distribution {
 public:
  /// @param count  Elements, all of them numbers, or 0 to ask for no quantile.
  Distribution(std::int64_t count, double quantile)
      : count_(count), points_{0.5, 0.9, 0.95, 0.99, quantile} {}

  /// The histogram's range.
  void set_range(T low, T high) {
    has_histogram_ = true;
    if (low == high) low -= T{0.5}, high += T{0.5};
    T step = (high - low) / T{Histogram::bin_count};
    if (std::isinf(high - low)) step = high / T{Histogram::bin_count} - low / T{Histogram::bin_count};
    for (std::size_t i = 0; i < edges_.size(); ++i) edges_[i] = static_cast<T>(i) * step + low;
    edges_.back() = high;
  }

  OrderQueries<T> queries() const {
    OrderQueries<T> result;
    if (count_ > 0)
      for (const double point : points_) {
        const auto low = static_cast<std::uint64_t>(position(point));
        result.ranks.push_back({low, 0});
        result.ranks.push_back({std::min(low + 1, static_cast<std::uint64_t>(count_) - 1), 0});
      }
    if (has_histogram_) {
      for (const T edge : edges_) result.edges.push_back({OrderKey<T>::from(edge == 0 ? -T{0} : edge), 0});
      const T high = edges_.back();
      result.edges.back().key = OrderKey<T>::from(high == 0 ? T{0} : high) + 1;  // the last bin has its edge
    }
    return result;
  }

  /// @param answered  `queries()` with the answers.
  void write(const OrderQueries<T>& answered, TensorStatistics& result) const {
    double* const places[] = {&result.median, &result.p90, &result.p95, &result.p99, &result.quantile};
    for (std::size_t i = 0; i < points_.size(); ++i) {
      *places[i] = count_ > 0 ? between(answered.ranks[2 * i].key, answered.ranks[2 * i + 1].key, points_[i])
                              : std::nan("");
    }
    if (!has_histogram_) return;
    Histogram& histogram = result.histogram.emplace();
    for (std::size_t i = 0; i < edges_.size(); ++i) histogram.edges[i] = static_cast<double>(edges_[i]);
    for (std::size_t i = 0; i < Histogram::bin_count; ++i)
      histogram.counts[i] = static_cast<std::int64_t>(answered.edges[i + 1].below - answered.edges[i].below);
  }

 private:
  double position(double point) const { return point * static_cast<double>(count_ - 1); }

  double between(typename OrderKey<T>::Bits low_key, typename OrderKey<T>::Bits high_key,
                 double point) const {
    const double low = static_cast<double>(OrderKey<T>::to_value(low_key)) + 0.0;
    const double high = static_cast<double>(OrderKey<T>::to_value(high_key)) + 0.0;
    const double at = position(point), share = at - std::floor(at);
    if (low == high || share == 0) return low;
    return share >= 0.5 ? high - (high - low) * (1 - share) : low + (high - low) * share;
  }

  std::int64_t count_;
  std::array<double, 5> points_;
  bool has_histogram_ = false;
  std::array<T, Histogram::bin_count + 1> edges_{};
};

}  // namespace polygraph::compare::detail
