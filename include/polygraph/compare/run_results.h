#pragma once

#include <polygraph/compare/iteration_result.h>
#include <polygraph/core/layer_times.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polygraph::compare {

/// What one runner gave, iteration by iteration.
struct RunnerResults {
  std::string runner_name;
  std::vector<IterationResult> iterations = {};
};

/// What several runners gave, in the order in which they ran. Two may have the same name. A value: copies
/// share the tensors.
/// @code
///   RunResults results;
///   results.add("openvino", std::move(iterations));
///   results["openvino"].front().outputs["y"];
/// @endcode
class RunResults {
 public:
  RunResults() = default;
  explicit RunResults(std::vector<RunnerResults> runners) : runners_(std::move(runners)) {}

  /// How many runners there are.
  std::size_t size() const { return runners_.size(); }
  bool empty() const { return runners_.empty(); }
  const RunnerResults& operator[](std::size_t index) const { return runners_[index]; }
  RunnerResults& operator[](std::size_t index) { return runners_[index]; }
  auto begin() const { return runners_.begin(); }
  auto end() const { return runners_.end(); }
  auto begin() { return runners_.begin(); }
  auto end() { return runners_.end(); }

  std::vector<std::string> names() const;
  bool contains(std::string_view runner_name) const { return find(runner_name) != nullptr; }
  /// The first runner of that name, or null.
  const RunnerResults* find(std::string_view runner_name) const;
  RunnerResults* find(std::string_view runner_name);
  /// The iterations of the first runner of that name. Throws InputError, with the nearest name, if there is
  /// none.
  const std::vector<IterationResult>& operator[](std::string_view runner_name) const;
  std::vector<IterationResult>& operator[](std::string_view runner_name);

  /// Adds a runner behind the others, even if there is one of that name.
  void add(std::string runner_name, std::vector<IterationResult> iterations = {});

  /// What layers took in all iterations, of the runners that measured it.
  const std::vector<RunnerLayerTimes>& layer_times() const { return layer_times_; }
  void add_layer_times(RunnerLayerTimes measured) { layer_times_.push_back(std::move(measured)); }

  /// Of the runner that has most; 0 without runners.
  std::size_t iteration_count() const;
  /// Throws InputError, naming two runners and their counts, unless all have equally many iterations.
  void require_equal_counts() const;

  /// One iteration of each runner; runners that do not have it are left out.
  RunResults iteration(std::size_t index) const;
  /// Every iteration by itself.
  std::vector<RunResults> split() const;
  /// Appends the iterations of `more` to those of the runners of the same names, the second of a name to the
  /// second of that name; runners that are not here yet are added.
  void append(RunResults more);
  /// All of them, one behind the other: undoes `split`.
  static RunResults concat(std::span<const RunResults> parts);

 private:
  std::vector<RunnerResults> runners_;
  std::vector<RunnerLayerTimes> layer_times_;
};

}  // namespace polygraph::compare
