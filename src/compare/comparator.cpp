#include <fmt/format.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>

namespace polygraph::compare {
namespace {

// How bad a result is: larger is worse.
double badness(const OutputResult& result) {
  if (!result.metric()) return result.passed() ? -HUGE_VAL : HUGE_VAL;
  const auto& values = result.values();
  if (values.empty() || !values.front() || std::isnan(*values.front())) return HUGE_VAL;
  return traits(*result.metric()).higher_is_better ? -*values.front() : *values.front();
}

bool is_worse(const OutputResult& result, const OutputResult& known) {
  if (result.passed() != known.passed()) return !result.passed();
  return badness(result) > badness(known);
}

OutputSummary& summary_of(FunctionSummary& function, const std::string& output) {
  const auto found = std::ranges::find(function.outputs, output, &OutputSummary::name);
  return found != function.outputs.end() ? *found
                                         : function.outputs.emplace_back(OutputSummary{.name = output});
}

// All outputs of a runner that was lost have failed.
OutputResults lost(const IterationResult& first, const IterationResult& second) {
  const IterationResult& there = first.failure.empty() ? first : second;
  OutputResults results;
  for (const auto& [name, tensor] : there.outputs) results.emplace_back(name, OutputResult(false));
  if (results.empty()) results.emplace_back("(no outputs)", OutputResult(false));
  return results;
}

}  // namespace

void OutputSummary::add(std::int64_t iteration, const OutputResult& result) {
  const bool is_good = result.passed();
  passed += is_good;
  if (!is_good && !first_failure) first_failure = iteration;
  if (!worst || is_worse(result, *worst)) {
    worst = result;
    worst_iteration = iteration;
  }
  ++iterations;
}

std::vector<PairSummary> summaries(const AccuracyResults& results) {
  std::vector<PairSummary> pairs;
  for (const AccuracyResult& function : results.functions)
    for (const auto& [runners, iterations] : function.pairs) {
      auto pair = std::ranges::find(pairs, runners, &PairSummary::runners);
      if (pair == pairs.end()) pair = pairs.insert(pair, PairSummary{.runners = runners});
      const std::optional<Metric> metric = function.metric();
      FunctionSummary& summary = pair->functions.emplace_back(
          FunctionSummary{.label = metric ? std::string(traits(*metric).label) : "indices"});
      for (std::size_t i = 0; i < iterations.size(); ++i)
        for (const auto& [name, result] : iterations[i])
          summary_of(summary, name).add(static_cast<std::int64_t>(i), result);
      pair->iterations = std::max(pair->iterations, static_cast<std::int64_t>(iterations.size()));
      if (function.aggregation == Aggregation::average)
        pair->average_passed =
            pair->average_passed.value_or(true) && all_passed(function.average_results(runners));
    }
  for (PairSummary& pair : pairs)
    for (std::int64_t i = 0; i < pair.iterations; ++i)
      pair.passed += std::ranges::all_of(results.functions, [&](const AccuracyResult& function) {
        const auto found = std::ranges::find(function.pairs, pair.runners, &AccuracyResult::Entry::first);
        const auto at = static_cast<std::size_t>(i);
        return found == function.pairs.end() || (at < found->second.size() && all_passed(found->second[at]));
      });
  return pairs;
}

Comparator::Comparator(std::vector<CompareFunction> functions, ComparatorOptions options)
    : functions_(std::move(functions)), options_(options) {
  if (functions_.empty())
    throw UsageError("Comparing results: there is no comparison function.",
                     "Give one, e.g. SimpleCompareFunc().");
  if (options_.check_average)
    for (const CompareFunction& function : functions_)
      if (!function.metric())
        throw UsageError(
            fmt::format("Averages cannot be checked with the comparison '{}': its results are yes or no.",
                        function.label()),
            "Leave out --check-average, or compare by a metric, e.g. cosine_similarity.");
  if (options_.check_average || options_.keep_results)
    results_.functions.resize(
        functions_.size(),
        {.aggregation = options_.check_average ? Aggregation::average : Aggregation::per_sample});
}

const std::vector<PairComparison>& Comparator::compare(std::span<const IterationResult> results) {
  return add(measure(results));
}

std::vector<PairComparison> Comparator::measure(std::span<const IterationResult> results) const {
  std::vector<PairComparison> comparisons(results.size() < 2 ? 0 : results.size() - 1);
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    const IterationResult& first = results[i];
    const IterationResult& second = results[i + 1];
    PairComparison& comparison = comparisons[i];
    comparison.runners = {first.runner_name, second.runner_name};
    comparison.first = &first;
    comparison.second = &second;
    comparison.passed = true;
    const bool is_lost = !first.failure.empty() || !second.failure.empty();
    for (const CompareFunction& function : functions_) {
      comparison.results.push_back(is_lost ? lost(first, second) : function(first, second));
      comparison.passed = comparison.passed && all_passed(comparison.results.back());
    }
  }
  return comparisons;
}

const std::vector<PairComparison>& Comparator::add(std::vector<PairComparison> comparisons) {
  current_ = std::move(comparisons);
  if (pairs_.empty())
    for (const PairComparison& comparison : current_) {
      PairSummary& pair = pairs_.emplace_back(PairSummary{.runners = comparison.runners});
      for (const CompareFunction& function : functions_)
        pair.functions.push_back({.label = function.label()});
    }
  constexpr const char* remedy = "Compare runs with the same runners in every iteration.";
  if (pairs_.size() != current_.size())
    throw InputError(
        fmt::format("Comparing results: there are {} runners, and there were {} in the iterations before.",
                    current_.size() + 1, pairs_.size() + 1),
        remedy);
  for (std::size_t i = 0; i < current_.size(); ++i) {
    const auto& [first, second] = current_[i].runners;
    if (pairs_[i].runners != current_[i].runners)
      throw InputError(fmt::format("Comparing results: '{}' and '{}' stand where '{}' and '{}' were before.",
                                   first, second, pairs_[i].runners.first, pairs_[i].runners.second),
                       remedy);
    if (current_[i].results.size() != functions_.size())
      throw InputError(fmt::format("Comparing results: '{}' and '{}' come with the results of {} functions, "
                                   "and there are {}.",
                                   first, second, current_[i].results.size(), functions_.size()),
                       "Measure with the functions that the results are added to.");
    summarise(pairs_[i], current_[i]);
  }
  return current_;
}

void Comparator::summarise(PairSummary& pair, const PairComparison& comparison) {
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    const OutputResults& results = comparison.results[f];
    for (const auto& [name, result] : results) {
      summary_of(pair.functions[f], name).add(pair.iterations, result);
    }
    if (results_.functions.empty()) continue;
    OutputResults kept = results;
    for (auto& [name, result] : kept) result.details.reset();
    results_.functions[f].add(pair.runners, std::move(kept));
  }
  ++pair.iterations;
  pair.passed += comparison.passed;
}

bool Comparator::finish() {
  if (options_.check_average)
    for (PairSummary& pair : pairs_)
      pair.average_passed = std::ranges::all_of(results_.functions, [&](const AccuracyResult& function) {
        return all_passed(function.average_results(pair.runners));
      });
  return !pairs_.empty() && std::ranges::all_of(pairs_, &PairSummary::is_good);
}

}  // namespace polygraph::compare
