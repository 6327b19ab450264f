#pragma once

#include <polygraph/compare/error_map.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace polygraph::compare::detail {

/// Bins of equal width from `low` to `high`, or none if low > high.
class LinearBinning {
 public:
  LinearBinning() = default;
  LinearBinning(double low, double high, std::size_t bins);
  std::size_t count() const { return edges_.empty() ? 0 : edges_.size() - 1; }
  /// The bin of a number in the range.
  std::size_t of(double value) const;
  const std::vector<double>& edges() const { return edges_; }

 private:
  std::vector<double> edges_;
  double per_unit_ = 0;
};

/// Bins of positive finite numbers by the leading bits of their representation: the narrowest, from an
/// eighth of a power of two, of which at most `bins` cover the range. None if low > high.
class LogBinning {
 public:
  LogBinning() = default;
  LogBinning(double low, double high, std::size_t bins);
  std::size_t count() const { return edges_.empty() ? 0 : edges_.size() - 1; }
  std::size_t of(double value) const {
    return static_cast<std::size_t>((std::bit_cast<std::uint64_t>(value) >> shift_) - begin_);
  }
  const std::vector<double>& edges() const { return edges_; }

 private:
  int shift_ = 0;
  std::uint64_t begin_ = 0;
  std::vector<double> edges_;
};

/// `error_map` by so many threads; 0: as many as help.
ErrorMap gather_errors(const Tensor& first, const Tensor& second, const ErrorMapOptions& options,
                       std::size_t workers);

}  // namespace polygraph::compare::detail
