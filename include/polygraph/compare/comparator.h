#pragma once

#include <polygraph/compare/accuracy_results.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/iteration_result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace polygraph::compare {

/// What the results of one output were over all iterations, for one comparison function.
struct OutputSummary {
  std::string name;
  std::int64_t iterations = 0;
  std::int64_t passed = 0;
  std::optional<std::int64_t> first_failure = std::nullopt;  ///< an iteration
  /// The result of the iteration that was worst: the first whose shape or type failed, else the one with the
  /// largest (for metrics where higher is better: smallest) first number; NaN is worst.
  std::optional<OutputResult> worst = std::nullopt;
  std::int64_t worst_iteration = 0;

  /// Counts one more iteration.
  void add(std::int64_t iteration, const OutputResult& result);
};

/// What one comparison function found for one pair of runners.
struct FunctionSummary {
  std::string label;
  std::vector<OutputSummary> outputs = {};
};

/// One pair of runners over all iterations.
struct PairSummary {
  RunnerPair runners;
  std::int64_t iterations = 0;
  std::int64_t passed = 0;  ///< iterations in which every function passed every output
  std::vector<FunctionSummary> functions = {};
  /// With `check_average`: whether the averages passed; `passed` does not count then.
  std::optional<bool> average_passed = std::nullopt;

  bool is_good() const { return iterations > 0 && average_passed.value_or(passed == iterations); }
};

/// Saved results as the Comparator would have summarised them, in the order in which pairs appear. Functions
/// are called by the label of their metric, and `indices` without one. Throws InputError if averages cannot
/// be taken where they are to be judged, or if a verdict is not known.
std::vector<PairSummary> summaries(const AccuracyResults& results);

/// What comparing one pair of results of one iteration gave, one entry for each function.
struct PairComparison {
  RunnerPair runners = {};
  const IterationResult* first = nullptr;   ///< null where another process compared them
  const IterationResult* second = nullptr;  ///< likewise
  std::vector<OutputResults> results = {};
  bool passed = false;
};

struct ComparatorOptions {
  /// Judge the averages of each metric over all iterations instead of each iteration.
  bool check_average = false;
  /// Keep every result, for saving: memory grows with the iterations then. `check_average` needs it, too.
  bool keep_results = false;
};

/// Compares the results of several runners, iteration by iteration, with several functions: each runner with
/// the one behind it. What it keeps does not grow with the iterations, unless asked to.
/// @code
///   Comparator comparator({SimpleCompareFunc({.atol = 1e-3})});
///   while (const Iteration* iteration = stream.next()) comparator.compare(iteration->results);
///   return comparator.finish() ? 0 : 1;
/// @endcode
/// For one thread.
class Comparator {
 public:
  /// Throws UsageError without functions, and for `check_average` with one that has no metric to average.
  explicit Comparator(std::vector<CompareFunction> functions, ComparatorOptions options = {});

  /// Compares one iteration. A result whose runner was lost counts as failed.
  /// @return One entry per pair, valid until the next call; empty if there is just one runner.
  /// Throws InputError if the runners are not those of the iterations before, and what the functions throw.
  const std::vector<PairComparison>& compare(std::span<const IterationResult> results);

  /// The two halves of `compare`, for iterations that several threads or processes compare: what the
  /// functions find, which changes nothing here and may be called from several threads, if the functions may;
  std::vector<PairComparison> measure(std::span<const IterationResult> results) const;
  /// and adding that to what is known. Iterations count in the order in which they are added.
  const std::vector<PairComparison>& add(std::vector<PairComparison> comparisons);

  /// Judges averages, if asked for. Returns whether everything passed; false if nothing was compared.
  bool finish();

  const std::vector<PairSummary>& pairs() const { return pairs_; }
  const std::vector<CompareFunction>& functions() const { return functions_; }
  /// All results; empty unless they are kept.
  const AccuracyResults& results() const { return results_; }

 private:
  void summarise(PairSummary& pair, const PairComparison& comparison);

  std::vector<CompareFunction> functions_;
  ComparatorOptions options_;
  std::vector<PairSummary> pairs_;
  std::vector<PairComparison> current_;
  AccuracyResults results_;
};

}  // namespace polygraph::compare
