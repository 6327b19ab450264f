#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/error_map.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace polygraph::cli {

/// How bad a result is, for sorting: failures before successes, then by how many times the threshold it is.
struct Badness {
  bool failed = false;
  double ratio = 0;  ///< above 1: worse than the threshold; infinity for NaN and for shapes that differ
  friend auto operator<=>(const Badness&, const Badness&) = default;
};
Badness badness_of(const compare::OutputResult& result);

/// The number that a result is told by: of `simple` the statistic of the absolute difference that is checked,
/// else the metric. Nothing for yes or no.
std::optional<double> main_number(const compare::OutputResult& result);

/// A number over the iterations, in at most `most_buckets` buckets of equal length: of each bucket the worst.
class MetricStrip {
 public:
  static constexpr std::size_t most_buckets = 240;
  struct Bucket {
    double worst = 0;  ///< NaN if there was one, or no number
    bool failed = false;
  };

  explicit MetricStrip(bool higher_is_better = false) : higher_is_better_(higher_is_better) {}
  void add(std::optional<double> value, bool failed);
  const std::vector<Bucket>& buckets() const { return buckets_; }
  std::int64_t per_bucket() const { return per_bucket_; }
  std::int64_t iterations() const { return iterations_; }

 private:
  void join(Bucket& bucket, const Bucket& more) const;

  bool higher_is_better_;
  std::int64_t per_bucket_ = 1;
  std::int64_t iterations_ = 0;
  std::vector<Bucket> buckets_;
};

struct RunPlotsOptions {
  bool for_page = false;
  std::optional<std::filesystem::path> heat_maps = std::nullopt;      ///< a folder
  std::optional<std::filesystem::path> error_metrics = std::nullopt;  ///< a folder
  bool infinities_compare_equal = false;
  bool nans_compare_equal = false;

  bool any() const { return for_page || heat_maps || error_metrics; }
};

/// What pictures of a run are drawn from, gathered while it goes on: of each output its worst iteration by
/// the first comparison function. Memory does not grow with the iterations, and maps are kept of the worst
/// outputs only. Folders get an SVG file for each output, `<pair>-<index>-<name>.svg`, written anew as worse
/// iterations come.
class RunPlots {
 public:
  /// So many outputs, the worst, keep their maps for the page.
  static constexpr std::size_t most_maps = 24;

  explicit RunPlots(RunPlotsOptions options) : options_(std::move(options)) {}

  /// Does nothing where nothing is to be drawn.
  /// @param pairs  As they are once the iteration counts.
  void add(const std::vector<compare::PairSummary>& pairs,
           const std::vector<compare::PairComparison>& comparisons);

  /// The map of an output of a pair; null if it was not kept.
  const compare::ErrorMap* map_of(std::size_t pair, const std::string& output) const;
  /// By pair, function and output; null without any.
  const MetricStrip* strip_of(std::size_t pair, std::size_t function, const std::string& output) const;
  void add_to_strip(std::size_t pair, std::size_t function, const std::string& output,
                    const compare::OutputResult& result);

 private:
  struct Candidate {
    Badness badness;
    std::size_t pair = 0;
    std::size_t index = 0;
    const compare::PairComparison* comparison = nullptr;
    const std::pair<std::string, compare::OutputResult>* result = nullptr;
  };
  struct Kept {
    Badness badness;
    compare::ErrorMap map;
  };
  using Key = std::pair<std::size_t, std::string>;

  void gather(const Candidate& candidate);

  RunPlotsOptions options_;
  std::map<Key, Kept> maps_;
  std::map<std::tuple<std::size_t, std::size_t, std::string>, MetricStrip> strips_;
};

}  // namespace polygraph::cli
