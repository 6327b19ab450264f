#pragma once

#include <polygraph/core/runner.h>
#include <polygraph/openvino/objects.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace polygraph::openvino {

/// An inference under way, started by `Runner::infer_async`. It holds its inputs and its own outputs. Ends
/// with the inference: the destructor waits. For one thread at a time.
class PendingInference {
 public:
  PendingInference(PendingInference&&) noexcept;
  PendingInference& operator=(PendingInference&&) = delete;
  ~PendingInference();

  /// Whether the result is there.
  bool is_ready();
  /// Waits and returns the outputs, which live as long as this object. Throws BackendError if the engine
  /// failed.
  const TensorMap& get();

 private:
  friend class Runner;
  struct State;
  explicit PendingInference(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Runs an engine with OpenVINO.
/// @code
///   Runner runner(EngineFromPath("m.engine"));        // an engine, or a loader of one
///   auto active = runner.activate();
///   const TensorMap& out = runner.infer({{"x", input}});
/// @endcode
/// `layer_times` needs an engine that was built with ConfigOptions::profiling. OpenVINO keeps an average for
/// each layer in whole microseconds, over all inferences on the engine, and tells none of layers inside of
/// Loop, If and TensorIterator; layers that take less than a microsecond are left out, or took nothing. An
/// engine of several streams keeps averages for each stream: they include inferences before
/// `restart_layer_times`. Asynchronous inferences of this runner are not told apart from its others.
class Runner final : public polygraph::Runner {
 public:
  explicit Runner(Source<Engine> engine, std::string name = "openvino-runner");
  ~Runner() override;

  std::string str() const override;

  /// Starts an inference and returns at once; any number may be under way. The tensors of `feed` are shared,
  /// not copied: do not write to them before `get()`. Throws as `infer`. The returned object may outlive the
  /// activation, not the feed's memory.
  PendingInference infer_async(const FeedDict& feed, bool check_inputs = true);

  /// The engine in use. Throws UsageError if the runner is not active.
  const Engine& engine() const;

 private:
  friend class PendingInference;
  Interface activate_impl() override;
  void deactivate_impl() noexcept override;
  const TensorMap& infer_impl(const FeedDict& feed) override;
  LayerTimes layer_times_impl() override;
  void restart_layer_times_impl() override;

  struct Request;
  Source<Engine> source_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<Request> request_;
};

}  // namespace polygraph::openvino
