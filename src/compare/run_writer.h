#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/run_reporter.h>
#include <polygraph/compare/saved_data.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compare/run_iteration.h"

namespace polygraph::compare::detail {

/// Reports iterations in their order, in whichever process they were run and compared.
class RunWriter {
 public:
  /// @param options, comparator  Must outlive the writer.
  /// @param tell  Gets the text of the report.
  RunWriter(const RunReporterOptions& options, Comparator& comparator,
            std::function<void(std::string_view)> tell);

  /// Takes the next iteration. Returns whether to go on.
  bool take(IterationReport iteration);
  void add_layer_times(std::vector<RunnerLayerTimes> measured);
  /// @param loaded  The outputs that were compared with those of runners; null if there were none of runners.
  /// Returns whether everything passed.
  bool finish(double seconds, LoadedOutputs* loaded);

  const RunReport& report() const { return report_; }

  /// Called with each iteration once it counts, if set.
  std::function<void(const std::vector<PairSummary>&, const std::vector<PairComparison>&)> on_compared;

 private:
  bool tells_json() const { return options_.json == "-"; }
  void tell(const std::string& text) {
    if (!tells_json()) tell_(text);
  }
  RunnerTimes& times_of(const std::string& runner);
  void add_time(const IterationReport::Inference& inference);
  void save_outputs(const std::vector<IterationResult>& results);
  void add_invalid(std::vector<InvalidValues> found);
  void tell_pair(const PairSummary& pair, bool passed, const std::string& text);

  const RunReporterOptions& options_;
  Comparator& comparator_;
  std::function<void(std::string_view)> tell_;
  std::unique_ptr<FeedWriter> inputs_writer_;
  std::unique_ptr<ResultsWriter> outputs_writer_;
  RunReport report_;
  std::int64_t failures_told_ = 0;
  bool lost_ = false;
  bool stopped_ = false;
};

}  // namespace polygraph::compare::detail
