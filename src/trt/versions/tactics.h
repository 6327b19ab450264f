#pragma once

#include <NvInfer.h>
#include <polygraph/core/tactic_replay.h>
#include <polygraph/trt/objects.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hexadecimal.h"
#include "trt/versions/types.h"
#include "trt/versions/version.h"

// How an application learns and says which tactics TensorRT takes: by an algorithm selector up to TensorRT
// 10, by an editable timing cache from 11 on.

namespace polygraph::trt {

/// Whether tactics are entries of an editable timing cache.
inline constexpr bool has_editable_timing_cache =
    POLYGRAPH_TENSORRT >= 1100 && flavour != Flavour::tensorrt_rtx;
/// Whether an algorithm selector is asked for them.
inline constexpr bool has_algorithm_selector = POLYGRAPH_TENSORRT < 1100;

/// What TensorRT asks and tells while it chooses algorithms.
class AlgorithmSelection {
 public:
  virtual ~AlgorithmSelection() = default;
  /// @return  The indices of those of `choices` that TensorRT may take; none: the build is to fail.
  virtual std::vector<std::int32_t> select(const std::string& layer,
                                           const std::vector<Algorithm>& choices) noexcept = 0;
  /// What TensorRT took.
  virtual void report(const std::string& layer, Algorithm taken) noexcept = 0;
};

#if POLYGRAPH_TENSORRT < 1100
/// A type as Python prints it.
inline std::string python_type_name(nvinfer1::DataType type) {
  constexpr std::pair<DataType, const char*> names[] = {
      {DataType::float32, "FLOAT"}, {DataType::float16, "HALF"},    {DataType::int8, "INT8"},
      {DataType::int32, "INT32"},   {DataType::boolean, "BOOL"},    {DataType::uint8, "UINT8"},
      {DataType::bfloat16, "BF16"}, {DataType::int64, "INT64"},     {DataType::int4, "INT4"},
      {DataType::float4, "FP4"},    {DataType::float8e4m3fn, "FP8"}};
  const std::optional<DataType> ours = to_data_type(type);
  for (const auto& [dtype, name] : names)
    if (ours == dtype) return std::string("DataType.") + name;
  return "DataType." + std::to_string(static_cast<int>(type));
}

inline AlgorithmIo algorithm_io(const nvinfer1::IAlgorithmIOInfo& native) {
  AlgorithmIo io{.dtype = python_type_name(native.getDataType()), .strides = to_vector(native.getStrides())};
#if POLYGRAPH_TENSORRT >= 806
  io.vectorized_dim = native.getVectorizedDim();
  io.components_per_element = native.getComponentsPerElement();
#endif
  return io;
}

inline Algorithm algorithm_of(const nvinfer1::IAlgorithmContext& context,
                              const nvinfer1::IAlgorithm& native) {
  Algorithm algorithm{.implementation = native.getAlgorithmVariant().getImplementation(),
                      .tactic = native.getAlgorithmVariant().getTactic()};
  const std::int32_t inputs = context.getNbInputs();
  for (std::int32_t i = 0; i < inputs + context.getNbOutputs(); ++i)
    if (const nvinfer1::IAlgorithmIOInfo* const io = native.getAlgorithmIOInfoByIndex(i))
      (i < inputs ? algorithm.inputs : algorithm.outputs).push_back(algorithm_io(*io));
  return algorithm;
}

/// Passes on what TensorRT asks and tells.
class NativeAlgorithmSelector final : public nvinfer1::IAlgorithmSelector {
 public:
  explicit NativeAlgorithmSelector(AlgorithmSelection& selection) : selection_(selection) {}

  std::int32_t selectAlgorithms(const nvinfer1::IAlgorithmContext& context,
                                const nvinfer1::IAlgorithm* const* choices, std::int32_t count,
                                std::int32_t* selected) noexcept override {
    std::vector<Algorithm> ours;
    for (std::int32_t i = 0; i < count; ++i) ours.push_back(algorithm_of(context, *choices[i]));
    const std::vector<std::int32_t> taken = selection_.select(context.getName(), ours);
    std::copy(taken.begin(), taken.end(), selected);
    return static_cast<std::int32_t>(taken.size());
  }
  void reportAlgorithms(const nvinfer1::IAlgorithmContext* const* contexts,
                        const nvinfer1::IAlgorithm* const* taken, std::int32_t count) noexcept override {
    for (std::int32_t i = 0; i < count; ++i)
      selection_.report(contexts[i]->getName(), algorithm_of(*contexts[i], *taken[i]));
  }

 private:
  AlgorithmSelection& selection_;
};
#endif

/// Has TensorRT ask the selection, and fail where it selects nothing; null if this version has no selectors.
/// @return  TensorRT's selector, which has to live until the engine is built, as has `selection`.
inline std::shared_ptr<void> set_algorithm_selection([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                                     [[maybe_unused]] AlgorithmSelection& selection) {
#if POLYGRAPH_TENSORRT < 1100
  auto selector = std::make_shared<NativeAlgorithmSelector>(selection);
  config.setAlgorithmSelector(selector.get());
  config.setFlag(nvinfer1::BuilderFlag::kREJECT_EMPTY_ALGORITHMS);
  return selector;
#else
  return nullptr;
#endif
}

/// Lets the timing cache's entries be read and set, and TensorRT fail rather than time what is not in it if
/// `complete`. Nothing before TensorRT 11.
inline void make_timing_cache_editable([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                       [[maybe_unused]] bool complete) {
#if POLYGRAPH_TENSORRT >= 1100
  config.setFlag(nvinfer1::BuilderFlag::kEDITABLE_TIMING_CACHE);
  config.setFlag(nvinfer1::BuilderFlag::kDISABLE_COMPILATION_CACHE);
  if (complete) config.setFlag(nvinfer1::BuilderFlag::kERROR_ON_TIMING_CACHE_MISS);
#endif
}

/// The key of an entry of a timing cache, as TensorRT writes it: `0x` and 32 hexadecimal digits; and the hash
/// of its tactic.
struct TacticOfKey {
  std::string key;
  std::uint64_t tactic = 0;
};

#if POLYGRAPH_TENSORRT >= 1100
inline std::string text_of_key(const nvinfer1::TimingCacheKey& key) {
  return "0x" + to_hexadecimal(std::as_bytes(std::span(key.data)));
}

/// Nullopt for text of another form.
inline std::optional<nvinfer1::TimingCacheKey> parse_key(std::string_view text) {
  nvinfer1::TimingCacheKey key{};
  if (!text.starts_with("0x") ||
      !from_hexadecimal(text.substr(2), std::as_writable_bytes(std::span(key.data))))
    return std::nullopt;
  return key;
}

inline std::vector<nvinfer1::TimingCacheKey> keys_of(const nvinfer1::ITimingCache& cache) {
  std::vector<nvinfer1::TimingCacheKey> keys(
      static_cast<std::size_t>(std::max<std::int64_t>(cache.queryKeys(nullptr, 0), 0)));
  const std::int64_t count = cache.queryKeys(keys.data(), static_cast<std::int64_t>(keys.size()));
  keys.resize(std::min(keys.size(), static_cast<std::size_t>(std::max<std::int64_t>(count, 0))));
  return keys;
}
#endif

/// The tactics of an editable timing cache, by key; none before TensorRT 11.
inline std::vector<TacticOfKey> tactics_of([[maybe_unused]] const nvinfer1::ITimingCache& cache) {
  std::vector<TacticOfKey> tactics;
#if POLYGRAPH_TENSORRT >= 1100
  for (const nvinfer1::TimingCacheKey& key : keys_of(cache))
    tactics.push_back({text_of_key(key), cache.query(key).tacticHash});
  std::ranges::sort(tactics, {}, &TacticOfKey::key);
#endif
  return tactics;
}

/// Sets the tactic of an entry; false if there is no such entry, or TensorRT refuses.
inline bool set_tactic([[maybe_unused]] nvinfer1::ITimingCache& cache,
                       [[maybe_unused]] const TacticOfKey& tactic) {
#if POLYGRAPH_TENSORRT >= 1100
  const auto key = parse_key(tactic.key);
  return key && cache.update(*key, {tactic.tactic, cache.query(*key).timingMSec});
#else
  return false;
#endif
}

}  // namespace polygraph::trt
