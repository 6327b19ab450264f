#pragma once

#include <NvInfer.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/shape.h>
#include <polygraph/trt/runner.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// Where TensorRT's headers differ from version to version in what runs engines: the `#if`s of that part.

namespace polygraph::trt {

/// Our type for TensorRT's; nullopt for those that we lack.
inline std::optional<DataType> to_data_type(nvinfer1::DataType type) {
  switch (type) {
    case nvinfer1::DataType::kFLOAT:
      return DataType::float32;
    case nvinfer1::DataType::kHALF:
      return DataType::float16;
    case nvinfer1::DataType::kINT8:
      return DataType::int8;
    case nvinfer1::DataType::kINT32:
      return DataType::int32;
    case nvinfer1::DataType::kBOOL:
      return DataType::boolean;
    case nvinfer1::DataType::kUINT8:
      return DataType::uint8;
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
    case nvinfer1::DataType::kFP8:
      return DataType::float8e4m3fn;
#endif
#if NV_TENSORRT_MAJOR >= 10
    case nvinfer1::DataType::kBF16:
      return DataType::bfloat16;
    case nvinfer1::DataType::kINT64:
      return DataType::int64;
    case nvinfer1::DataType::kINT4:
      return DataType::int4;
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 8)
    case nvinfer1::DataType::kFP4:
      return DataType::float4;
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 12)
    case nvinfer1::DataType::kE8M0:
      return DataType::float8e8m0;
#endif
    default:
      return std::nullopt;
  }
}

inline std::vector<std::int64_t> to_vector(const nvinfer1::Dims& dims) {
  return {dims.d, dims.d + std::max(dims.nbDims, 0)};
}

inline nvinfer1::Dims to_dims(std::span<const std::int64_t> values) {
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<std::int32_t>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) dims.d[i] = static_cast<decltype(dims.d[0] + 0)>(values[i]);
  return dims;
}

inline nvinfer1::IExecutionContext* make_context(nvinfer1::ICudaEngine& engine, AllocationStrategy strategy) {
#if NV_TENSORRT_MAJOR >= 10
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
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 1)
  return engine.getDeviceMemorySizeForProfileV2(profile);
#else
  return static_cast<std::int64_t>(engine.getDeviceMemorySize());  // of all profiles
#endif
}

/// Bytes that a context needs for the shapes that are set.
inline std::int64_t device_memory_of_shapes([[maybe_unused]] nvinfer1::IExecutionContext& context,
                                            [[maybe_unused]] const nvinfer1::ICudaEngine& engine,
                                            [[maybe_unused]] int profile) {
#if NV_TENSORRT_MAJOR >= 10
  return static_cast<std::int64_t>(context.updateDeviceMemorySizeForShapes());
#else
  return device_memory_of_profile(engine, profile);
#endif
}

inline void set_device_memory(nvinfer1::IExecutionContext& context, void* memory,
                              [[maybe_unused]] std::int64_t size) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 1)
  context.setDeviceMemoryV2(memory, size);
#else
  context.setDeviceMemory(memory);
#endif
}

/// The `count` values that a shape tensor may have in a profile; empty if it has none.
inline std::vector<std::int64_t> profile_values(const nvinfer1::ICudaEngine& engine, const char* name,
                                                int profile, nvinfer1::OptProfileSelector selector,
                                                std::size_t count) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 11)
  const std::int64_t* const values = engine.getProfileTensorValuesV2(name, profile, selector);
#elif NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
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
                                        [[maybe_unused]] std::int64_t budget) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 1)
  const std::int64_t bytes = budget == -2   ? engine.getStreamableWeightsSize()
                             : budget == -1 ? engine.getWeightStreamingAutomaticBudget()
                                            : budget;
  return engine.setWeightStreamingBudgetV2(bytes) && engine.getWeightStreamingBudgetV2() == bytes;
#else
  return false;
#endif
}

}  // namespace polygraph::trt
