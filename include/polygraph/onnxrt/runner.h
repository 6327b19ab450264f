#pragma once

#include <polygraph/core/runner.h>
#include <polygraph/onnxrt/objects.h>

#include <memory>
#include <string>

namespace polygraph::onnxrt {

/// Runs a model with ONNX Runtime.
/// @code
///   Runner runner(SessionFromOnnx("model.onnx"));     // a session, or a loader of one
///   auto active = runner.activate();
///   const TensorMap& out = runner.infer({{"x", input}});
/// @endcode
/// Inputs and outputs are tensors of any type that ONNX Runtime has. A model with others (sequences, maps,
/// optional values) can be activated, so that its metadata can be seen; `infer` throws BackendError naming
/// the first of them.
///
/// `layer_times` needs SessionOptions::time_layers, and tells what nodes took in all inferences of the
/// session, of other runners too. ONNX Runtime keeps what it measured in memory until the measuring ends, so
/// that it ends by itself after some 50,000 runs of nodes, at least one inference.
class Runner final : public polygraph::Runner {
 public:
  explicit Runner(Source<Session> session, std::string name = "onnxrt-runner");
  ~Runner() override;

  std::string str() const override;

  /// The session in use. Throws UsageError if the runner is not active.
  const Session& session() const;

 private:
  Interface activate_impl() override;
  void deactivate_impl() noexcept override;
  const TensorMap& infer_impl(const FeedDict& feed) override;
  LayerTimes layer_times_impl() override;
  void restart_layer_times_impl() override;

  struct Request;
  Source<Session> source_;
  std::unique_ptr<Request> request_;
};

}  // namespace polygraph::onnxrt
