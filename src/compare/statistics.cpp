#include <fmt/format.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compare/measurement.h"
#include "compare/same_shape.h"

namespace polygraph::compare {
namespace {

void check_quantile(double quantile) {
  if (!(quantile >= 0 && quantile <= 1))
    throw UsageError(
        fmt::format("A quantile of {} cannot be found: it has to lie between 0 and 1.", quantile));
}

void check_tolerance(const char* name, double tolerance) {
  if (!(tolerance >= 0))
    throw UsageError(fmt::format("A tolerance cannot be {} = {}: it has to be 0 or more.", name, tolerance));
}

/// Distances of 0 and 1, measured as booleans are.
DifferenceStatistics difference_of_strings(const Tensor& first, const Tensor& second,
                                           const DifferenceOptions& options) {
  const auto a = first.contiguous(), b = second.contiguous();
  Tensor differs(DataType::boolean, first.shape());
  bool* const out = differs.mutable_values<bool>().data();
  for (std::size_t i = 0; i < a.strings().size(); ++i) out[i] = a.strings()[i] != b.strings()[i];
  const Tensor none(DataType::boolean, first.shape());
  DifferenceStatistics result = difference(differs, none, options);
  result.second = {};
  result.relative = result.absolute = std::exchange(result.first, {});
  for (ElementDifference& element : result.worst) element.relative = element.absolute;
  result.dot = 0;
  result.second_has_zeros = false;
  result.mismatches = 0;
  result.first_mismatch.reset();
  if (!(options.atol >= 1 || options.rtol >= 1) && result.absolute.sum_squares > 0) {
    result.mismatches = static_cast<std::int64_t>(result.absolute.sum_squares);
    result.first_mismatch = result.absolute.max_index;
  }
  return result;
}

}  // namespace

TensorStatistics statistics(const Tensor& tensor, const StatisticsOptions& options) {
  check_quantile(options.quantile);
  if (tensor.dtype() == DataType::string)
    throw InputError("Strings have no statistics.", "Compare them, or leave them out.");
  return detail::measure(tensor, options, {});
}

DifferenceStatistics difference(const Tensor& first, const Tensor& second, const DifferenceOptions& options) {
  check_quantile(options.quantile);
  check_tolerance("atol", options.atol);
  check_tolerance("rtol", options.rtol);
  detail::check_comparable(first, second);
  if (first.dtype() == DataType::string) return difference_of_strings(first, second, options);
  return detail::measure(first, second, options, {});
}

double DifferenceStatistics::l2_norm() const {
  return std::sqrt(absolute.sum_squares);
}

double DifferenceStatistics::relative_l2() const {
  if (absolute.sum_squares == 0) return 0;
  return l2_norm() / std::sqrt(second.sum_squares);
}

double DifferenceStatistics::cosine_similarity() const {
  const double norms[] = {std::sqrt(first.sum_squares), std::sqrt(second.sum_squares)};
  if (norms[0] == 0 && norms[1] == 0) return 1;
  if (norms[0] == 0 || norms[1] == 0) return 0;
  const double similarity = dot / (norms[0] * norms[1]);
  return std::isnan(similarity) ? similarity : std::clamp(similarity, -1.0, 1.0);
}

double DifferenceStatistics::psnr() const {
  if (absolute.sum_squares == 0) return std::numeric_limits<double>::infinity();
  const double peak = first.max <= 0 ? 1 : first.max;
  return 20 * std::log10(peak) - 10 * std::log10(absolute.sum_squares / static_cast<double>(absolute.count));
}

double DifferenceStatistics::snr() const {
  if (absolute.sum_squares == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(first.sum_squares / absolute.sum_squares);
}

std::vector<std::int64_t> unravel_index(std::int64_t index, const Shape& shape) {
  std::vector<std::int64_t> result(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    result[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return result;
}

}  // namespace polygraph::compare
