#include <fmt/format.h>
#include <polygraph/compare/output_result.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>

#include "compare/number_text.h"

namespace polygraph::compare {
namespace {

constexpr std::array<std::string_view, 8> simple_fields{
    "max_absdiff",    "max_reldiff",    "mean_absdiff",     "mean_reldiff",
    "median_absdiff", "median_reldiff", "quantile_absdiff", "quantile_reldiff"};

template <const std::string_view& name>
constexpr std::array<std::string_view, 1> one_field{name};

constexpr std::string_view l2 = "l2_norm";
constexpr std::string_view cosine = "cosine_similarity";
constexpr std::string_view psnr = "psnr";
constexpr std::string_view snr = "snr";
constexpr std::string_view lpips = "lpips";
constexpr std::string_view ulp = "ulp";
constexpr std::string_view relative_l2 = "relative_l2";
constexpr std::string_view overlap = "histogram_overlap";
constexpr std::string_view agreement = "top_k_agreement";
constexpr std::string_view divergence = "kl_divergence";

constexpr std::array<MetricTraits, 11> metric_traits{{
    {"OutputCompareResult", "SimpleThreshold", "simple", "", false, simple_fields},
    {"L2Result", "L2Threshold", "L2 Norm", "", false, one_field<l2>},
    {"CosineSimilarityResult", "CosineSimilarityThreshold", "Cosine Similarity", "", true, one_field<cosine>},
    {"PsnrResult", "PsnrThreshold", "PSNR", " dB", true, one_field<psnr>},
    {"SnrResult", "SnrThreshold", "SNR", " dB", true, one_field<snr>},
    {"PerceptualMetricsResult", "LpipsThreshold", "LPIPS", "", false, one_field<lpips>},
    {"UlpResult", "UlpThreshold", "ULP Distance", "", false, one_field<ulp>},
    {"RelativeL2Result", "RelativeL2Threshold", "Relative L2", "", false, one_field<relative_l2>},
    {"HistogramOverlapResult", "HistogramOverlapThreshold", "Histogram Overlap", "", true,
     one_field<overlap>},
    {"TopKAgreementResult", "TopKAgreementThreshold", "Top-K Agreement", "", true, one_field<agreement>},
    {"KlDivergenceResult", "KlDivergenceThreshold", "KL Divergence", "", false, one_field<divergence>},
}};

constexpr auto metrics = [] {
  std::array<Metric, metric_traits.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Metric>(i);
  return all;
}();

}  // namespace

const MetricTraits& traits(Metric metric) {
  return metric_traits[static_cast<std::size_t>(metric)];
}

std::span<const Metric> all_metrics() {
  return metrics;
}

OutputResult::OutputResult(Metric metric, std::vector<std::optional<double>> values, Threshold threshold,
                           std::optional<bool> verdict)
    : metric_(metric), values_(std::move(values)), threshold_(threshold), verdict_(verdict) {
  const MetricTraits& expected = traits(metric);
  if (values_.size() != expected.fields.size())
    throw InputError(fmt::format("A result of '{}' has {} numbers, not {}.", expected.label,
                                 expected.fields.size(), values_.size()));
  if (threshold.metric != metric)
    throw InputError(fmt::format("A result of '{}' cannot be held against a threshold for '{}'.",
                                 expected.label, traits(threshold.metric).label));
}

std::optional<Metric> OutputResult::metric() const {
  return metric_;
}

std::optional<double> OutputResult::value(std::string_view field) const {
  if (!metric_) return std::nullopt;
  const auto fields = traits(*metric_).fields;
  const auto found = std::ranges::find(fields, field);
  if (found == fields.end()) return std::nullopt;
  return values_[static_cast<std::size_t>(found - fields.begin())];
}

bool OutputResult::passed() const {
  if (verdict_) return *verdict_;
  if (*metric_ == Metric::simple) return passes_simple();
  if (!values_[0]) return false;
  return traits(*metric_).higher_is_better ? *values_[0] >= threshold_.value
                                           : *values_[0] <= threshold_.value;
}

bool OutputResult::passes_simple() const {
  const ErrorStat stat = threshold_.check_error_stat;
  if (stat == ErrorStat::elemwise)
    throw InputError("Saved statistics cannot be judged element by element.",
                     "Choose max, mean, median or quantile, or compare saved outputs.");
  const std::optional<double> absolute = value(fmt::format("{}_absdiff", to_string(stat)));
  const std::optional<double> relative = value(fmt::format("{}_reldiff", to_string(stat)));
  if (!absolute || !relative)
    throw InputError(
        fmt::format("The results lack the statistic '{}'.", to_string(stat)),
        "Choose max, mean or median, or compare saved outputs; the quantile is kept only where it "
        "was what the comparison checked.");
  return *absolute <= threshold_.atol || *relative <= threshold_.rtol;
}

void OutputResult::set_threshold(const Threshold& threshold) {
  if (!metric_)
    throw InputError("A result that is only yes or no cannot be held against another threshold.",
                     "Compare saved outputs instead: shapes differed, or the comparison has no metric.");
  if (threshold.metric != *metric_)
    throw InputError(fmt::format("A result of '{}' cannot be held against a threshold for '{}'.",
                                 traits(*metric_).label, traits(threshold.metric).label));
  threshold_ = threshold;
  verdict_.reset();
}

std::optional<Description> OutputResult::describe() const {
  if (!metric_ || *metric_ == Metric::simple || !values_[0]) return std::nullopt;
  const MetricTraits& known = traits(*metric_);
  const double value = *values_[0];
  std::string texts[2];
  for (int digits = 5; digits <= 17; ++digits) {
    texts[0] = detail::general(value, digits);
    texts[1] = detail::general(threshold_.value, digits);
    if (value == threshold_.value || texts[0] != texts[1]) break;
  }
  const bool is_good = passed();
  return Description{fmt::format("{}: {}{} ({}: {}{}) | {}", known.label, texts[0], known.unit,
                                 known.higher_is_better ? "min required" : "tolerance", texts[1], known.unit,
                                 is_good ? "PASSED" : "FAILED"),
                     is_good};
}

const OutputResult* find(const OutputResults& results, std::string_view output_name) {
  const auto found = std::ranges::find(results, output_name, &OutputResults::value_type::first);
  return found == results.end() ? nullptr : &found->second;
}

bool all_passed(const OutputResults& results) {
  return !results.empty() &&
         std::ranges::all_of(results, [](const auto& entry) { return entry.second.passed(); });
}

}  // namespace polygraph::compare
