#include <fmt/format.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/core/error.h>

#include <utility>

#include "core/log_format.h"

namespace polygraph::compare {
namespace {

// A runner while it is active, with what its inputs need.
class ActiveRunner {
 public:
  explicit ActiveRunner(Runner& runner) : runner_(runner), activation_(runner.activate()) {
    log_info("{} | Activated", runner_.name());
  }

  const TensorMetadata& inputs() const { return runner_.input_metadata(); }

  void warm_up(const FeedDict& feed, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) infer(feed);
    if (count > 0) runner_.restart_layer_times();
  }

  RunnerLayerTimes layer_times() { return {runner_.name(), runner_.layer_times()}; }

  void infer(const FeedDict& feed, IterationResult& result) {
    result.failure.clear();
    result.runner_name = runner_.name();
    try {
      result.outputs = infer(feed);
      result.runtime = runner_.last_inference_time();
    } catch (const RunnerLost& error) {
      result.outputs = {};
      result.runtime.reset();
      result.failure = error.problem();
      log_error("{}", result.failure);
    }
  }

 private:
  const TensorMap& infer(const FeedDict& feed) {
    return fits(feed) ? runner_.infer(feed)
                      : runner_.infer(adapt_feed(feed, inputs(), "the data for '" + runner_.name() + "'"));
  }

  // Whether the runner takes the feed as it is.
  bool fits(const FeedDict& feed) const {
    if (feed.size() != inputs().size()) return false;
    for (std::size_t i = 0; i < feed.size(); ++i) {
      const TensorInfo& input = inputs()[i];
      const auto& [name, tensor] = feed.at(i);
      if (name != input.name || (input.dtype && *input.dtype != tensor.dtype()) ||
          !input.shape.accepts(tensor.shape()))
        return false;
    }
    return true;
  }

  Runner& runner_;
  Activation activation_;
};

void require_runners(bool any) {
  if (!any) throw UsageError("Running inference: there are no runners.", "Give at least one, e.g. --onnxrt.");
}

}  // namespace

struct RunStream::State {
  State(const std::vector<Runner*>& runners, InputData& input_data, const RunOptions& run_options)
      : data(input_data), options(run_options) {
    require_runners(!runners.empty());
    active.reserve(runners.size());
    for (Runner* runner : runners) active.emplace_back(std::make_unique<ActiveRunner>(*runner));
    data.open(active.front()->inputs());
    iteration.index = -1;
    iteration.results.resize(active.size());
  }

  InputData& data;
  RunOptions options;
  std::vector<std::unique_ptr<ActiveRunner>> active;
  Iteration iteration;
};

RunStream::RunStream(const std::vector<Runner*>& runners, InputData& data, const RunOptions& options)
    : state_(std::make_unique<State>(runners, data, options)) {}

RunStream::~RunStream() = default;

const TensorMetadata& RunStream::input_metadata() const {
  return state_->active.front()->inputs();
}

std::vector<RunnerLayerTimes> RunStream::layer_times() {
  std::vector<RunnerLayerTimes> measured;
  for (const auto& runner : state_->active)
    if (RunnerLayerTimes times = runner->layer_times(); times.times.inferences > 0)
      measured.push_back(std::move(times));
  return measured;
}

const Iteration* RunStream::next() {
  State& state = *state_;
  std::optional<FeedDict> feed = state.data.next();
  if (!feed) return nullptr;
  Iteration& iteration = state.iteration;
  iteration.inputs = std::move(*feed);
  if (++iteration.index == 0)
    for (const auto& runner : state.active) runner->warm_up(iteration.inputs, state.options.warm_up);
  for (std::size_t i = 0; i < state.active.size(); ++i)
    state.active[i]->infer(iteration.inputs, iteration.results[i]);
  return &iteration;
}

RunResults run_sequentially(
    std::span<Runner* const> runners, InputData& data, const RunOptions& options,
    const std::function<void(std::int64_t, const FeedDict&, const IterationResult&)>& on_result) {
  require_runners(!runners.empty());
  RunResults results;
  bool is_open = false;
  for (Runner* runner : runners) {
    ActiveRunner active(*runner);
    if (!is_open) data.open(active.inputs());
    is_open = true;
    data.rewind();
    std::vector<IterationResult> iterations;
    while (const std::optional<FeedDict> feed = data.next()) {
      if (iterations.empty()) active.warm_up(*feed, options.warm_up);
      IterationResult& result = iterations.emplace_back();
      active.infer(*feed, result);
      result.outputs = result.outputs.clone();
      if (on_result) on_result(static_cast<std::int64_t>(iterations.size()) - 1, *feed, result);
    }
    results.add(runner->name(), std::move(iterations));
    if (RunnerLayerTimes times = active.layer_times(); times.times.inferences > 0)
      results.add_layer_times(std::move(times));
  }
  results.require_equal_counts();
  return results;
}

}  // namespace polygraph::compare
