#pragma once

#include <NvInfer.h>

#include <string>
#include <string_view>
#include <vector>

namespace polygraph::trt {

/// Collects the errors and warnings that TensorRT reports while the object lives: those of its own thread,
/// and those of TensorRT's threads, of which nobody knows whose they are. Everything also goes to the log:
/// warnings as such, once each; errors as verbose lines, since whoever fails because of one attaches it.
class EngineMessages {
 public:
  EngineMessages();
  EngineMessages(const EngineMessages&) = delete;
  EngineMessages& operator=(const EngineMessages&) = delete;
  ~EngineMessages();

  /// What was collected so far, each line once.
  std::vector<std::string> take();

  /// Whether a line of what was collected has that text.
  bool mention(std::string_view text) const;

  /// Throws an `E` with what was collected attached.
  template <class E>
  [[noreturn]] void fail(std::string problem, std::string remedy) {
    throw E(std::move(problem), std::move(remedy), take());
  }

  struct Collector;

 private:
  Collector* collector_;
};

/// The one logger that TensorRT is given.
nvinfer1::ILogger& logger();

}  // namespace polygraph::trt
