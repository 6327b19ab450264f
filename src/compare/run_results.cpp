#include <fmt/format.h>
#include <polygraph/compare/run_results.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace polygraph::compare {

std::vector<std::string> RunResults::names() const {
  std::vector<std::string> names;
  for (const RunnerResults& runner : runners_) names.push_back(runner.runner_name);
  return names;
}

const RunnerResults* RunResults::find(std::string_view runner_name) const {
  const auto found = std::ranges::find(runners_, runner_name, &RunnerResults::runner_name);
  return found == runners_.end() ? nullptr : &*found;
}

RunnerResults* RunResults::find(std::string_view runner_name) {
  return const_cast<RunnerResults*>(std::as_const(*this).find(runner_name));
}

const std::vector<IterationResult>& RunResults::operator[](std::string_view runner_name) const {
  if (const RunnerResults* found = find(runner_name)) return found->iterations;
  throw InputError(
      fmt::format("There are no results of a runner '{}'.{}", runner_name, suggest(runner_name, names())),
      "Name a runner that has results.");
}

std::vector<IterationResult>& RunResults::operator[](std::string_view runner_name) {
  return const_cast<std::vector<IterationResult>&>(std::as_const(*this)[runner_name]);
}

void RunResults::add(std::string runner_name, std::vector<IterationResult> iterations) {
  runners_.push_back({std::move(runner_name), std::move(iterations)});
}

std::size_t RunResults::iteration_count() const {
  std::size_t count = 0;
  for (const RunnerResults& runner : runners_) count = std::max(count, runner.iterations.size());
  return count;
}

void RunResults::require_equal_counts() const {
  for (const RunnerResults& runner : runners_) {
    const RunnerResults& first = runners_.front();
    if (runner.iterations.size() == first.iterations.size()) continue;
    throw InputError(
        fmt::format("The runners have different numbers of iterations: '{}' has {}, '{}' has {}.",
                    first.runner_name, first.iterations.size(), runner.runner_name, runner.iterations.size()),
        "Run both with the same inputs.");
  }
}

RunResults RunResults::iteration(std::size_t index) const {
  RunResults single;
  for (const RunnerResults& runner : runners_)
    if (index < runner.iterations.size()) single.add(runner.runner_name, {runner.iterations[index]});
  return single;
}

std::vector<RunResults> RunResults::split() const {
  std::vector<RunResults> parts;
  for (std::size_t i = 0; i < iteration_count(); ++i) parts.push_back(iteration(i));
  return parts;
}

void RunResults::append(RunResults more) {
  std::map<std::string_view, std::size_t> seen;  // how many of each name
  for (RunnerResults& runner : more) {
    const std::size_t ordinal = seen[runner.runner_name]++;
    std::size_t before = 0;
    const auto same = std::ranges::find_if(runners_, [&](const RunnerResults& own) {
      return own.runner_name == runner.runner_name && before++ == ordinal;
    });
    if (same == runners_.end()) {
      runners_.push_back(runner);  // a copy: its name is a key of `seen`
      continue;
    }
    std::ranges::move(runner.iterations, std::back_inserter(same->iterations));
  }
}

RunResults RunResults::concat(std::span<const RunResults> parts) {
  RunResults all;
  for (const RunResults& part : parts) all.append(part);
  return all;
}

}  // namespace polygraph::compare
