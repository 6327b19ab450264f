#pragma once

#include <NvInfer.h>
#include <polygraph/core/data_type.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "trt/versions/version.h"

// TensorRT's types and shapes, and ours.

namespace polygraph::trt {

/// TensorRT's types and ours, of which both have one another.
inline std::span<const std::pair<nvinfer1::DataType, DataType>> shared_types() {
  static constexpr std::pair<nvinfer1::DataType, DataType> list[] = {
    {nvinfer1::DataType::kFLOAT, DataType::float32},
    {nvinfer1::DataType::kHALF, DataType::float16},
    {nvinfer1::DataType::kINT8, DataType::int8},
    {nvinfer1::DataType::kINT32, DataType::int32},
    {nvinfer1::DataType::kBOOL, DataType::boolean},
    {nvinfer1::DataType::kUINT8, DataType::uint8},
#if POLYGRAPH_TENSORRT >= 806
    {nvinfer1::DataType::kFP8, DataType::float8e4m3fn},
#endif
#if POLYGRAPH_TENSORRT >= 1000
    {nvinfer1::DataType::kBF16, DataType::bfloat16},
    {nvinfer1::DataType::kINT64, DataType::int64},
    {nvinfer1::DataType::kINT4, DataType::int4},
#endif
#if POLYGRAPH_TENSORRT >= 1008
    {nvinfer1::DataType::kFP4, DataType::float4},
#endif
#if POLYGRAPH_TENSORRT >= 1012
    {nvinfer1::DataType::kE8M0, DataType::float8e8m0},
#endif
  };
  return list;
}

/// TensorRT's type for ours; nullopt for those that it lacks.
inline std::optional<nvinfer1::DataType> to_native_type(DataType dtype) {
  for (const auto& [native, ours] : shared_types())
    if (ours == dtype) return native;
  return std::nullopt;
}

/// Our type for TensorRT's; nullopt for those that we lack.
inline std::optional<DataType> to_data_type(nvinfer1::DataType type) {
  for (const auto& [native, ours] : shared_types())
    if (native == type) return ours;
  return std::nullopt;
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

}  // namespace polygraph::trt
