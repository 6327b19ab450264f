#pragma once

#include <NvInfer.h>
#include <polygraph/trt/config_options.h>

#include <cstdint>
#include <span>
#include <vector>

#include "trt/versions/library.h"
#include "trt/versions/version.h"

// What only some versions have for building engines.

namespace polygraph::trt {

/// Whether a network without open dimensions needs an optimization profile, too: TensorRT 8.5 does not build
/// those with outputs of which the size depends on the data otherwise.
constexpr bool always_needs_profile() {
  return POLYGRAPH_TENSORRT < 1000 && flavour == Flavour::tensorrt;
}

/// Sets the flags of quantization; false if this version has none.
inline bool set_quantization_flags([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                   [[maybe_unused]] bool calibrate_before_fusion) {
#if POLYGRAPH_TENSORRT < 1100
  config.setQuantizationFlags(calibrate_before_fusion ? 1U : 0U);
  return true;
#else
  return false;
#endif
}

/// Sets what only newer versions have; false if this one lacks it.
inline bool set_builder_optimization_level([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                           [[maybe_unused]] int level) {
#if POLYGRAPH_TENSORRT >= 806
  config.setBuilderOptimizationLevel(level);
  return true;
#else
  return false;
#endif
}

inline bool set_max_aux_streams([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                [[maybe_unused]] int streams) {
#if POLYGRAPH_TENSORRT >= 806
  config.setMaxAuxStreams(streams);
  return true;
#else
  return false;
#endif
}

inline bool set_hardware_compatibility([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                       [[maybe_unused]] HardwareCompatibilityLevel level) {
#if POLYGRAPH_TENSORRT >= 806
  if (POLYGRAPH_TENSORRT < 1009 && level == HardwareCompatibilityLevel::same_compute_capability) return false;
  config.setHardwareCompatibilityLevel(static_cast<nvinfer1::HardwareCompatibilityLevel>(level));
  return true;
#else
  return false;
#endif
}

inline bool set_runtime_platform([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                 [[maybe_unused]] RuntimePlatform platform) {
#if POLYGRAPH_TENSORRT >= 1002
  config.setRuntimePlatform(static_cast<nvinfer1::RuntimePlatform>(platform));
  return true;
#else
  return false;
#endif
}

inline bool set_tiling_optimization([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                    [[maybe_unused]] TilingOptimizationLevel level) {
#if POLYGRAPH_TENSORRT >= 1008
  return config.setTilingOptimizationLevel(static_cast<nvinfer1::TilingOptimizationLevel>(level));
#else
  return false;
#endif
}

/// Is told how far a build is; the names hold for the call.
class BuildMonitorSink {
 public:
  virtual ~BuildMonitorSink() = default;
  virtual void phase_started(const char* name, const char* parent, int steps) noexcept = 0;
  virtual void step_completed(const char* name, int step) noexcept = 0;
  virtual void phase_finished(const char* name) noexcept = 0;
};

/// Lets a sink be told of builds with a configuration, both of which have to outlive it.
class BuildMonitor
#if POLYGRAPH_TENSORRT >= 901
    : nvinfer1::IProgressMonitor {
 public:
  explicit BuildMonitor(BuildMonitorSink& sink) : sink_(sink) {}
  /// False if the configuration has a monitor already, or this version knows of none.
  bool watch(nvinfer1::IBuilderConfig& config) {
    if (config.getProgressMonitor() != nullptr) return false;
    config.setProgressMonitor(this);
    watched_ = &config;
    return true;
  }
  void stop() {
    if (watched_ != nullptr) watched_->setProgressMonitor(nullptr);
    watched_ = nullptr;
  }

 private:
  void phaseStart(const char* name, const char* parent, std::int32_t steps) noexcept override {
    sink_.phase_started(name, parent, steps);
  }
  bool stepComplete(const char* name, std::int32_t step) noexcept override {
    sink_.step_completed(name, step);
    return true;
  }
  void phaseFinish(const char* name) noexcept override {
    sink_.phase_finished(name);
  }

  BuildMonitorSink& sink_;
  nvinfer1::IBuilderConfig* watched_ = nullptr;
#else
{
 public:
  explicit BuildMonitor(BuildMonitorSink& /*sink*/) {}
  bool watch(nvinfer1::IBuilderConfig& /*config*/) {
    return false;
  }
  void stop() {}
#endif
};

/// The values that a shape tensor may have. 32 bits before TensorRT 10.11.
inline bool set_shape_values(nvinfer1::IOptimizationProfile& profile, const char* name,
                             nvinfer1::OptProfileSelector selector, std::span<const std::int64_t> values) {
#if POLYGRAPH_TENSORRT >= 1011
  return profile.setShapeValuesV2(name, selector, values.data(), static_cast<int>(values.size()));
#else
  const std::vector<std::int32_t> narrow(values.begin(), values.end());
  return profile.setShapeValues(name, selector, narrow.data(), static_cast<int>(narrow.size()));
#endif
}

}  // namespace polygraph::trt
