#pragma once

#include <polygraph/compare/output_result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The verdicts of whole comparisons: over runners, iterations and functions.
namespace polygraph::compare {

/// The names of the runners whose outputs were compared.
using RunnerPair = std::pair<std::string, std::string>;

/// Thresholds by output; "" stands for all others.
using Thresholds = std::map<std::string, Threshold>;

enum class Aggregation : std::uint8_t {
  per_sample,  ///< every output of every iteration has to pass
  average,     ///< each metric is averaged over the iterations first
};

/// What one comparison function found: for each pair of runners, a list of results per iteration.
class AccuracyResult {
 public:
  struct Stats {
    std::int64_t matched = 0;
    std::int64_t mismatched = 0;
    std::int64_t total = 0;
    friend bool operator==(const Stats&, const Stats&) = default;
  };
  using Entry = std::pair<RunnerPair, std::vector<OutputResults>>;

  std::vector<Entry> pairs = {};
  Aggregation aggregation = Aggregation::per_sample;

  /// Whether all passed, by the aggregation. False if nothing was compared.
  bool passed() const;
  explicit operator bool() const { return passed(); }

  /// Adds one iteration.
  void add(const RunnerPair& runners, OutputResults results);
  /// The iterations of a pair. Throws InputError if it was not compared.
  const std::vector<OutputResults>& operator[](const RunnerPair& runners) const;

  /// Iterations in which every output passed, whatever the aggregation.
  Stats stats(const RunnerPair& runners) const;
  /// The outputs that were compared, in order of appearance.
  std::vector<std::string> output_names() const;
  /// What the results measure; nothing if they are only yes or no.
  std::optional<Metric> metric() const;

  /// Per output, its metrics averaged over the iterations that have them (NaN makes the average NaN), judged
  /// by its threshold. Throws InputError if an iteration has no metrics, as after shapes that differ; the
  /// verdict of an `elemwise` result does not average and throws when asked for.
  OutputResults average_results(const RunnerPair& runners) const;
  /// A line per averaged output; none for `simple`.
  std::vector<std::pair<std::string, Description>> describe_average(const RunnerPair& runners) const;

  /// Judges all results anew. Throws InputError, having changed nothing, if an output has no threshold given,
  /// or no metric, or another one.
  void reevaluate(const Thresholds& thresholds, std::optional<Aggregation> new_aggregation = std::nullopt);
};

/// One AccuracyResult per comparison function.
///
/// As JSON they are byte for byte what Polygraphy 0.53.6 writes, and what that writes is read, in its old
/// form with `__polygraphy_encoded_` keys, too. Metrics that Polygraphy lacks have classes of the same form
/// (`UlpResult`, `UlpThreshold`).
/// @code
///   AccuracyResults results = AccuracyResults::load("accuracy.json");
///   results.reevaluate({{{"", Threshold::of(Metric::l2, 1e-3)}}});
///   return results ? 0 : 1;
/// @endcode
class AccuracyResults {
 public:
  std::vector<AccuracyResult> functions = {};

  /// Whether all passed. False if nothing was compared.
  bool passed() const;
  explicit operator bool() const { return passed(); }
  std::vector<std::string> output_names() const;

  /// Each entry of `thresholds` judges the first result of its metric that none before it has taken; results
  /// that none takes are dropped, which is logged. Throws InputError, having changed nothing, if an entry
  /// finds none, or is empty.
  void reevaluate(const std::vector<Thresholds>& thresholds,
                  std::optional<Aggregation> aggregation = std::nullopt);

  std::string to_json() const;
  /// @param source  What errors call the text.
  /// Throws InputError where the text is not JSON, or not of this form.
  static AccuracyResults from_json(std::string_view text, std::string_view source = "the text");
  /// Throws InputError if the file cannot be written.
  void save(const std::filesystem::path& path) const;
  /// Throws InputError if the file cannot be read.
  static AccuracyResults load(const std::filesystem::path& path);
};

}  // namespace polygraph::compare
