#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/run_reporter.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/bytes.h>
#include <polygraph/core/log.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace polygraph::compare::detail {

/// What is kept of one iteration once it has been run and compared: it may be reported in another process.
struct IterationReport {
  struct Inference {
    std::string runner;
    std::optional<double> seconds;
  };

  std::string metadata;               ///< text about inputs and outputs; of the first iteration only
  std::vector<Inference> inferences;  ///< of the runners that ran, in order
  std::vector<std::string> failures;  ///< of runners whose process was lost
  std::vector<InvalidValues> invalid;
  std::vector<PairComparison> pairs;
  /// What `pairs` points to; stays in the process that compared.
  std::vector<IterationResult> compared;
  std::vector<std::string> texts;  ///< for each pair, what is told of it; empty if that is certain not to be
  /// What is to be saved; tensors may belong to the runners.
  std::optional<FeedDict> inputs;
  std::vector<IterationResult> outputs;
  /// What went wrong after the runners had run.
  std::exception_ptr error;
  /// What was logged in another process.
  std::vector<std::pair<Severity, std::string>> log;
};

/// For another process.
Bytes encode(const IterationReport& report);
/// @param from  Whom errors name. Throws InputError if the bytes are damaged.
IterationReport decode(const Bytes& message, const std::string& from);

/// Iterations that failed are told in full so many times; the summary has the rest.
inline constexpr std::int64_t most_failures_told = 10;

/// Outputs from files, as further runners. The first iteration of each file is read at once, so that what is
/// no such file is refused before anything runs.
class LoadedOutputs {
 public:
  /// Throws InputError if a file cannot be read or has no iteration.
  explicit LoadedOutputs(const std::vector<std::filesystem::path>& paths);

  bool empty() const { return files_.empty(); }
  /// Appends the results of an iteration, one for each runner of each file; false if there is none of that
  /// number. Iterations have to be asked for in their order. A runner of a name that is among the results is
  /// called `NAME (loaded)`.
  bool get(std::int64_t iteration, std::vector<IterationResult>& results);
  /// Whether there is an iteration of that number.
  bool has(std::int64_t iteration);
  /// The files, for messages.
  std::string str() const;

 private:
  struct File {
    std::filesystem::path path;
    std::unique_ptr<ResultsReader> reader;
    std::optional<RunResults> ahead;  // read before it is asked for
  };
  // Takes a step in each file by `f`, which tells whether there was an iteration; all have to agree.
  template <class F>
  bool step(F f);
  bool skip();

  std::vector<File> files_;
  std::int64_t next_ = 0;
};

/// Makes reports of iterations. Of those that fail it tells in full what the whole run might.
class IterationReporter {
 public:
  /// @param options, comparator  Must outlive the reporter.
  IterationReporter(const RunReporterOptions& options, std::vector<PostprocessFunction> postprocess,
                    const Comparator& comparator);

  /// Of what runners gave. Errors of what comes after are part of the report.
  IterationReport report(std::int64_t iteration, const FeedDict& inputs,
                         std::vector<IterationResult> results);
  /// Of loaded outputs alone; nothing at their end.
  std::optional<IterationReport> report_loaded(std::int64_t iteration);

  LoadedOutputs& loaded() { return loaded_; }

 private:
  void judge(std::int64_t iteration, std::vector<IterationResult> results, IterationReport& report);
  void validate(std::int64_t iteration, const std::vector<IterationResult>& results,
                IterationReport& report) const;
  std::string pair_text(const PairComparison& comparison) const;

  const RunReporterOptions& options_;
  const Comparator& comparator_;
  LoadedOutputs loaded_;
  std::vector<PostprocessFunction> postprocess_;
  std::int64_t failures_ = 0;  // told in full
};

}  // namespace polygraph::compare::detail
