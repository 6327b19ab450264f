#include <fmt/format.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "compare/run_comparison.h"
#include "compare/wide_elements.h"

namespace polygraph::compare {
namespace {

std::int64_t last_length(const Tensor& tensor) {
  return tensor.shape().rank() == 0 ? 1 : tensor.shape()[tensor.shape().rank() - 1];
}

double histogram_overlap(const DifferenceStatistics& found) {
  if (found.first.count == 0) return 1;
  if (!found.first.histogram || !found.second.histogram) return 0;
  std::int64_t common = 0;
  for (std::size_t i = 0; i < Histogram::bin_count; ++i)
    common += std::min(found.first.histogram->counts[i], found.second.histogram->counts[i]);
  return static_cast<double>(common) / static_cast<double>(found.first.count);
}

double top_k_agreement(const Tensor& first, const Tensor& second, std::int64_t k) {
  const Tensor best[2] = {top_k_indices(first, {k}), top_k_indices(second, {k})};
  const std::int64_t length = last_length(best[0]);
  const auto a = best[0].values<std::int64_t>(), b = best[1].values<std::int64_t>();
  if (a.empty()) return 1;
  std::size_t common = 0;
  std::vector<std::int64_t> sorted[2];
  for (std::size_t row = 0; row < a.size(); row += static_cast<std::size_t>(length)) {
    for (const auto& [from, to] : {std::pair{a, &sorted[0]}, std::pair{b, &sorted[1]}}) {
      const auto part = from.subspan(row, static_cast<std::size_t>(length));
      to->assign(part.begin(), part.end());
      std::ranges::sort(*to);
    }
    std::vector<std::int64_t> both;
    std::ranges::set_intersection(sorted[0], sorted[1], std::back_inserter(both));
    common += both.size();
  }
  return static_cast<double>(common) / static_cast<double>(a.size());
}

/// A row as a distribution, in place; false if it is none.
bool make_distribution(std::span<double> row, bool logits) {
  const double largest = *std::ranges::max_element(row);
  double sum = 0;
  for (double& value : row) {
    if (logits) value = std::exp(value - largest);
    if (!(value >= 0)) return false;
    sum += value;
  }
  if (!(sum > 0) || std::isinf(sum)) return false;
  for (double& value : row) value /= sum;
  return true;
}

double kl_divergence(const Tensor& first, const Tensor& second, bool logits) {
  const auto doubles = [](const Tensor& tensor) {
    return detail::with_elements(
        tensor, [](const auto& values) { return std::vector<double>(values.begin(), values.end()); });
  };
  std::vector<double> p = doubles(first), q = doubles(second);
  if (p.empty()) return 0;
  const auto length = static_cast<std::size_t>(last_length(first));
  double total = 0;
  for (std::size_t row = 0; row < p.size(); row += length) {
    const std::span<double> a(p.data() + row, length), b(q.data() + row, length);
    if (!make_distribution(a, logits) || !make_distribution(b, logits)) return std::nan("");
    for (std::size_t i = 0; i < length; ++i)
      if (b[i] > 0) total += b[i] * std::log(b[i] / a[i]);
  }
  return total / static_cast<double>(p.size() / length);
}

template <class Options>
double metric_of(const Options& options, const std::string& name, const Tensor& first, const Tensor& second,
                 OutputDetails& details) {
  constexpr Metric metric = Options::metric;
  if constexpr (metric == Metric::ulp) {
    details.ulp = ulp_distance(first, second);
    return details.ulp->max;
  } else if constexpr (metric == Metric::top_k_agreement) {
    const std::int64_t k = options.k.get(name, 5);
    if (k < 1) throw UsageError(fmt::format("The k = {} of output '{}' leaves nothing to compare.", k, name));
    return top_k_agreement(first, second, k);
  } else if constexpr (metric == Metric::kl_divergence) {
    return kl_divergence(first, second, options.logits);
  } else {
    details.has_distribution = metric == Metric::histogram_overlap;
    details.difference = difference(first, second, {.distribution = details.has_distribution});
    const DifferenceStatistics& found = *details.difference;
    switch (metric) {
      case Metric::l2:
        return found.l2_norm();
      case Metric::cosine_similarity:
        return found.cosine_similarity();
      case Metric::psnr:
        return found.psnr();
      case Metric::snr:
        return found.snr();
      case Metric::relative_l2:
        return found.relative_l2();
      default:
        return histogram_overlap(found);
    }
  }
}

}  // namespace

template <class Options>
OutputResults MetricCompareFunc<Options>::operator()(const IterationResult& first,
                                                     const IterationResult& second) const {
  detail::warn_of_unknown(options_.threshold(), std::get<0>(Options::fields()).name.data(), first, second);
  if constexpr (requires { options_.k; }) detail::warn_of_unknown(options_.k, "k", first, second);
  const detail::ComparisonPlan plan{.check_shapes = options_.check_shapes,
                                    .fail_fast = options_.fail_fast,
                                    .find_output_func = options_.find_output_func};
  const auto measure = [&](const std::string& name, const Tensor& a, const Tensor& b,
                           OutputDetails& details) -> OutputResult {
    return {Options::metric, {metric_of(options_, name, a, b, details)}, threshold_for(name)};
  };
  return detail::run_comparison(first, second, plan, measure);
}

template class MetricCompareFunc<L2CompareOptions>;
template class MetricCompareFunc<CosineSimilarityCompareOptions>;
template class MetricCompareFunc<PsnrCompareOptions>;
template class MetricCompareFunc<SnrCompareOptions>;
template class MetricCompareFunc<UlpCompareOptions>;
template class MetricCompareFunc<RelativeL2CompareOptions>;
template class MetricCompareFunc<HistogramOverlapCompareOptions>;
template class MetricCompareFunc<TopKAgreementCompareOptions>;
template class MetricCompareFunc<KlDivergenceCompareOptions>;

}  // namespace polygraph::compare
