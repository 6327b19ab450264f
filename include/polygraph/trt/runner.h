#pragma once

#include <polygraph/core/runner.h>
#include <polygraph/trt/device_tensor.h>
#include <polygraph/trt/objects.h>
#include <polygraph/trt/runner_options.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace polygraph::trt {

/// An inference under way, started by `Runner::infer_async`; ends with it: the destructor waits. It holds
/// what it runs in, which later inferences use again. May outlive the activation. For one thread at a time.
class PendingInference {
 public:
  PendingInference(PendingInference&&) noexcept;
  PendingInference& operator=(PendingInference&&) = delete;
  ~PendingInference();

  /// Whether the result is there.
  bool is_ready();
  /// Waits and returns the outputs, which live as long as this object. Throws BackendError if the GPU failed.
  const TensorMap& get();

 private:
  friend class Runner;
  struct State;
  explicit PendingInference(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Runs an engine with TensorRT.
/// @code
///   Runner runner(EngineFromPath("m.engine"));        // an engine, or a loader of one
///   auto active = runner.activate();
///   const TensorMap& out = runner.infer({{"x", input}});
/// @endcode
/// Outputs are views of pinned host memory. Inputs of which the memory is pinned (`pinned_tensor`) are read
/// from there; others are copied to pinned memory first.
///
/// What is fed never changes, also where the engine writes an output over an input: it does so in a copy on
/// the GPU. `infer_on_device` makes no copies.
///
/// Several runners on one engine may run in several threads. An engine lives as long as a runner is active on
/// it.
class Runner final : public polygraph::Runner {
 public:
  explicit Runner(Source<Engine> engine, RunnerOptions options = {}, std::string name = "trt-runner");
  ~Runner() override;

  /// Without the options that are no text: the stream, and what is measured.
  std::string str() const override;

  /// Starts an inference and returns once its inputs are copied; any number may be under way, each in an
  /// execution context of its own, which costs GPU memory once. Inputs in pinned memory must not change
  /// before `get()`. Throws as `infer`.
  PendingInference infer_async(const FeedDict& feed, bool check_inputs = true);

  /// Runs one inference on tensors on the GPU, without copies.
  /// @param inputs  Read where they are. An engine may write an output over an input (a cache that it updates
  /// in place, say): the memory given for such an input holds that output afterwards.
  /// @param host_inputs  Those inputs that are not among `inputs`: values that are shapes must be here.
  /// @param outputs  Where to write outputs, for those it names, each of the type and shape that the output
  /// has; the others go to memory of the runner's, which changes with the next call. For an output that the
  /// engine writes over an input, only that input's memory can be given (else UsageError).
  /// @return All outputs, in the model's order.
  /// Throws as `infer`, and InputError for memory that is not on the GPU of the engine or not aligned to 256
  /// bytes.
  const DeviceTensorMap& infer_on_device(const DeviceTensorMap& inputs, const FeedDict& host_inputs = {},
                                         const DeviceTensorMap& outputs = {});
  /// The same without waiting: the results are there once the runner's stream is.
  const DeviceTensorMap& submit_on_device(const DeviceTensorMap& inputs, const FeedDict& host_inputs = {},
                                          const DeviceTensorMap& outputs = {});

  /// Seconds that the last `infer` took on the GPU, copies included. Throws UsageError unless the option
  /// `time_on_gpu` is set.
  double last_gpu_time() const;
  /// What the layers took on the GPU in the last `infer`, in order: names and seconds. `layer_times` has the
  /// sums over `infer` and `infer_on_device`, and types where the engine was built with detailed profiling
  /// verbosity. Throws UsageError unless the option `time_layers` is set.
  const std::vector<LayerTime>& last_layer_times() const;
  /// Whether the last `infer` was the replay of a CUDA graph.
  bool last_was_graph() const;
  /// The optimization profile of the last `infer`; -1 before the first.
  int active_profile() const;

  /// The engine, the stream and TensorRT's execution context in use. Throw UsageError if the runner is not
  /// active.
  const Engine& engine() const;
  const Stream& stream() const;
  nvinfer1::IExecutionContext& context() const;

 private:
  friend class PendingInference;
  Interface activate_impl() override;
  void deactivate_impl() noexcept override;
  const TensorMap& infer_impl(const FeedDict& feed) override;
  polygraph::LayerTimes layer_times_impl() override;
  void restart_layer_times_impl() override;
  std::string shapes_allowed(const TensorInfo& input) const override;

  struct Active;
  struct InUse;
  Source<Engine> source_;
  RunnerOptions options_;
  std::unique_ptr<Active> active_;
  std::atomic_flag running_;
};

}  // namespace polygraph::trt
