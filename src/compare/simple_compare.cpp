#include <polygraph/compare/compare_functions.h>

#include "compare/run_comparison.h"

namespace polygraph::compare {

Threshold SimpleCompareFunc::threshold_for(const std::string& output) const {
  return Threshold::simple(options_.check_error_stat.get(output, ErrorStat::elemwise),
                           options_.atol.get(output, 1e-5), options_.rtol.get(output, 1e-5));
}

OutputResults SimpleCompareFunc::operator()(const IterationResult& first,
                                            const IterationResult& second) const {
  detail::warn_of_unknown(options_.rtol, "rtol", first, second);
  detail::warn_of_unknown(options_.atol, "atol", first, second);
  detail::warn_of_unknown(options_.check_error_stat, "check_error_stat", first, second);
  detail::warn_of_unknown(options_.error_quantile, "error_quantile", first, second);
  const detail::ComparisonPlan plan{.check_shapes = options_.check_shapes,
                                    .fail_fast = options_.fail_fast,
                                    .find_output_func = options_.find_output_func,
                                    .takes_strings = true};
  const auto measure = [&](const std::string& name, const Tensor& a, const Tensor& b,
                           OutputDetails& details) -> OutputResult {
    const Threshold threshold = threshold_for(name);
    details.quantile = options_.error_quantile.get(name, 0.99);
    details.has_distribution = true;
    details.difference = difference(a, b,
                                    {.atol = threshold.atol,
                                     .rtol = threshold.rtol,
                                     .infinities_compare_equal = options_.infinities_compare_equal,
                                     .nans_compare_equal = options_.nans_compare_equal,
                                     .quantile = details.quantile});
    const TensorStatistics &absolute = details.difference->absolute, &relative = details.difference->relative;
    std::vector<std::optional<double>> values{absolute.max,    relative.max,    absolute.mean, relative.mean,
                                              absolute.median, relative.median, std::nullopt,  std::nullopt};
    if (threshold.check_error_stat == ErrorStat::quantile) {
      values[6] = absolute.quantile;
      values[7] = relative.quantile;
    }
    std::optional<bool> verdict;
    if (threshold.check_error_stat == ErrorStat::elemwise) verdict = details.difference->mismatches == 0;
    return {Metric::simple, std::move(values), threshold, verdict};
  };
  return detail::run_comparison(first, second, plan, measure);
}

}  // namespace polygraph::compare
