#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "trt/versions/build.h"

namespace polygraph {
class ProgressDisplay;
}

namespace polygraph::trt {

/// How far a build is, put together from what TensorRT tells of its phases. They are nested: one phase may be
/// a part of another's step.
class BuildPhases {
 public:
  void start(std::string_view name, std::string_view parent, int steps);
  void complete_step(std::string_view name, int step);
  void finish(std::string_view name);

  /// From 0 to 1; it never falls until all phases have ended.
  double done() const { return done_; }
  /// Of those inside of the outermost one, the one that began last; empty if there is none.
  std::string_view current() const;

 private:
  struct Phase {
    std::string name;
    std::string parent;
    int steps;
    int completed = 0;
  };
  Phase* find(std::string_view name);
  void update();

  std::vector<Phase> phases_;  // those that last, in the order in which they began
  double done_ = 0;
};

/// Shows a build on the terminal as long as the object lives: its phase and, where TensorRT tells it, how
/// much is done. A monitor that the configuration has already stays.
class BuildProgress final : BuildMonitorSink {
 public:
  explicit BuildProgress(nvinfer1::IBuilderConfig& config);
  BuildProgress(const BuildProgress&) = delete;
  BuildProgress& operator=(const BuildProgress&) = delete;
  ~BuildProgress() override;

 private:
  void phase_started(const char* name, const char* parent, int steps) noexcept override;
  void step_completed(const char* name, int step) noexcept override;
  void phase_finished(const char* name) noexcept override;
  template <class Change>
  void update(Change&& change) noexcept;

  std::mutex mutex_;  // TensorRT may tell from several threads
  BuildPhases phases_;
  std::unique_ptr<ProgressDisplay> display_;
  BuildMonitor monitor_;
};

}  // namespace polygraph::trt
