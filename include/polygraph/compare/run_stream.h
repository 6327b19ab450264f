#pragma once

#include <polygraph/compare/input_data.h>
#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/run_results.h>
#include <polygraph/core/options.h>
#include <polygraph/core/runner.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::compare {

/// One iteration of a run: what went in, and what each runner gave.
struct Iteration {
  std::int64_t index = 0;
  FeedDict inputs;
  /// In the order of the runners. Their outputs belong to the runners and change with the next iteration:
  /// `clone()` what is to be kept.
  std::vector<IterationResult> results;
};

/// How runners are run.
struct RunOptions {
  /// Inferences before the first one that counts, on the inputs of the first iteration.
  std::int64_t warm_up = 0;

  static constexpr auto fields() {
    return std::tuple(
        Field{"warm_up", &RunOptions::warm_up, "Inferences before the first one that counts.", "N"});
  }
};

/// Runs several runners on the same inputs, iteration by iteration. All of them are active at the same time,
/// and nothing is kept: memory does not grow with the number of iterations.
///
/// Inputs are those that the first runner asks for. Where another one asks for other types or shapes they are
/// adapted as `adapt_feed` does (input_data.h). For one thread.
/// @code
///   RunStream stream({&onnxrt_runner, &openvino_runner}, data);
///   while (const Iteration* iteration = stream.next()) compare(iteration->results[0],
///   iteration->results[1]);
/// @endcode
class RunStream {
 public:
  /// Activates the runners and opens the data.
  /// @param runners  Not active yet; they must outlive the stream.
  /// Throws UsageError without runners; what runners and data throw.
  RunStream(const std::vector<Runner*>& runners, InputData& data, const RunOptions& options = {});
  RunStream(const RunStream&) = delete;
  RunStream& operator=(const RunStream&) = delete;
  ~RunStream();

  /// The next iteration, valid until the next call; null at the end of the data. A runner that lives in a
  /// process of its own and was lost with it has `IterationResult::failure` set, and runs again in the next
  /// iteration; what else a runner throws comes through.
  const Iteration* next();

  /// The inputs of the first runner.
  const TensorMetadata& input_metadata() const;

  /// What the layers of each runner that measures them (Runner::layer_times) took in the iterations so far,
  /// without those to warm up. To be called once, at the end: it may end the measuring.
  std::vector<RunnerLayerTimes> layer_times();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs one runner after the other, each alone, and keeps all outputs: for runners that do not fit into
/// memory together. The data is read once for each runner. What layers took is in the results where runners
/// measure it.
/// @param on_result  Called after each inference, with the index of the iteration.
/// Throws as RunStream; InputError if the data ends earlier for one runner than for the first.
RunResults run_sequentially(
    std::span<Runner* const> runners, InputData& data, const RunOptions& options = {},
    const std::function<void(std::int64_t, const FeedDict&, const IterationResult&)>& on_result = {});

}  // namespace polygraph::compare
