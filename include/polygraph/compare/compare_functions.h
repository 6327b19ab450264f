#pragma once

#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/output_details.h>
#include <polygraph/compare/output_result.h>
#include <polygraph/compare/per_output.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/options.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// Comparison functions: two results of one iteration in, a result per output out.
///
/// Common to all of them:
/// - Each output of the first result is compared with one of the second: that of the same name, else the
/// first
///   whose name contains or is contained in it (case ignored), else that of the same index, unless this one
///   has a partner of its own name. What is paired otherwise than by name is warned about, and so is what
///   stays alone. If no output has a partner, InputError. `find_output_func` pairs differently.
/// - `check_shapes`: outputs whose shapes differ fail. Without it, the second is reshaped or permuted to the
///   shape of the first; if that cannot be, the output fails.
/// - `fail_fast`: nothing is compared after the first output that fails.
/// - Names in per-output options that no output has are warned about.
/// - String outputs are compared for equality by every function; a string output beside numbers fails.
/// - Outputs without elements pass, with a note.
/// - The results carry `OutputDetails`.
/// Functions are values; calling them is const and thread-safe.
namespace polygraph::compare {

/// The names of the outputs in `other` that the output `name`, the `index`-th, is compared with; none: it is
/// left out. Of several, the output passes if all do.
using FindOutput = std::function<std::vector<std::string>(const std::string& name, std::size_t index,
                                                          const IterationResult& other)>;

/// The pairing described above; nothing: no partner.
std::optional<std::string> find_output(const std::string& name, std::size_t index,
                                       const IterationResult& first, const IterationResult& second);

/// Absolute and relative tolerance. An element exceeds `elemwise` tolerances if it exceeds both; NaN exceeds
/// everything. The other statistics fail if both the absolute and the relative one exceed their tolerance.
struct SimpleCompareOptions {
  bool check_shapes = true;
  PerOutput<double> rtol = 1e-5;
  PerOutput<double> atol = 1e-5;
  bool fail_fast = false;
  FindOutput find_output_func = nullptr;
  PerOutput<ErrorStat> check_error_stat = ErrorStat::elemwise;
  bool infinities_compare_equal = false;
  bool nans_compare_equal = false;
  PerOutput<double> error_quantile = 0.99;

  static constexpr auto fields() {
    using Self = SimpleCompareOptions;
    return std::tuple(
        Field{"check_shapes", &Self::check_shapes, "Fail outputs whose shapes differ."},
        Field{"rtol", &Self::rtol, "Relative tolerance, for all outputs or by name.", "[NAME:]NUMBER"},
        Field{"atol", &Self::atol, "Absolute tolerance, for all outputs or by name.", "[NAME:]NUMBER"},
        Field{"fail_fast", &Self::fail_fast, "Stop at the first output that fails."},
        Field{"check_error_stat", &Self::check_error_stat,
              "What is held against the tolerances: each element (elemwise), or the max, mean, median or "
              "quantile of "
              "all.",
              "[NAME:]STAT"},
        Field{"infinities_compare_equal", &Self::infinities_compare_equal,
              "Two equal infinities differ by 0."},
        Field{"nans_compare_equal", &Self::nans_compare_equal, "Two NaN differ by 0."},
        Field{"error_quantile", &Self::error_quantile, "The quantile that is checked, from 0 to 1.",
              "[NAME:]NUMBER"});
  }
};

class SimpleCompareFunc {
 public:
  explicit SimpleCompareFunc(SimpleCompareOptions options = {}) : options_(std::move(options)) {}
  OutputResults operator()(const IterationResult& first, const IterationResult& second) const;

  std::string label() const { return "simple"; }
  std::optional<Metric> metric() const { return Metric::simple; }
  Threshold threshold_for(const std::string& output) const;
  std::string str() const { return cpp_expression<0>("SimpleCompareFunc", options_); }

 private:
  SimpleCompareOptions options_;
};

/// For outputs that hold indices, such as a top-k's: along the last axis, each value of the first output has
/// to occur in the second at a distance of at most the tolerance. The last `index_tolerance` values of the
/// first are exempt. Shapes have to be the same. The results are yes or no.
struct IndicesCompareOptions {
  PerOutput<std::int64_t> index_tolerance = std::int64_t{0};
  bool fail_fast = false;

  static constexpr auto fields() {
    using Self = IndicesCompareOptions;
    return std::tuple(Field{"index_tolerance", &Self::index_tolerance,
                            "How far a value may lie from where it is in the other output.", "[NAME:]N"},
                      Field{"fail_fast", &Self::fail_fast, "Stop at the first output that fails."});
  }
};

class IndicesCompareFunc {
 public:
  explicit IndicesCompareFunc(IndicesCompareOptions options = {}) : options_(std::move(options)) {}
  OutputResults operator()(const IterationResult& first, const IterationResult& second) const;
  std::string label() const { return "indices"; }
  std::optional<Metric> metric() const { return std::nullopt; }
  std::string str() const { return cpp_expression<0>("IndicesCompareFunc", options_); }

 private:
  IndicesCompareOptions options_;
};

// NOLINTBEGIN(bugprone-macro-parentheses): these are names
#define POLYGRAPH_METRIC_OPTIONS(Options, Function, metric_name, field, default_value, help)                \
  struct Options {                                                                                          \
    static constexpr Metric metric = Metric::metric_name;                                                   \
    static constexpr std::string_view function_name = Function;                                             \
    static constexpr double default_threshold = default_value;                                              \
                                                                                                            \
    PerOutput<double> field = default_threshold;                                                            \
    bool check_shapes = true;                                                                               \
    bool fail_fast = false;                                                                                 \
    FindOutput find_output_func = nullptr;                                                                  \
                                                                                                            \
    const PerOutput<double>& threshold() const { return field; }                                            \
    static constexpr auto fields() {                                                                        \
      return std::tuple(Field{#field, &Options::field, help, "[NAME:]NUMBER"},                              \
                        Field{"check_shapes", &Options::check_shapes, "Fail outputs whose shapes differ."}, \
                        Field{"fail_fast", &Options::fail_fast, "Stop at the first output that fails."});   \
    }                                                                                                       \
  };
// NOLINTEND(bugprone-macro-parentheses)

/// The Euclidean norm of the difference is at most the threshold.
POLYGRAPH_METRIC_OPTIONS(L2CompareOptions, "L2CompareFunc", l2, l2_threshold, 1e-5,
                         "The largest L2 norm allowed.")
/// The cosine of the angle between both outputs, as vectors, is at least the threshold.
POLYGRAPH_METRIC_OPTIONS(CosineSimilarityCompareOptions, "CosineSimilarityCompareFunc", cosine_similarity,
                         cosine_similarity_threshold, 0.997, "The least cosine similarity required.")
/// DifferenceStatistics::psnr() is at least the threshold, in dB.
POLYGRAPH_METRIC_OPTIONS(PsnrCompareOptions, "PsnrCompareFunc", psnr, psnr_threshold, 30.0,
                         "The least peak signal-to-noise ratio required, in dB.")
/// DifferenceStatistics::snr() is at least the threshold, in dB.
POLYGRAPH_METRIC_OPTIONS(SnrCompareOptions, "SnrCompareFunc", snr, snr_threshold, 20.0,
                         "The least signal-to-noise ratio required, in dB.")
/// No element is further away than so many units in the last place (see ulp_distance).
POLYGRAPH_METRIC_OPTIONS(UlpCompareOptions, "UlpCompareFunc", ulp, ulp_threshold, 16.0,
                         "The most units in the last place that an element may be off.")
/// The norm of the difference divided by that of the second output is at most the threshold.
POLYGRAPH_METRIC_OPTIONS(RelativeL2CompareOptions, "RelativeL2CompareFunc", relative_l2,
                         relative_l2_threshold, 1e-3, "The largest relative L2 norm allowed.")
/// The share of elements that both outputs have in the same of ten bins over their common range, whatever
/// their places; elements that are not finite share nothing.
POLYGRAPH_METRIC_OPTIONS(HistogramOverlapCompareOptions, "HistogramOverlapCompareFunc", histogram_overlap,
                         histogram_overlap_threshold, 0.95, "The least overlap of the histograms required.")
#undef POLYGRAPH_METRIC_OPTIONS

/// The share of the k largest elements along the last axis that both outputs have in common, in any order,
/// averaged over the other axes. Equal elements count in the order of their indices; NaN is the smallest.
struct TopKAgreementCompareOptions {
  static constexpr Metric metric = Metric::top_k_agreement;
  static constexpr std::string_view function_name = "TopKAgreementCompareFunc";
  static constexpr double default_threshold = 1.0;

  PerOutput<double> top_k_agreement_threshold = default_threshold;
  PerOutput<std::int64_t> k = std::int64_t{5};
  bool check_shapes = true;
  bool fail_fast = false;
  FindOutput find_output_func = nullptr;

  const PerOutput<double>& threshold() const { return top_k_agreement_threshold; }
  static constexpr auto fields() {
    using Self = TopKAgreementCompareOptions;
    return std::tuple(Field{"top_k_agreement_threshold", &Self::top_k_agreement_threshold,
                            "The least share of the k largest elements in common.", "[NAME:]NUMBER"},
                      Field{"k", &Self::k, "How many elements to look at.", "[NAME:]K"},
                      Field{"check_shapes", &Self::check_shapes, "Fail outputs whose shapes differ."},
                      Field{"fail_fast", &Self::fail_fast, "Stop at the first output that fails."});
  }
};

/// The Kullback-Leibler divergence of the first output from the second: sum of q log(q / p) in nats, with p
/// and q distributions along the last axis of the first and the second, averaged over the other axes. A row
/// is divided by its sum; one with a negative element or without a positive one gives NaN, which fails. With
/// `logits` the distributions are the softmax of the rows.
struct KlDivergenceCompareOptions {
  static constexpr Metric metric = Metric::kl_divergence;
  static constexpr std::string_view function_name = "KlDivergenceCompareFunc";
  static constexpr double default_threshold = 1e-3;

  PerOutput<double> kl_divergence_threshold = default_threshold;
  bool logits = false;
  bool check_shapes = true;
  bool fail_fast = false;
  FindOutput find_output_func = nullptr;

  const PerOutput<double>& threshold() const { return kl_divergence_threshold; }
  static constexpr auto fields() {
    using Self = KlDivergenceCompareOptions;
    return std::tuple(Field{"kl_divergence_threshold", &Self::kl_divergence_threshold,
                            "The largest divergence allowed, in nats.", "[NAME:]NUMBER"},
                      Field{"logits", &Self::logits, "The outputs are logits: take their softmax first."},
                      Field{"check_shapes", &Self::check_shapes, "Fail outputs whose shapes differ."},
                      Field{"fail_fast", &Self::fail_fast, "Stop at the first output that fails."});
  }
};

/// A function of one metric: the functions below.
template <class Options>
class MetricCompareFunc {
 public:
  explicit MetricCompareFunc(Options options = {}) : options_(std::move(options)) {}
  OutputResults operator()(const IterationResult& first, const IterationResult& second) const;

  std::string label() const { return std::string(traits(Options::metric).label); }
  std::optional<Metric> metric() const { return Options::metric; }
  Threshold threshold_for(const std::string& output) const {
    return Threshold::of(Options::metric, options_.threshold().get(output, Options::default_threshold));
  }
  std::string str() const { return cpp_expression<0>(Options::function_name, options_); }

 private:
  Options options_;
};

using L2CompareFunc = MetricCompareFunc<L2CompareOptions>;
using CosineSimilarityCompareFunc = MetricCompareFunc<CosineSimilarityCompareOptions>;
using PsnrCompareFunc = MetricCompareFunc<PsnrCompareOptions>;
using SnrCompareFunc = MetricCompareFunc<SnrCompareOptions>;
using UlpCompareFunc = MetricCompareFunc<UlpCompareOptions>;
using RelativeL2CompareFunc = MetricCompareFunc<RelativeL2CompareOptions>;
using HistogramOverlapCompareFunc = MetricCompareFunc<HistogramOverlapCompareOptions>;
using TopKAgreementCompareFunc = MetricCompareFunc<TopKAgreementCompareOptions>;
using KlDivergenceCompareFunc = MetricCompareFunc<KlDivergenceCompareOptions>;

extern template class MetricCompareFunc<L2CompareOptions>;
extern template class MetricCompareFunc<CosineSimilarityCompareOptions>;
extern template class MetricCompareFunc<PsnrCompareOptions>;
extern template class MetricCompareFunc<SnrCompareOptions>;
extern template class MetricCompareFunc<UlpCompareOptions>;
extern template class MetricCompareFunc<RelativeL2CompareOptions>;
extern template class MetricCompareFunc<HistogramOverlapCompareOptions>;
extern template class MetricCompareFunc<TopKAgreementCompareOptions>;
extern template class MetricCompareFunc<KlDivergenceCompareOptions>;

/// Any comparison function: those above, or whatever can be called with two results. A value; copies share
/// the function.
/// @code
///   std::vector<CompareFunction> functions{SimpleCompareFunc({.atol = 1e-3}),
///   CosineSimilarityCompareFunc()}; functions.emplace_back([](const IterationResult& a, const
///   IterationResult& b) {
///     return OutputResults{{"y", a.outputs["y"].shape() == b.outputs["y"].shape()}};
///   });
///   const OutputResults results = functions[0](first, second);
/// @endcode
class CompareFunction {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, CompareFunction> &&
           std::is_invocable_r_v<OutputResults, const std::remove_cvref_t<F>&, const IterationResult&,
                                 const IterationResult&>)
      CompareFunction(F function)  // NOLINT(google-explicit-constructor)
      : function_(std::make_shared<const Holder<F>>(std::move(function))) {}
  /// With a label, which a function of one's own lacks.
  template <class F>
  CompareFunction(F function, std::string label) : CompareFunction(std::move(function)) {
    label_ = std::move(label);
  }

  /// Results that do not say which outputs they are of are of those that they are listed under. Throws what
  /// the function throws; InputError where there is nothing to compare.
  OutputResults operator()(const IterationResult& first, const IterationResult& second) const {
    OutputResults results = function_->call(first, second);
    for (auto& [name, result] : results)
      if (result.output0_name.empty() && result.output1_name.empty())
        result.output0_name = result.output1_name = name;
    return results;
  }
  /// What reports call it: `simple`, `L2 Norm`; `custom` without a label.
  std::string label() const { return label_.empty() ? function_->label() : label_; }
  /// The C++ expression that makes it; empty for a function that does not know it.
  std::string str() const { return function_->str(); }
  /// What its results measure; nothing if they are yes or no, or if it is not known.
  std::optional<Metric> metric() const { return function_->metric(); }
  /// What an output is held against; nothing if it is not known.
  std::optional<Threshold> threshold_for(const std::string& output) const {
    return function_->threshold_for(output);
  }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual OutputResults call(const IterationResult& first, const IterationResult& second) const = 0;
    virtual std::string label() const = 0;
    virtual std::string str() const = 0;
    virtual std::optional<Metric> metric() const = 0;
    virtual std::optional<Threshold> threshold_for(const std::string& output) const = 0;
  };
  template <class F>
  struct Holder final : Concept {
    explicit Holder(F f) : function(std::move(f)) {}
    OutputResults call(const IterationResult& first, const IterationResult& second) const override {
      return function(first, second);
    }
    std::string label() const override {
      if constexpr (requires { function.label(); })
        return function.label();
      else
        return "custom";
    }
    std::string str() const override {
      if constexpr (requires { function.str(); })
        return function.str();
      else
        return {};
    }
    std::optional<Metric> metric() const override {
      if constexpr (requires { function.metric(); })
        return function.metric();
      else
        return std::nullopt;
    }
    std::optional<Threshold> threshold_for(const std::string& output) const override {
      if constexpr (requires { function.threshold_for(output); })
        return function.threshold_for(output);
      else
        return std::nullopt;
    }
    F function;
  };

  std::shared_ptr<const Concept> function_;
  std::string label_;
};

}  // namespace polygraph::compare
