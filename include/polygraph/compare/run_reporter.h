#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/compare/run_report.h>
#include <polygraph/compare/run_results.h>
#include <polygraph/core/options.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace polygraph::compare {

/// What is done with what runners gave, besides comparing it.
struct RunReporterOptions {
  bool check_average = false;
  bool fail_fast = false;
  bool validate = false;
  bool verbose = false;
  std::vector<std::filesystem::path> load_outputs = {};
  std::optional<std::filesystem::path> save_inputs = std::nullopt;
  std::optional<std::filesystem::path> save_outputs = std::nullopt;
  std::optional<std::filesystem::path> save_input_blob = std::nullopt;
  std::optional<std::filesystem::path> save_accuracy_results = std::nullopt;
  std::optional<std::string> json = std::nullopt;
  std::optional<std::filesystem::path> junit = std::nullopt;
  std::string model = {};
  std::string command = {};

  static constexpr auto fields() {
    using Self = RunReporterOptions;
    return std::tuple(
        Field{"check_average", &Self::check_average, "Judge the averages of metrics over all iterations."},
        Field{"fail_fast", &Self::fail_fast, "Stop behind the first iteration that fails."},
        Field{"validate", &Self::validate, "Fail if an output has NaN or an infinity."},
        Field{"verbose", &Self::verbose, "Tell every iteration in full, with histograms."},
        Field{"load_outputs", &Self::load_outputs, "Saved outputs to compare with, as further runners.",
              "PATH"},
        Field{"save_inputs", &Self::save_inputs, "Where to save the inputs.", "PATH"},
        Field{"save_outputs", &Self::save_outputs, "Where to save the outputs.", "PATH"},
        Field{"save_input_blob", &Self::save_input_blob, "Where to save the inputs as raw bytes.", "FOLDER"},
        Field{"save_accuracy_results", &Self::save_accuracy_results, "Where to save all results.", "FILE"},
        Field{"json", &Self::json, "Where to write the report as JSON; `-`: in place of the text.", "FILE"},
        Field{"junit", &Self::junit, "Where to write the verdicts as JUnit XML.", "FILE"},
        Field{"model", &Self::model, "What the report calls the model.", "NAME"},
        Field{"command", &Self::command, "What the report says was run.", "TEXT"});
  }
};

/// What `polygraph run` does with the results of runners: compares each with those of the runner behind it,
/// validates and saves them, and reports all that on the standard output. It tells the first iteration in
/// full, and the first ten that fail.
/// @code
///   RunReporter report({SimpleCompareFunc({.atol = 1e-3})}, {.validate = true});
///   RunStream stream({&onnxrt_runner, &openvino_runner}, *data);
///   while (const Iteration* iteration = stream.next())
///     if (!report.add(iteration->inputs, iteration->results)) break;
///   return report.finish() ? 0 : 1;
/// @endcode
/// With one runner and no saved outputs nothing is compared, and the report says what ran. For one thread.
class RunReporter {
 public:
  /// @param postprocess  Applied to all results, one behind the other, before they are compared.
  /// @param tell  Gets the text of the report in place of the standard output.
  /// Throws as Comparator; InputError for files that cannot be read or written, here and in what follows.
  explicit RunReporter(std::vector<CompareFunction> functions, RunReporterOptions options = {},
                       std::vector<PostprocessFunction> postprocess = {},
                       std::function<void(std::string_view)> tell = {});
  RunReporter(const RunReporter&) = delete;
  RunReporter& operator=(const RunReporter&) = delete;
  ~RunReporter();

  /// Reports one iteration; results that are missing (`IterationResult::failure`) fail it. Returns whether to
  /// go on: false if it failed and `fail_fast` is set. Throws InputError if there are fewer saved outputs
  /// than iterations.
  bool add(const FeedDict& inputs, std::vector<IterationResult> results);

  /// Reports what `run_sequentially` gave. The inputs are read once more.
  /// @param data  What they come from; open.
  void add_all(RunResults results, InputData& data);

  /// Compares the saved outputs with each other, without a runner.
  void add_loaded();

  /// Reports what the layers of runners took, of all iterations: RunStream::layer_times or
  /// RunResults::layer_times.
  void add_layer_times(std::vector<RunnerLayerTimes> measured);

  /// Judges averages, puts files in their places and reports the summary. Returns whether everything passed.
  /// @param seconds  How long it all took; if not given, the time since the reporter was made.
  /// Throws InputError if nothing was reported, or there are more saved outputs than iterations.
  bool finish(std::optional<double> seconds = std::nullopt);

  /// What was reported; complete once it has finished.
  const RunReport& report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace polygraph::compare
