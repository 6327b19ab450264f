#include <fmt/format.h>
#include <polygraph/compare/accuracy_results.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <algorithm>

namespace polygraph::compare {
namespace {

void add_unique(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::vector<std::string> names_of(const std::vector<OutputResults>& iterations) {
  std::vector<std::string> names;
  for (const OutputResults& results : iterations)
    for (const auto& [name, result] : results) add_unique(names, name);
  return names;
}

const Threshold* threshold_for(const Thresholds& thresholds, const std::string& output) {
  auto found = thresholds.find(output);
  if (found == thresholds.end()) found = thresholds.find("");
  return found == thresholds.end() ? nullptr : &found->second;
}

/// The average of one output's metrics.
OutputResult average(const std::vector<OutputResults>& iterations, const std::string& name) {
  const OutputResult* sample = nullptr;
  std::vector<double> sums;
  std::vector<std::int64_t> counts;
  for (const OutputResults& results : iterations) {
    const OutputResult* const result = find(results, name);
    if (result == nullptr) continue;
    if (!result->metric())
      throw InputError(
          fmt::format("The results of output '{}' cannot be averaged: in one iteration there is nothing "
                      "but a verdict, as after shapes that differ.",
                      name),
          "Judge each iteration on its own.");
    if (sample != nullptr && result->metric() != sample->metric())
      throw InputError(
          fmt::format("The results of output '{}' cannot be averaged: they are of '{}' and of '{}'.", name,
                      traits(*sample->metric()).label, traits(*result->metric()).label));
    if (sample == nullptr) sample = result;
    sums.resize(result->values().size());
    counts.resize(result->values().size());
    for (std::size_t i = 0; i < sums.size(); ++i)
      if (result->values()[i]) sums[i] += *result->values()[i], ++counts[i];
  }
  std::vector<std::optional<double>> values(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (counts[i] > 0) values[i] = sums[i] / static_cast<double>(counts[i]);
  return {*sample->metric(), std::move(values), sample->threshold()};
}

}  // namespace

bool AccuracyResult::passed() const {
  bool has_any = false;
  for (const auto& [runners, iterations] : pairs) {
    if (iterations.empty()) return false;
    has_any = true;
    const bool all = aggregation == Aggregation::average ? all_passed(average_results(runners))
                                                         : std::ranges::all_of(iterations, all_passed);
    if (!all) return false;
  }
  return has_any;
}

void AccuracyResult::add(const RunnerPair& runners, OutputResults results) {
  auto found = std::ranges::find(pairs, runners, &Entry::first);
  if (found == pairs.end()) found = pairs.insert(found, {runners, {}});
  found->second.push_back(std::move(results));
}

const std::vector<OutputResults>& AccuracyResult::operator[](const RunnerPair& runners) const {
  const auto found = std::ranges::find(pairs, runners, &Entry::first);
  if (found == pairs.end())
    throw InputError(fmt::format("Runners '{}' and '{}' were not compared.", runners.first, runners.second));
  return found->second;
}

AccuracyResult::Stats AccuracyResult::stats(const RunnerPair& runners) const {
  const std::vector<OutputResults>& iterations = (*this)[runners];
  Stats stats;
  stats.total = static_cast<std::int64_t>(iterations.size());
  stats.matched = std::ranges::count_if(iterations, all_passed);
  stats.mismatched = stats.total - stats.matched;
  return stats;
}

std::vector<std::string> AccuracyResult::output_names() const {
  std::vector<std::string> names;
  for (const auto& [runners, iterations] : pairs)
    for (const std::string& name : names_of(iterations)) add_unique(names, name);
  return names;
}

std::optional<Metric> AccuracyResult::metric() const {
  for (const auto& [runners, iterations] : pairs)
    for (const OutputResults& results : iterations)
      for (const auto& [name, result] : results)
        if (result.metric()) return result.metric();
  return std::nullopt;
}

OutputResults AccuracyResult::average_results(const RunnerPair& runners) const {
  const std::vector<OutputResults>& iterations = (*this)[runners];
  OutputResults averages;
  for (const std::string& name : names_of(iterations)) averages.emplace_back(name, average(iterations, name));
  return averages;
}

std::vector<std::pair<std::string, Description>> AccuracyResult::describe_average(
    const RunnerPair& runners) const {
  std::vector<std::pair<std::string, Description>> lines;
  for (const auto& [name, result] : average_results(runners))
    if (std::optional<Description> description = result.describe())
      lines.emplace_back(name, *std::move(description));
  return lines;
}

void AccuracyResult::reevaluate(const Thresholds& thresholds, std::optional<Aggregation> new_aggregation) {
  std::vector<Entry> judged = pairs;
  for (auto& [runners, iterations] : judged)
    for (OutputResults& results : iterations)
      for (auto& [name, result] : results) {
        const Threshold* const threshold = threshold_for(thresholds, name);
        if (threshold == nullptr)
          throw InputError(fmt::format("Output '{}' cannot be judged: no threshold was given for it.", name),
                           "Give one, or one for \"\", which stands for all others.");
        try {
          result.set_threshold(*threshold);
        } catch (const InputError& error) {
          throw InputError(fmt::format("Output '{}' cannot be judged. {}", name, error.problem()),
                           error.remedy());
        }
      }
  pairs = std::move(judged);
  aggregation = new_aggregation.value_or(aggregation);
}

bool AccuracyResults::passed() const {
  return !functions.empty() && std::ranges::all_of(functions, &AccuracyResult::passed);
}

std::vector<std::string> AccuracyResults::output_names() const {
  std::vector<std::string> names;
  for (const AccuracyResult& result : functions)
    for (const std::string& name : result.output_names()) add_unique(names, name);
  return names;
}

void AccuracyResults::reevaluate(const std::vector<Thresholds>& thresholds,
                                 std::optional<Aggregation> aggregation) {
  std::vector<AccuracyResult> remaining = functions, judged;
  const auto labels = [&] {
    std::vector<std::string_view> names;
    for (const AccuracyResult& result : functions)
      names.push_back(result.metric() ? traits(*result.metric()).label : "yes or no");
    return fmt::format("{}", fmt::join(names, ", "));
  };
  for (const Thresholds& each : thresholds) {
    if (each.empty()) throw InputError("Results cannot be judged by an empty list of thresholds.");
    const Metric metric = each.begin()->second.metric;
    const auto found = std::ranges::find(remaining, std::optional(metric), &AccuracyResult::metric);
    if (found == remaining.end())
      throw InputError(
          fmt::format("The results have nothing to hold against a threshold for '{}': they are of {}.",
                      traits(metric).label, functions.empty() ? "nothing" : labels()),
          "Judge by what was measured, or compare saved outputs.");
    found->reevaluate(each, aggregation);
    judged.push_back(std::move(*found));
    remaining.erase(found);
  }
  for (const AccuracyResult& result : remaining)
    log_text(Severity::info,
             fmt::format("Leaving out the saved results of {}: no threshold was given for them.",
                         result.metric() ? traits(*result.metric()).label : "yes or no"));
  functions = std::move(judged);
}

}  // namespace polygraph::compare
