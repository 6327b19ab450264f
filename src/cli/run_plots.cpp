#include "cli/run_plots.h"

#include <fmt/format.h>
#include <polygraph/compare/output_details.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "cli/plot_svg.h"
#include "compare/align_shapes.h"

namespace polygraph::cli {
namespace {

using compare::ErrorMap;
using compare::ErrorStat;
using compare::Metric;
using compare::OutputResult;

// Where the statistic that is checked stands among the values of `simple`: absolute, then relative.
std::size_t place_of(ErrorStat stat) {
  switch (stat) {
    case ErrorStat::mean:
      return 2;
    case ErrorStat::median:
      return 4;
    case ErrorStat::quantile:
      return 6;
    default:
      return 0;
  }
}

double share(double value, double limit) {
  if (std::isnan(value)) return HUGE_VAL;
  return value == 0 || std::isinf(limit) ? 0 : value / limit;
}

double ratio_of(const OutputResult& result) {
  if (!result.metric()) return result.passed() ? 0 : HUGE_VAL;
  const compare::Threshold& threshold = result.threshold();
  if (*result.metric() == Metric::simple) {
    const std::size_t place = place_of(threshold.check_error_stat);
    const auto value = [&](std::size_t at) { return result.values()[at].value_or(std::nan("")); };
    return std::min(share(value(place), threshold.atol), share(value(place + 1), threshold.rtol));
  }
  const double value = result.values().front().value_or(std::nan(""));
  if (std::isnan(value)) return HUGE_VAL;
  if (*result.metric() == Metric::psnr || *result.metric() == Metric::snr)
    return std::pow(10, (threshold.value - value) / 20);
  return compare::traits(*result.metric()).higher_is_better ? share(1 - value, 1 - threshold.value)
                                                            : share(value, threshold.value);
}

// What of a name may stand in one of a file.
std::string file_name(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 80)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '_' || (c == '.' && !text.empty());
    text += is_plain ? c : '_';
  }
  return text;
}

}  // namespace

Badness badness_of(const OutputResult& result) {
  return {!result.passed(), ratio_of(result)};
}

std::optional<double> main_number(const OutputResult& result) {
  if (!result.metric()) return std::nullopt;
  const bool is_simple = *result.metric() == Metric::simple;
  return result.values()[is_simple ? place_of(result.threshold().check_error_stat) : 0];
}

void MetricStrip::join(Bucket& bucket, const Bucket& more) const {
  bucket.failed |= more.failed;
  if (std::isnan(bucket.worst)) return;
  const bool is_worse = higher_is_better_ ? more.worst < bucket.worst : more.worst > bucket.worst;
  if (std::isnan(more.worst) || is_worse) bucket.worst = more.worst;
}

void MetricStrip::add(std::optional<double> value, bool failed) {
  const Bucket one{value.value_or(std::nan("")), failed};
  if (iterations_++ % per_bucket_ != 0) {
    join(buckets_.back(), one);
    return;
  }
  if (buckets_.size() == most_buckets) {
    for (std::size_t i = 0; i < most_buckets / 2; ++i) {
      buckets_[i] = buckets_[2 * i];
      join(buckets_[i], buckets_[2 * i + 1]);
    }
    buckets_.resize(most_buckets / 2);
    per_bucket_ *= 2;
  }
  buckets_.push_back(one);
}

void RunPlots::add_to_strip(std::size_t pair, std::size_t function, const std::string& output,
                            const OutputResult& result) {
  const bool higher = result.metric() && compare::traits(*result.metric()).higher_is_better;
  strips_.try_emplace({pair, function, output}, higher)
      .first->second.add(main_number(result), !result.passed());
}

void RunPlots::add(const std::vector<compare::PairSummary>& pairs,
                   const std::vector<compare::PairComparison>& comparisons) {
  if (!options_.any()) return;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    const compare::PairComparison& comparison = comparisons[i];
    if (options_.for_page)
      for (std::size_t f = 0; f < comparison.results.size(); ++f)
        for (const auto& [name, result] : comparison.results[f]) add_to_strip(i, f, name, result);
    const compare::FunctionSummary& function = pairs[i].functions.front();
    std::size_t index = 0;
    for (const auto& result : comparison.results.front()) {
      // Results come in the order in which summaries are made, but for outputs that an iteration lacks.
      if (index >= function.outputs.size() || function.outputs[index].name != result.first)
        index = static_cast<std::size_t>(
            std::ranges::find(function.outputs, result.first, &compare::OutputSummary::name) -
            function.outputs.begin());
      if (function.outputs[index].worst_iteration == pairs[i].iterations - 1)
        candidates.push_back({badness_of(result.second), i, index, &comparison, &result});
      ++index;
    }
  }
  std::ranges::stable_sort(candidates, std::ranges::greater(), &Candidate::badness);
  for (const Candidate& candidate : candidates) gather(candidate);
}

void RunPlots::gather(const Candidate& candidate) {
  const auto& [name, result] = *candidate.result;
  const bool is_saved = options_.heat_maps || options_.error_metrics;
  const Key key{candidate.pair, name};
  auto least = maps_.end();
  if (maps_.size() == most_maps && !maps_.contains(key))
    least = std::ranges::min_element(maps_, {}, [](const auto& kept) { return kept.second.badness; });
  const bool is_kept =
      options_.for_page && (least == maps_.end() || least->second.badness < candidate.badness);
  if (!is_kept && !is_saved) return;
  // Functions of the user's own need not say what they compared.
  const auto& [first_run, second_run] = std::tie(*candidate.comparison->first, *candidate.comparison->second);
  const Tensor* const first =
      first_run.outputs.find(result.output0_name.empty() ? name : result.output0_name);
  const Tensor* const second =
      second_run.outputs.find(result.output1_name.empty() ? name : result.output1_name);
  maps_.erase(key);  // of an iteration that was not as bad
  if (first == nullptr || second == nullptr || (result.details && !result.details->problem.empty())) return;
  if ((first->dtype() == DataType::string) != (second->dtype() == DataType::string)) return;
  std::vector<std::string> unused;
  const Tensor aligned = compare::detail::match_shape(*second, first->shape(), unused);
  if (aligned.shape() != first->shape()) return;
  ErrorMap map = compare::error_map(*first, aligned,
                                    {.infinities_compare_equal = options_.infinities_compare_equal,
                                     .nans_compare_equal = options_.nans_compare_equal});
  const PlotTitle title{.output = name,
                        .first = first_run.runner_name,
                        .second = second_run.runner_name,
                        .shape = first->shape()};
  const std::string file = fmt::format("{}-{:03}-{}.svg", candidate.pair, candidate.index, file_name(name));
  if (options_.heat_maps) write_file(*options_.heat_maps / file, heat_map_svg(map.heat, title));
  if (options_.error_metrics) write_file(*options_.error_metrics / file, error_metrics_svg(map, title));
  if (!is_kept) return;
  if (least != maps_.end()) maps_.erase(least);
  maps_.emplace(key, Kept{candidate.badness, std::move(map)});
}

const ErrorMap* RunPlots::map_of(std::size_t pair, const std::string& output) const {
  const auto found = maps_.find({pair, output});
  return found == maps_.end() ? nullptr : &found->second.map;
}

const MetricStrip* RunPlots::strip_of(std::size_t pair, std::size_t function,
                                      const std::string& output) const {
  const auto found = strips_.find({pair, function, output});
  return found == strips_.end() ? nullptr : &found->second;
}

}  // namespace polygraph::cli
