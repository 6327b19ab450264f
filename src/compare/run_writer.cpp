#include "compare/run_writer.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <utility>

namespace polygraph::compare::detail {
namespace {

namespace fs = std::filesystem;

// Raw inputs: FOLDER/<iteration>/<input>.bin.
void save_blobs(const fs::path& folder, std::int64_t iteration, const FeedDict& inputs) {
  for (const auto& [name, any] : inputs) {
    const Tensor tensor = any.contiguous();
    const fs::path file = name + ".bin";
    if (file.has_parent_path() || tensor.dtype() == DataType::string)
      throw InputError(fmt::format("Cannot save the input '{}' as raw bytes: {}.", name,
                                   file.has_parent_path() ? "its name is no name of a file" : "it is text"),
                       "Save the inputs with --save-inputs inputs.npz.");
    write_file(folder / fmt::format("{:010}", iteration) / file,
               std::span(static_cast<const std::byte*>(tensor.data()), tensor.nbytes()));
  }
}

}  // namespace

RunWriter::RunWriter(const RunReporterOptions& options, Comparator& comparator,
                     std::function<void(std::string_view)> tell)
    : options_(options), comparator_(comparator), tell_(std::move(tell)) {
  if (options_.save_inputs) inputs_writer_ = feed_writer(*options_.save_inputs);
  if (options_.save_outputs) outputs_writer_ = results_writer(*options_.save_outputs);
  report_.validated = options_.validate;
  report_.command = options_.command;
  report_.model = options_.model;
}

bool RunWriter::take(IterationReport iteration) {
  tell(iteration.metadata);
  if (inputs_writer_ && iteration.inputs) inputs_writer_->add(*iteration.inputs);
  if (options_.save_input_blob && iteration.inputs)
    save_blobs(*options_.save_input_blob, report_.iterations, *iteration.inputs);
  save_outputs(iteration.outputs);
  for (const IterationReport::Inference& inference : iteration.inferences) add_time(inference);
  add_invalid(std::move(iteration.invalid));
  for (const std::string& failure : iteration.failures) {
    lost_ = true;
    tell(fmt::format("FAILED | {}\n", failure));
  }
  if (iteration.error) std::rethrow_exception(iteration.error);
  bool passed = true;
  const std::vector<PairComparison>& pairs = comparator_.add(std::move(iteration.pairs));
  if (on_compared) on_compared(comparator_.pairs(), pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    tell_pair(comparator_.pairs()[i], pairs[i].passed, iteration.texts[i]);
    passed = passed && pairs[i].passed;
  }
  ++report_.iterations;
  stopped_ = options_.fail_fast && !(passed && report_.invalid.empty() && !lost_);
  return !stopped_;
}

bool RunWriter::finish(double seconds, LoadedOutputs* loaded) {
  if (report_.iterations == 0)
    throw InputError("Nothing was run: there are no inputs.", "Give inputs with at least one iteration.");
  if (loaded != nullptr && !loaded->empty() && !stopped_ && loaded->has(report_.iterations))
    throw InputError(
        fmt::format("The outputs that are loaded ({}) are more than the {} iteration(s) that were run.",
                    loaded->str(), report_.iterations),
        "Run as many iterations as were saved (--iterations, --load-inputs).");
  const bool compared = comparator_.finish();
  if (inputs_writer_) inputs_writer_->finish();
  if (outputs_writer_) outputs_writer_->finish();
  if (options_.save_accuracy_results) comparator_.results().save(*options_.save_accuracy_results);
  report_.pairs = comparator_.pairs();
  report_.passed = (report_.pairs.empty() || compared) && report_.invalid.empty() && !lost_;
  report_.seconds = seconds;
  tell_(tells_json() ? run_json(report_) : run_summary(report_, options_.verbose));
  if (options_.json && !tells_json()) write_file(*options_.json, run_json(report_));
  if (options_.junit) write_file(*options_.junit, run_junit(report_));
  return report_.passed;
}

void RunWriter::add_layer_times(std::vector<RunnerLayerTimes> measured) {
  for (RunnerLayerTimes& each : measured) times_of(each.runner_name).layer_times = std::move(each.times);
}

RunnerTimes& RunWriter::times_of(const std::string& runner) {
  const auto found = std::ranges::find(report_.runners, runner, &RunnerTimes::name);
  if (found != report_.runners.end()) return *found;
  return report_.runners.emplace_back(RunnerTimes{.name = runner});
}

void RunWriter::add_time(const IterationReport::Inference& inference) {
  RunnerTimes& times = times_of(inference.runner);
  if (inference.seconds) times.add(*inference.seconds);
}

void RunWriter::save_outputs(const std::vector<IterationResult>& results) {
  if (!outputs_writer_ || results.empty()) return;
  RunResults saved;
  for (const IterationResult& result : results) saved.add(result.runner_name, {result});
  outputs_writer_->add(saved);
}

void RunWriter::add_invalid(std::vector<InvalidValues> found) {
  for (InvalidValues& bad : found) {
    const auto known = std::ranges::find_if(report_.invalid, [&](const InvalidValues& each) {
      return each.runner == bad.runner && each.output == bad.output;
    });
    if (known != report_.invalid.end())
      ++known->iterations;
    else
      report_.invalid.push_back(std::move(bad));
  }
}

// The first iteration in full, and those that failed, up to a number; all if wanted.
void RunWriter::tell_pair(const PairSummary& pair, bool passed, const std::string& text) {
  if (tells_json()) return;
  const std::int64_t iteration = pair.iterations - 1;
  const bool in_full = options_.verbose || iteration == 0 || (!passed && failures_told_ < most_failures_told);
  if (!in_full) return;
  failures_told_ += !passed;
  if (iteration == 0)
    tell(fmt::format("Accuracy Comparison | {} vs. {}\n", pair.runners.first, pair.runners.second));
  tell(fmt::format("Iteration: {}\n", iteration));
  tell(text);
}

}  // namespace polygraph::compare::detail
