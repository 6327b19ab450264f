#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "trt/versions/run.h"
#include "trt/versions/version.h"

// What engines tell of themselves in only some versions.

namespace polygraph::trt {

/// Bytes on the GPU that a context needs for all profiles.
inline std::int64_t device_memory(const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 1001
  return engine.getDeviceMemorySizeV2();
#else
  return static_cast<std::int64_t>(engine.getDeviceMemorySize());
#endif
}

/// Bytes for each profile; empty if this version does not tell them apart.
inline std::vector<std::int64_t> profile_memory([[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
  std::vector<std::int64_t> bytes;
#if POLYGRAPH_TENSORRT >= 1001
  for (int profile = 0; profile < engine.getNbOptimizationProfiles(); ++profile)
    bytes.push_back(device_memory_of_profile(engine, profile));
#endif
  return bytes;
}

/// Bytes of all weights, and of those that were left out of the plan: only engines that can be refitted can
/// lack some.
inline std::optional<std::int64_t> weights_size([[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 1014
  return engine.getEngineStat(nvinfer1::EngineStat::kTOTAL_WEIGHTS_SIZE);
#else
  return std::nullopt;
#endif
}

inline std::optional<std::int64_t> stripped_weights_size(
    [[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 1014
  if (!engine.isRefittable()) return std::nullopt;
  const std::int64_t size = engine.getEngineStat(nvinfer1::EngineStat::kSTRIPPED_WEIGHTS_SIZE);
  return size < 0 ? std::nullopt : std::optional(size);
#else
  return std::nullopt;
#endif
}

inline std::optional<std::int64_t> streamable_weights_size(
    [[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 1000
  return engine.getStreamableWeightsSize();
#else
  return std::nullopt;
#endif
}

inline std::optional<int> aux_streams([[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 806
  return engine.getNbAuxStreams();
#else
  return std::nullopt;
#endif
}

/// Empty if this version has no such levels.
inline std::string_view hardware_compatibility([[maybe_unused]] const nvinfer1::ICudaEngine& engine) {
#if POLYGRAPH_TENSORRT >= 806
  switch (engine.getHardwareCompatibilityLevel()) {
    case nvinfer1::HardwareCompatibilityLevel::kNONE:
      return "none";
    case nvinfer1::HardwareCompatibilityLevel::kAMPERE_PLUS:
      return "ampere_plus";
    default:
      return "same_compute_capability";  // the one that came later
  }
#else
  return "";
#endif
}

}  // namespace polygraph::trt
