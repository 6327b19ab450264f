#pragma once

#include <NvInfer.h>
#include <polygraph/trt/runner_options.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trt/versions/version.h"

// What only some versions have for running engines.

namespace polygraph::trt {

/// In the first optimization profile.
inline nvinfer1::TensorFormat tensor_format(const nvinfer1::ICudaEngine& engine, const char* name) {
#if POLYGRAPH_TENSORRT >= 806
  return engine.getTensorFormat(name, 0);
#else
  return engine.getTensorFormat(name);
#endif
}

inline bool is_debug_tensor([[maybe_unused]] const nvinfer1::ICudaEngine& engine,
                            [[maybe_unused]] const char* name) {
#if POLYGRAPH_TENSORRT >= 1000
  return engine.isDebugTensor(name);
#else
  return false;
#endif
}

/// Receives the values of debug tensors, which are valid for as long as the call takes.
class DebugTensorSink {
 public:
  virtual ~DebugTensorSink() = default;
  /// @return  Whether it went well.
  virtual bool receive(const char* name, nvinfer1::DataType type, const nvinfer1::Dims& dims,
                       const void* data, bool on_host, cudaStream_t stream) noexcept = 0;
};

/// Lets a sink have all debug tensors of an execution context, which it has to outlive.
class DebugListener
#if POLYGRAPH_TENSORRT >= 1000
    : nvinfer1::IDebugListener {
 public:
  explicit DebugListener(DebugTensorSink& sink) : sink_(sink) {}
  /// False if this version has no debug tensors.
  bool listen(nvinfer1::IExecutionContext& context) {
    bool done = context.setDebugListener(this) && context.setAllTensorsDebugState(true);
#if POLYGRAPH_TENSORRT >= 1012
    done = context.setUnfusedTensorsDebugState(true) && done;
#endif
    return done;
  }

 private:
  bool processDebugTensor(const void* data, nvinfer1::TensorLocation location, nvinfer1::DataType type,
                          const nvinfer1::Dims& dims, const char* name, cudaStream_t stream) override {
    return sink_.receive(name, type, dims, data, location == nvinfer1::TensorLocation::kHOST, stream);
  }
  DebugTensorSink& sink_;
#else
{
 public:
  explicit DebugListener(DebugTensorSink& /*sink*/) {}
  bool listen(nvinfer1::IExecutionContext& /*context*/) {
    return false;
  }
#endif
};

/// A runtime for version-compatible engines from a library; null where there is none.
inline nvinfer1::IRuntime* load_lean_runtime([[maybe_unused]] nvinfer1::IRuntime& runtime,
                                             [[maybe_unused]] const char* path) {
#if POLYGRAPH_TENSORRT >= 806
  return runtime.loadRuntime(path);
#else
  return nullptr;
#endif
}

/// Lets a runtime load engines that bring a runtime of their own: version-compatible ones.
inline void allow_host_code([[maybe_unused]] nvinfer1::IRuntime& runtime) {
#if POLYGRAPH_TENSORRT >= 806
  runtime.setEngineHostCodeAllowed(true);
#endif
}

/// The input whose memory an output has to be written to; null if that is free.
inline const char* aliased_input([[maybe_unused]] const nvinfer1::ICudaEngine& engine,
                                 [[maybe_unused]] const char* output) {
#if POLYGRAPH_TENSORRT >= 1015
  return engine.getAliasedInputTensor(output);
#else
  return nullptr;
#endif
}

inline nvinfer1::IExecutionContext* make_context(nvinfer1::ICudaEngine& engine, AllocationStrategy strategy) {
#if POLYGRAPH_TENSORRT >= 1000
  return engine.createExecutionContext(strategy == AllocationStrategy::static_
                                           ? nvinfer1::ExecutionContextAllocationStrategy::kSTATIC
                                           : nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED);
#else
  return strategy == AllocationStrategy::static_ ? engine.createExecutionContext()
                                                 : engine.createExecutionContextWithoutDeviceMemory();
#endif
}

/// Bytes that a context needs for all shapes of a profile.
inline std::int64_t device_memory_of_profile(const nvinfer1::ICudaEngine& engine,
                                             [[maybe_unused]] int profile) {
#if POLYGRAPH_TENSORRT >= 1001
  return engine.getDeviceMemorySizeForProfileV2(profile);
#else
  return static_cast<std::int64_t>(engine.getDeviceMemorySize());  // of all profiles
#endif
}

/// Bytes that a context needs for the shapes that are set.
inline std::int64_t device_memory_of_shapes([[maybe_unused]] nvinfer1::IExecutionContext& context,
                                            [[maybe_unused]] const nvinfer1::ICudaEngine& engine,
                                            [[maybe_unused]] int profile) {
#if POLYGRAPH_TENSORRT >= 1000
  return static_cast<std::int64_t>(context.updateDeviceMemorySizeForShapes());
#else
  return device_memory_of_profile(engine, profile);
#endif
}

inline void set_device_memory(nvinfer1::IExecutionContext& context, void* memory,
                              [[maybe_unused]] std::int64_t size) {
#if POLYGRAPH_TENSORRT >= 1001
  context.setDeviceMemoryV2(memory, size);
#else
  context.setDeviceMemory(memory);
#endif
}

/// The `count` values that a shape tensor may have in a profile; empty if it has none.
inline std::vector<std::int64_t> profile_values(const nvinfer1::ICudaEngine& engine, const char* name,
                                                int profile, nvinfer1::OptProfileSelector selector,
                                                std::size_t count) {
#if POLYGRAPH_TENSORRT >= 1011
  const std::int64_t* const values = engine.getProfileTensorValuesV2(name, profile, selector);
#elif POLYGRAPH_TENSORRT >= 1000
  const std::int32_t* const values = engine.getProfileTensorValues(name, profile, selector);
#else
  const std::int32_t* const values =
      engine.getProfileShapeValues(profile, engine.getBindingIndex(name), selector);
#endif
  if (values == nullptr) return {};
  return {values, values + count};
}

/// Sets how many bytes of the weights stay on the GPU; false if this version cannot or does not.
inline bool set_weight_streaming_budget([[maybe_unused]] nvinfer1::ICudaEngine& engine,
                                        [[maybe_unused]] const WeightBudget& budget) {
#if POLYGRAPH_TENSORRT >= 1001
  std::int64_t bytes = budget.bytes;
  if (budget.percent)
    bytes = static_cast<std::int64_t>(static_cast<double>(engine.getStreamableWeightsSize()) *
                                      *budget.percent / 100);
  else if (bytes == -2)
    bytes = engine.getStreamableWeightsSize();
  else if (bytes == -1)
    bytes = engine.getWeightStreamingAutomaticBudget();
  return engine.setWeightStreamingBudgetV2(bytes) && engine.getWeightStreamingBudgetV2() == bytes;
#else
  return false;
#endif
}

}  // namespace polygraph::trt
