#pragma once

#include <polygraph/core/error.h>
#include <polygraph/core/runner.h>

#include <functional>
#include <memory>
#include <string>

namespace polygraph::compare {

/// The process of a runner crashed, ended, or did not answer in time. The runner starts a new one when it is
/// used again.
class RunnerLost : public BackendError {
 public:
  using BackendError::BackendError;
};

/// Runs another runner in a process of its own: whatever the engine does there, this process lives on.
///
/// Inputs and outputs are copied between the processes (some 2 GB/s); `last_inference_time` includes that.
/// What the other runner throws is thrown here, as an error of the same class. The process is forked from
/// this one when the runner is activated, so that no engine that starts threads should be active here at that
/// time. It ends with this one. `layer_times` are those of the other runner since its process was started.
/// @code
///   SubprocessRunner runner("openvino", [] { return
///   std::make_unique<openvino::Runner>(EngineFromPath("m.engine")); });
/// @endcode
class SubprocessRunner final : public Runner {
 public:
  /// @param name     This runner's.
  /// @param make     Makes the runner that does the work; called in the new process.
  /// @param seconds  The longest that an activation or an inference may take; 0: as long as it wants.
  SubprocessRunner(std::string name, std::function<std::unique_ptr<Runner>()> make, double seconds = 0);
  ~SubprocessRunner() override;

  /// Makes the other runner to ask it.
  std::string str() const override;

 private:
  Interface activate_impl() override;
  void deactivate_impl() noexcept override;
  const TensorMap& infer_impl(const FeedDict& feed) override;
  LayerTimes layer_times_impl() override;
  void restart_layer_times_impl() override;

  struct Process;
  Interface start();

  std::function<std::unique_ptr<Runner>()> make_;
  double seconds_;
  std::unique_ptr<Process> process_;
  TensorMap outputs_;
};

}  // namespace polygraph::compare
