#pragma once

#include <polygraph/core/layer_times.h>
#include <polygraph/core/tensor.h>

#include <memory>
#include <string>

namespace polygraph {

class Activation;

/// Runs inference with a model: the interface that all backends share.
///
/// A runner does nothing until it is activated; activation calls the loader it was given, and deactivation
/// frees what that took. A runner may be activated again. One runner is for one thread at a time; several
/// runners, also on one engine, may run in several threads at once.
/// @code
///   openvino::Runner runner(EngineFromPath("m.engine"));
///   auto active = runner.activate();
///   const TensorMap& outputs = runner.infer({{"x", Tensor::full(Shape{1, 4}, 1.0f)}});
/// @endcode
class Runner {
 public:
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  const std::string& name() const { return name_; }

  /// The C++ expression that makes the runner; empty if the runner does not know it.
  virtual std::string str() const { return {}; }

  /// Activates the runner until the returned scope ends. Throws UsageError if it is active already, and what
  /// the loader throws.
  [[nodiscard("the runner is active only as long as the returned scope lives")]] Activation activate();
  /// Ends the activation early. Does nothing if the runner is not active.
  void deactivate() noexcept;
  bool is_active() const { return active_; }

  /// The model's inputs and outputs. Throw UsageError if the runner is not active.
  const TensorMetadata& input_metadata() const;
  const TensorMetadata& output_metadata() const;

  /// Runs one inference.
  /// @param feed  A tensor for each input, by name; contiguous, in host memory; only read.
  /// @param check_inputs  Whether to check names, types and shapes. Without the check a wrong feed has
  /// undefined results.
  /// @return The outputs, by name, in the model's order. They belong to the runner and change with the next
  /// call: `clone()` what
  ///         is to be kept.
  /// Throws UsageError if the runner is not active; InputError, naming the input and what is allowed, for a
  /// missing or extra name, a wrong type, rank or dimension, or a tensor that is not contiguous; BackendError
  /// if the engine fails. Allocates nothing once shapes no longer change.
  const TensorMap& infer(const FeedDict& feed, bool check_inputs = true);

  /// Seconds that the last `infer` took, from handing over the inputs to having the outputs; 0 before the
  /// first.
  double last_inference_time() const { return seconds_; }

  /// What the layers took in the inferences since the runner was activated, or `restart_layer_times` was
  /// called. Without inferences if the runner does not measure: that is asked for where it, its session or
  /// its engine is made (`time_layers`; `profiling` for OpenVINO). ONNX Runtime measures no more after the
  /// first call, which later ones repeat. Throws UsageError if the runner is not active; BackendError if the
  /// engine fails.
  LayerTimes layer_times();
  /// Forgets what was measured: inferences up to here were to warm up. Throws as `layer_times`.
  void restart_layer_times();

 protected:
  explicit Runner(std::string name) : name_(std::move(name)) {}

  /// Makes ready to run and returns what goes in and out.
  struct Interface {
    TensorMetadata inputs;
    TensorMetadata outputs;
  };
  virtual Interface activate_impl() = 0;
  virtual void deactivate_impl() noexcept = 0;
  virtual const TensorMap& infer_impl(const FeedDict& feed) = 0;
  virtual LayerTimes layer_times_impl() { return {}; }
  virtual void restart_layer_times_impl() {}
  /// What to tell whoever fed a shape that is not allowed.
  virtual std::string shapes_allowed(const TensorInfo& input) const;

  /// Throws InputError unless `feed` is what `input_metadata()` says.
  void check_feed(const FeedDict& feed) const;
  void require_active(const char* doing) const;

 private:
  std::string name_;
  bool active_ = false;
  double seconds_ = 0;
  Interface interface_;
};

/// The scope in which a runner is active; ends with the object. Must not outlive the runner.
class Activation {
 public:
  explicit Activation(Runner& runner) : runner_(&runner) {}
  Activation(Activation&& other) noexcept : runner_(std::exchange(other.runner_, nullptr)) {}
  Activation& operator=(Activation&&) = delete;
  ~Activation() {
    if (runner_) runner_->deactivate();
  }

 private:
  Runner* runner_;
};

}  // namespace polygraph
