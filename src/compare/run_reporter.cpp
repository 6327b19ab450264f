#include <polygraph/compare/run_reporter.h>
#include <polygraph/core/error.h>

#include <chrono>
#include <iostream>
#include <utility>

#include "compare/run_writer.h"

namespace polygraph::compare {
namespace {

void write_to_standard_output(std::string_view text) {
  std::cout << text << std::flush;
}

}  // namespace

struct RunReporter::State {
  State(std::vector<CompareFunction> functions, RunReporterOptions wanted,
        std::vector<PostprocessFunction> postprocess, std::function<void(std::string_view)> tell)
      : options(std::move(wanted)),
        comparator(std::move(functions), {.check_average = options.check_average,
                                          .keep_results = options.save_accuracy_results.has_value()}),
        iterations(options, std::move(postprocess), comparator),
        writer(options, comparator, tell ? std::move(tell) : write_to_standard_output) {}

  RunReporterOptions options;
  Comparator comparator;
  detail::IterationReporter iterations;
  detail::RunWriter writer;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::int64_t next = 0;
  bool has_runners = false;  // beside those that were loaded
};

RunReporter::RunReporter(std::vector<CompareFunction> functions, RunReporterOptions options,
                         std::vector<PostprocessFunction> postprocess,
                         std::function<void(std::string_view)> tell)
    : state_(std::make_unique<State>(std::move(functions), std::move(options), std::move(postprocess),
                                     std::move(tell))) {}

RunReporter::~RunReporter() = default;

bool RunReporter::add(const FeedDict& inputs, std::vector<IterationResult> results) {
  state_->has_runners = true;
  return state_->writer.take(state_->iterations.report(state_->next++, inputs, std::move(results)));
}

void RunReporter::add_all(RunResults results, InputData& data) {
  data.rewind();
  for (std::size_t i = 0; i < results.iteration_count(); ++i) {
    const std::optional<FeedDict> inputs = data.next();
    if (!inputs) throw InputError("The input data ends earlier than it did before.");
    std::vector<IterationResult> iteration;
    for (RunnerResults& runner : results) iteration.push_back(std::move(runner.iterations.at(i)));
    if (!add(*inputs, std::move(iteration))) return;
  }
}

void RunReporter::add_loaded() {
  while (auto report = state_->iterations.report_loaded(state_->next++))
    if (!state_->writer.take(std::move(*report))) return;
}

void RunReporter::add_layer_times(std::vector<RunnerLayerTimes> measured) {
  state_->writer.add_layer_times(std::move(measured));
}

bool RunReporter::finish(std::optional<double> seconds) {
  const auto elapsed = std::chrono::steady_clock::now() - state_->started;
  return state_->writer.finish(seconds.value_or(std::chrono::duration<double>(elapsed).count()),
                               state_->has_runners ? &state_->iterations.loaded() : nullptr);
}

const RunReport& RunReporter::report() const {
  return state_->writer.report();
}

}  // namespace polygraph::compare
