#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What comparing one output gives: its metrics, and the thresholds that decide whether it passes.
namespace polygraph::compare {

struct OutputDetails;

/// What is measured. All but `simple` are a single number.
enum class Metric : std::uint8_t {
  simple,             ///< eight statistics of the absolute and the relative difference
  l2,                 ///< Euclidean norm of the difference
  cosine_similarity,  ///< in [-1, 1]
  psnr,               ///< dB
  snr,                ///< dB
  lpips,              ///< read from files that Polygraphy wrote; not computed here
  ulp,                ///< the largest distance in units of the last place
  relative_l2,        ///< `l2` by the norm of the second output
  histogram_overlap,  ///< in [0, 1]
  top_k_agreement,    ///< in [0, 1]
  kl_divergence,      ///< nats
};

/// What there is to know of a metric.
struct MetricTraits {
  std::string_view result_class;     ///< `L2Result`: how JSON names it
  std::string_view threshold_class;  ///< `L2Threshold`
  std::string_view label;            ///< `L2 Norm`: how people are told; for `simple`, `simple`
  std::string_view unit;             ///< behind a number, e.g. ` dB`
  bool higher_is_better = false;
  std::span<const std::string_view> fields;  ///< the names of the numbers, in order
};
const MetricTraits& traits(Metric metric);
/// All metrics, in the order of the enumeration.
std::span<const Metric> all_metrics();

/// What a `simple` comparison checks: each element, or one statistic of all.
enum class ErrorStat : std::uint8_t { elemwise, max, mean, median, quantile };

inline constexpr std::array<std::string_view, 5> error_stat_names{"elemwise", "max", "mean", "median",
                                                                  "quantile"};
constexpr std::span<const std::string_view> enum_names(ErrorStat) {
  return error_stat_names;
}
constexpr std::string_view enum_type_name(ErrorStat) {
  return "ErrorStat";
}
inline std::string_view to_string(ErrorStat stat) {
  return enum_names(stat)[static_cast<std::size_t>(stat)];
}

/// A number that a metric is held against, or, for `simple`, two tolerances for one statistic.
struct Threshold {
  Metric metric = Metric::simple;
  double value = 0;  ///< unless `simple`

  ErrorStat check_error_stat = ErrorStat::elemwise;
  double atol = 1e-5;
  double rtol = 1e-5;

  static Threshold of(Metric metric, double value) { return {.metric = metric, .value = value}; }
  static Threshold simple(ErrorStat stat, double atol, double rtol) {
    return {.check_error_stat = stat, .atol = atol, .rtol = rtol};
  }
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

/// A line about a verdict, and the verdict.
struct Description {
  std::string line;
  bool passed = false;
};

/// The result for one output: metrics with a threshold, or just yes or no (after shapes that differ, or from
/// comparisons without numbers).
///
/// The verdict follows from the numbers and the threshold: NaN fails, and so does a number that is missing.
/// Of `simple`, a statistic fails if both its absolute and its relative part exceed their tolerance. Only the
/// verdict of `elemwise` is stored, for it does not follow from the statistics.
/// @code
///   OutputResult result(Metric::l2, {0.5}, Threshold::of(Metric::l2, 1e-5));
///   if (!result) std::cout << result.describe()->line;  // L2 Norm: 0.5 (tolerance: 1e-05) | FAILED
/// @endcode
class OutputResult {
 public:
  /// Yes or no.
  OutputResult(bool matched) : verdict_(matched) {}  // NOLINT(google-explicit-constructor)
  /// @param values   As many as the metric has fields; missing: not computed.
  /// @param verdict  For `simple` with `elemwise`.
  /// Throws InputError if the numbers or the threshold do not fit the metric.
  OutputResult(Metric metric, std::vector<std::optional<double>> values, Threshold threshold,
               std::optional<bool> verdict = std::nullopt);

  /// Throws InputError if the verdict does not follow from what is known: of `elemwise`, or of a quantile
  /// that was not computed.
  bool passed() const;
  explicit operator bool() const { return passed(); }

  /// Nothing for yes or no.
  std::optional<Metric> metric() const;
  /// In the order of the metric's fields; empty for yes or no.
  const std::vector<std::optional<double>>& values() const { return values_; }
  /// By name of the field; nothing if it is missing.
  std::optional<double> value(std::string_view field) const;
  /// Meaningless for yes or no.
  const Threshold& threshold() const { return threshold_; }
  /// What is stored of the verdict.
  std::optional<bool> stored_verdict() const { return verdict_; }

  /// Judges the same numbers anew. Throws InputError if there are none, or the threshold is another metric's.
  void set_threshold(const Threshold& threshold);

  /// `PSNR: 31.2 dB (min required: 30 dB) | PASSED`: with as many digits as tell both numbers apart. Nothing
  /// for `simple`, for yes or no, and without a number.
  std::optional<Description> describe() const;

  /// The outputs that were compared; empty if not known.
  std::string output0_name;
  std::string output1_name;
  /// What the comparison saw on its way (output_details.h), for reports; not saved. About 2 KiB: whoever
  /// keeps results of many iterations resets it once it has been reported.
  std::shared_ptr<const OutputDetails> details;

 private:
  bool passes_simple() const;

  std::optional<Metric> metric_;
  std::vector<std::optional<double>> values_;
  Threshold threshold_;
  std::optional<bool> verdict_;
};

/// By output of the first runner, in its order.
using OutputResults = std::vector<std::pair<std::string, OutputResult>>;

/// The result of that name, or null.
const OutputResult* find(const OutputResults& results, std::string_view output_name);

/// Whether there are results and all passed.
bool all_passed(const OutputResults& results);

}  // namespace polygraph::compare
