#pragma once

#include <NvInfer.h>
#include <NvInferVersion.h>
#include <NvOnnxParser.h>
#include <polygraph/core/data_type.h>
#include <polygraph/trt/objects.h>
#include <polygraph/trt/runner.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trt/calibration.h"

// Where TensorRT's headers differ from version to version: all `#if`s of this room.

namespace polygraph::trt {

/// Whether every network is strongly typed, so that there are no flags for precisions.
inline constexpr bool strongly_typed_only = NV_TENSORRT_MAJOR >= 11;

/// As `getInferLibVersion()` counts.
constexpr int version_number(int major, int minor, int patch) {
  return major < 10 && flavour == Flavour::tensorrt ? major * 1000 + minor * 100 + patch
                                                    : major * 10000 + minor * 100 + patch;
}

/// Whether a network without open dimensions needs an optimization profile, too: TensorRT 8.5 does not build
/// those with outputs of which the size depends on the data otherwise.
constexpr bool always_needs_profile() {
  return NV_TENSORRT_MAJOR < 10 && flavour == Flavour::tensorrt;
}

#if NV_TENSORRT_MAJOR < 11
/// Passes on what TensorRT asks its calibrator.
template <class Base>
class NativeCalibrator : public Base {
 public:
  explicit NativeCalibrator(Calibration& calibration) : calibration_(calibration) {}
  std::int32_t getBatchSize() const noexcept override { return 1; }  // networks have no implicit batch
  bool getBatch(void* addresses[], const char* names[], std::int32_t count) noexcept override {
    return calibration_.next(addresses, names, count);
  }
  const void* readCalibrationCache(std::size_t& size) noexcept override {
    size = calibration_.cache().size();
    return size == 0 ? nullptr : calibration_.cache().data();
  }
  void writeCalibrationCache(const void* data, std::size_t size) noexcept override {
    calibration_.write_cache({static_cast<const std::byte*>(data), size});
  }

 protected:
  const CalibratorOptions& options() const { return calibration_.options(); }

 private:
  Calibration& calibration_;
};

class NativeLegacyCalibrator final : public NativeCalibrator<nvinfer1::IInt8LegacyCalibrator> {
 public:
  using NativeCalibrator::NativeCalibrator;
  double getQuantile() const noexcept override { return options().quantile.value_or(0.5); }
  double getRegressionCutoff() const noexcept override { return options().regression_cutoff.value_or(0.5); }
  const void* readHistogramCache(std::size_t& size) noexcept override {
    size = 0;
    return nullptr;
  }
  void writeHistogramCache(const void* /*data*/, std::size_t /*size*/) noexcept override {}
};

inline std::shared_ptr<nvinfer1::IInt8Calibrator> make_native_calibrator(Calibration& calibration) {
  switch (calibration.options().base_class) {
    case CalibrationBaseClass::IInt8MinMaxCalibrator:
      return std::make_shared<NativeCalibrator<nvinfer1::IInt8MinMaxCalibrator>>(calibration);
    case CalibrationBaseClass::IInt8EntropyCalibrator:
      return std::make_shared<NativeCalibrator<nvinfer1::IInt8EntropyCalibrator>>(calibration);
    case CalibrationBaseClass::IInt8LegacyCalibrator:
      return std::make_shared<NativeLegacyCalibrator>(calibration);
    case CalibrationBaseClass::IInt8EntropyCalibrator2:
      break;
  }
  return std::make_shared<NativeCalibrator<nvinfer1::IInt8EntropyCalibrator2>>(calibration);
}
#endif

/// Has the configuration calibrate, with the shapes that the profile, if there is one, is tuned for; null if
/// this version does not calibrate.
/// @return  TensorRT's calibrator, which has to live until the engine is built, as has `calibration`.
inline std::shared_ptr<void> set_calibrator([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                            [[maybe_unused]] Calibration& calibration,
                                            [[maybe_unused]] const nvinfer1::IOptimizationProfile* profile) {
#if NV_TENSORRT_MAJOR < 11
  auto made = make_native_calibrator(calibration);
  config.setInt8Calibrator(made.get());
  if (profile != nullptr && !config.setCalibrationProfile(profile)) return nullptr;
  return made;
#else
  return nullptr;
#endif
}

/// In the first optimization profile.
inline nvinfer1::TensorFormat tensor_format(const nvinfer1::ICudaEngine& engine, const char* name) {
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
  return engine.getTensorFormat(name, 0);
#else
  return engine.getTensorFormat(name);
#endif
}

/// The text of such a number, and whose it is: `TensorRT 8.5.3`, `TensorRT-RTX 1.6.1`.
std::string describe_version(int number);
/// Its text alone: `8.5.3`.
std::string version_text(int number);

/// The versions of the library that these headers fit: [first, last].
struct VersionRange {
  int first;
  int last;
};
inline constexpr VersionRange fitting_versions =
    flavour == Flavour::tensorrt_rtx
        // The tables of functions were looked at in this version.
        ? VersionRange{version_number(1, 6, 0), version_number(1, 6, 99)}
        // Within a major version functions are only ever added.
        : VersionRange{version_number(NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, 0),
                       version_number(NV_TENSORRT_MAJOR, NV_TENSORRT_MAJOR < 10 ? 9 : 99, 99)};

/// The number in the library's file name: `libnvinfer.so.11`.
inline constexpr int library_major = flavour == Flavour::tensorrt_rtx ? 1 : NV_TENSORRT_MAJOR;

inline nvinfer1::INetworkDefinition* create_native_network(nvinfer1::IBuilder& builder, bool strongly_typed) {
  nvinfer1::NetworkDefinitionCreationFlags flags = 0;
#if NV_TENSORRT_MAJOR < 10
  flags |= 1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#endif
#if NV_TENSORRT_MAJOR == 10
  if (strongly_typed)
    flags |= 1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#else
  static_cast<void>(strongly_typed);
#endif
  return builder.createNetworkV2(flags);
}

/// What one of TensorRT's values is called by users.
template <class E>
struct Named {
  std::string_view name;
  E value;
};

/// The value of that name; nullopt if this version lacks it.
template <class E>
std::optional<E> named_value(std::span<const Named<E>> values, std::string_view name) {
  for (const Named<E>& value : values)
    if (value.name == name) return value.value;
  return std::nullopt;
}

/// The builder flags, by the fields of ConfigOptions that set them.
inline std::span<const Named<nvinfer1::BuilderFlag>> builder_flags() {
  using F = nvinfer1::BuilderFlag;
  static constexpr Named<F> flags[] = {
    {"tf32", F::kTF32},
    {"sparse_weights", F::kSPARSE_WEIGHTS},
    {"refittable", F::kREFIT},
    {"direct_io", F::kDIRECT_IO},
    {"trt_safety_restricted", F::kSAFETY_SCOPE},
    {"allow_gpu_fallback", F::kGPU_FALLBACK},
#if NV_TENSORRT_MAJOR < 11
    {"fp16", F::kFP16},
    {"int8", F::kINT8},
    {"obey", F::kOBEY_PRECISION_CONSTRAINTS},
    {"prefer", F::kPREFER_PRECISION_CONSTRAINTS},
#endif
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
    {"version_compatible", F::kVERSION_COMPATIBLE},
    {"exclude_lean_runtime", F::kEXCLUDE_LEAN_RUNTIME},
#if NV_TENSORRT_MAJOR < 11
    {"fp8", F::kFP8},
#endif
#endif
#if NV_TENSORRT_MAJOR >= 10
#if NV_TENSORRT_MAJOR < 11
    {"bf16", F::kBF16},
#endif
    {"strip_plan", F::kSTRIP_PLAN},
    {"weight_streaming", F::kWEIGHT_STREAMING},
    {"error_on_timing_cache_miss", F::kERROR_ON_TIMING_CACHE_MISS},
    {"disable_compilation_cache", F::kDISABLE_COMPILATION_CACHE},
#endif
  };
  return flags;
}

inline std::span<const Named<nvinfer1::MemoryPoolType>> memory_pools() {
  using P = nvinfer1::MemoryPoolType;
  static constexpr Named<P> pools[] = {
    {"workspace", P::kWORKSPACE},
    {"dla_managed_sram", P::kDLA_MANAGED_SRAM},
    {"dla_local_dram", P::kDLA_LOCAL_DRAM},
    {"dla_global_dram", P::kDLA_GLOBAL_DRAM},
#if NV_TENSORRT_MAJOR >= 10
    {"tactic_dram", P::kTACTIC_DRAM},
    {"tactic_shared_memory", P::kTACTIC_SHARED_MEMORY},
#endif
  };
  return pools;
}

inline std::span<const Named<nvinfer1::TacticSource>> tactic_sources() {
  using S = nvinfer1::TacticSource;
  static constexpr Named<S> sources[] = {
#if NV_TENSORRT_MAJOR < 11
    {"cublas", S::kCUBLAS},
    {"cublas_lt", S::kCUBLAS_LT},
    {"cudnn", S::kCUDNN},
#endif
    {"edge_mask_convolutions", S::kEDGE_MASK_CONVOLUTIONS},
    {"jit_convolutions", S::kJIT_CONVOLUTIONS},
  };
  return sources;
}

inline std::span<const Named<nvinfer1::PreviewFeature>> preview_features() {
  using P = nvinfer1::PreviewFeature;
  static constexpr Named<P> features[] = {
#if NV_TENSORRT_MAJOR < 10
    {"faster_dynamic_shapes_0805", P::kFASTER_DYNAMIC_SHAPES_0805},
    {"disable_external_tactic_sources_for_core_0805", P::kDISABLE_EXTERNAL_TACTIC_SOURCES_FOR_CORE_0805},
#else
#if NV_TENSORRT_MAJOR < 11
    {"profile_sharing_0806", P::kPROFILE_SHARING_0806},
#endif
    {"aliased_plugin_io_10_03", P::kALIASED_PLUGIN_IO_10_03},
#if NV_TENSORRT_MAJOR > 10 || NV_TENSORRT_MINOR >= 10
    {"runtime_activation_resize_10_10", P::kRUNTIME_ACTIVATION_RESIZE_10_10},
#endif
#endif
  };
  return features;
}

inline std::span<const Named<nvinfer1::TensorFormat>> tensor_formats() {
  using F = nvinfer1::TensorFormat;
  static constexpr Named<F> formats[] = {
    {"linear", F::kLINEAR},
    {"chw2", F::kCHW2},
    {"hwc8", F::kHWC8},
    {"chw4", F::kCHW4},
    {"chw16", F::kCHW16},
    {"chw32", F::kCHW32},
    {"dhwc8", F::kDHWC8},
    {"cdhw32", F::kCDHW32},
    {"hwc", F::kHWC},
    {"dla_linear", F::kDLA_LINEAR},
    {"dla_hwc4", F::kDLA_HWC4},
    {"hwc16", F::kHWC16},
#if NV_TENSORRT_MAJOR >= 10
    {"dhwc", F::kDHWC},
#endif
  };
  return formats;
}

/// Sets the flags of quantization; false if this version has none.
inline bool set_quantization_flags([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                   [[maybe_unused]] bool calibrate_before_fusion) {
#if NV_TENSORRT_MAJOR < 11
  config.setQuantizationFlags(calibrate_before_fusion ? 1U : 0U);
  return true;
#else
  return false;
#endif
}

/// The kinds of layers by name.
inline std::span<const Named<nvinfer1::LayerType>> layer_types() {
  using L = nvinfer1::LayerType;
  static constexpr Named<L> types[] = {
    {"CONVOLUTION", L::kCONVOLUTION},
    {"ACTIVATION", L::kACTIVATION},
    {"POOLING", L::kPOOLING},
    {"LRN", L::kLRN},
    {"SCALE", L::kSCALE},
    {"SOFTMAX", L::kSOFTMAX},
    {"DECONVOLUTION", L::kDECONVOLUTION},
    {"CONCATENATION", L::kCONCATENATION},
    {"ELEMENTWISE", L::kELEMENTWISE},
    {"PLUGIN", L::kPLUGIN},
    {"UNARY", L::kUNARY},
    {"PADDING", L::kPADDING},
    {"SHUFFLE", L::kSHUFFLE},
    {"REDUCE", L::kREDUCE},
    {"TOPK", L::kTOPK},
    {"GATHER", L::kGATHER},
    {"MATRIX_MULTIPLY", L::kMATRIX_MULTIPLY},
    {"RAGGED_SOFTMAX", L::kRAGGED_SOFTMAX},
    {"CONSTANT", L::kCONSTANT},
    {"IDENTITY", L::kIDENTITY},
    {"PLUGIN_V2", L::kPLUGIN_V2},
    {"SLICE", L::kSLICE},
    {"SHAPE", L::kSHAPE},
    {"PARAMETRIC_RELU", L::kPARAMETRIC_RELU},
    {"RESIZE", L::kRESIZE},
    {"TRIP_LIMIT", L::kTRIP_LIMIT},
    {"RECURRENCE", L::kRECURRENCE},
    {"ITERATOR", L::kITERATOR},
    {"LOOP_OUTPUT", L::kLOOP_OUTPUT},
    {"SELECT", L::kSELECT},
    {"FILL", L::kFILL},
    {"QUANTIZE", L::kQUANTIZE},
    {"DEQUANTIZE", L::kDEQUANTIZE},
    {"CONDITION", L::kCONDITION},
    {"CONDITIONAL_INPUT", L::kCONDITIONAL_INPUT},
    {"CONDITIONAL_OUTPUT", L::kCONDITIONAL_OUTPUT},
    {"SCATTER", L::kSCATTER},
    {"EINSUM", L::kEINSUM},
    {"ASSERTION", L::kASSERTION},
    {"ONE_HOT", L::kONE_HOT},
    {"NON_ZERO", L::kNON_ZERO},
    {"GRID_SAMPLE", L::kGRID_SAMPLE},
    {"NMS", L::kNMS},
#if NV_TENSORRT_MAJOR >= 10
    {"CAST", L::kCAST},
    {"REVERSE_SEQUENCE", L::kREVERSE_SEQUENCE},
    {"NORMALIZATION", L::kNORMALIZATION},
    {"PLUGIN_V3", L::kPLUGIN_V3},
    {"SQUEEZE", L::kSQUEEZE},
    {"UNSQUEEZE", L::kUNSQUEEZE},
    {"CUMULATIVE", L::kCUMULATIVE},
    {"DYNAMIC_QUANTIZE", L::kDYNAMIC_QUANTIZE},
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16)
    {"ATTENTION_INPUT", L::kATTENTION_INPUT},
    {"ATTENTION_OUTPUT", L::kATTENTION_OUTPUT},
#endif
#if NV_TENSORRT_MAJOR >= 11
    {"ROTARY_EMBEDDING", L::kROTARY_EMBEDDING},
    {"KVCACHE_UPDATE", L::kKVCACHE_UPDATE},
    {"MOE", L::kMOE},
    {"DIST_COLLECTIVE", L::kDIST_COLLECTIVE},
#endif
#if NV_TENSORRT_MAJOR < 10
    {"FULLY_CONNECTED", L::kFULLY_CONNECTED},
#endif
  };
  return types;
}

/// Sets what only newer versions have; false if this one lacks it.
inline bool set_builder_optimization_level([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                           [[maybe_unused]] int level) {
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
  config.setBuilderOptimizationLevel(level);
  return true;
#else
  return false;
#endif
}

inline bool set_max_aux_streams([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                [[maybe_unused]] int streams) {
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
  config.setMaxAuxStreams(streams);
  return true;
#else
  return false;
#endif
}

inline bool set_hardware_compatibility([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                       [[maybe_unused]] HardwareCompatibilityLevel level) {
#if NV_TENSORRT_MAJOR >= 10
  config.setHardwareCompatibilityLevel(static_cast<nvinfer1::HardwareCompatibilityLevel>(level));
  return true;
#else
  return false;
#endif
}

inline bool set_runtime_platform([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                 [[maybe_unused]] RuntimePlatform platform) {
#if NV_TENSORRT_MAJOR >= 10
  config.setRuntimePlatform(static_cast<nvinfer1::RuntimePlatform>(platform));
  return true;
#else
  return false;
#endif
}

inline bool set_tiling_optimization([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                    [[maybe_unused]] TilingOptimizationLevel level) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 8)
  return config.setTilingOptimizationLevel(static_cast<nvinfer1::TilingOptimizationLevel>(level));
#else
  return false;
#endif
}

inline bool mark_debug_tensor([[maybe_unused]] nvinfer1::INetworkDefinition& network,
                              [[maybe_unused]] nvinfer1::ITensor& tensor) {
#if NV_TENSORRT_MAJOR >= 10
  return network.markDebug(tensor);
#else
  return false;
#endif
}

/// Marks every tensor that no kernel keeps to itself; false if this version cannot.
inline bool mark_unfused_tensors([[maybe_unused]] nvinfer1::INetworkDefinition& network) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16)
  return network.markUnfusedTensorsAsDebugTensors();
#else
  return false;
#endif
}

inline bool is_debug_tensor([[maybe_unused]] const nvinfer1::ICudaEngine& engine,
                            [[maybe_unused]] const char* name) {
#if NV_TENSORRT_MAJOR >= 10
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
#if NV_TENSORRT_MAJOR >= 10
    : nvinfer1::IDebugListener {
 public:
  explicit DebugListener(DebugTensorSink& sink) : sink_(sink) {}
  /// False if this version has no debug tensors.
  bool listen(nvinfer1::IExecutionContext& context) {
    bool done = context.setDebugListener(this) && context.setAllTensorsDebugState(true);
#if NV_TENSORRT_MAJOR > 10 || NV_TENSORRT_MINOR >= 16
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

/// Sets a type that TensorRT is to choose for a layer or a tensor; false where types are part of the network.
inline bool set_layer_precision([[maybe_unused]] nvinfer1::ILayer& layer,
                                [[maybe_unused]] nvinfer1::DataType type) {
#if NV_TENSORRT_MAJOR < 11
  layer.setPrecision(type);
  return true;
#else
  return false;
#endif
}

inline bool set_tensor_type([[maybe_unused]] nvinfer1::ITensor& tensor,
                            [[maybe_unused]] nvinfer1::DataType type) {
#if NV_TENSORRT_MAJOR < 11
  tensor.setType(type);
  return true;
#else
  return false;
#endif
}

/// A layer that converts to a type.
inline nvinfer1::ILayer* add_cast(nvinfer1::INetworkDefinition& network, nvinfer1::ITensor& tensor,
                                  nvinfer1::DataType type) {
#if NV_TENSORRT_MAJOR >= 10
  return network.addCast(tensor, type);
#else
  nvinfer1::ILayer* const layer = network.addIdentity(tensor);
  if (layer != nullptr) layer->setOutputType(0, type);
  return layer;
#endif
}

/// Adds the attributes of a layer of a kind that only newer versions have, to something with `add(name, value)`
/// and `add_axes(name, mask)`.
template <class Attributes>
void add_newer_attributes([[maybe_unused]] Attributes& to, [[maybe_unused]] nvinfer1::ILayer& any) {
#if NV_TENSORRT_MAJOR >= 10
  using namespace nvinfer1;
  if (any.getType() == LayerType::kCAST) to.add("to_type", static_cast<ICastLayer&>(any).getToType());
  if (any.getType() == LayerType::kREVERSE_SEQUENCE) {
    const auto& layer = static_cast<IReverseSequenceLayer&>(any);
    to.add("batch_axis", std::int64_t{layer.getBatchAxis()});
    to.add("sequence_axis", std::int64_t{layer.getSequenceAxis()});
  }
  if (any.getType() == LayerType::kNORMALIZATION) {
    const auto& layer = static_cast<INormalizationLayer&>(any);
    to.add("epsilon", layer.getEpsilon());
    to.add_axes("axes", layer.getAxes());
    to.add("num_groups", std::int64_t{layer.getNbGroups()});
  }
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16)
  if (any.getType() == LayerType::kATTENTION_INPUT)
    to.add("decomposable", std::int64_t{static_cast<IAttentionInputLayer&>(any).getAttention()->getDecomposable()});
#endif
}

/// Whether this version has layers of attention (IAttention).
inline constexpr bool has_attention = NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16);

/// If the layer begins an attention, allows TensorRT to compute it by several kernels.
/// Returns false if TensorRT refuses.
inline bool set_decomposable([[maybe_unused]] nvinfer1::ILayer& layer) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16)
  if (layer.getType() != nvinfer1::LayerType::kATTENTION_INPUT) return true;
  return static_cast<nvinfer1::IAttentionInputLayer&>(layer).getAttention()->setDecomposable(true);
#else
  return true;
#endif
}

/// The values that a shape tensor may have. 32 bits before TensorRT 10.11.
inline bool set_shape_values(nvinfer1::IOptimizationProfile& profile, const char* name,
                             nvinfer1::OptProfileSelector selector, std::span<const std::int64_t> values) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 11)
  return profile.setShapeValuesV2(name, selector, values.data(), static_cast<int>(values.size()));
#else
  const std::vector<std::int32_t> narrow(values.begin(), values.end());
  return profile.setShapeValues(name, selector, narrow.data(), static_cast<int>(narrow.size()));
#endif
}

/// A runtime for version-compatible engines from a library; null where there is none.
inline nvinfer1::IRuntime* load_lean_runtime([[maybe_unused]] nvinfer1::IRuntime& runtime,
                                             [[maybe_unused]] const char* path) {
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
  return runtime.loadRuntime(path);
#else
  return nullptr;
#endif
}

/// Sets the parser's flags; false if this version's parser has none.
inline bool set_parser_flags([[maybe_unused]] nvonnxparser::IParser& parser,
                             [[maybe_unused]] std::uint32_t flags) {
#if NV_TENSORRT_MAJOR >= 10
  parser.setFlags(flags);
  return true;
#else
  return false;
#endif
}
inline std::uint32_t parser_flags([[maybe_unused]] const nvonnxparser::IParser& parser) {
#if NV_TENSORRT_MAJOR >= 10
  return parser.getFlags();
#else
  return 0;
#endif
}

/// Name and operator of the node that a parser error is about; empty where the parser does not say.
struct ParserErrorNode {
  std::string name;
  std::string op_type;
};
inline ParserErrorNode parser_error_node([[maybe_unused]] const nvonnxparser::IParserError& error) {
#if NV_TENSORRT_MAJOR >= 10
  const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
  return {text(error.nodeName()), text(error.nodeOperator())};
#else
  return {};
#endif
}

/// The model's local functions that the node of a parser error is in; none where the parser does not say.
inline std::vector<std::string> parser_error_functions(
    [[maybe_unused]] const nvonnxparser::IParserError& error) {
#if NV_TENSORRT_MAJOR >= 10
  if (error.localFunctionStackSize() > 0)
    return {error.localFunctionStack(), error.localFunctionStack() + error.localFunctionStackSize()};
#endif
  return {};
}

/// Nodes that the parser takes, or might take, together. Those that it certainly does not take are in no
/// group.
struct ParserGroup {
  std::vector<std::size_t> nodes;
  bool supported = false;
};

/// Whether the parser takes all of a model. Adds the groups of nodes that it makes of it.
inline bool supports_model(nvonnxparser::IParser& parser, std::span<const std::byte> model, const char* path,
                           std::vector<ParserGroup>& groups) {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 1)
  const bool supported = parser.supportsModelV2(model.data(), model.size(), path);
  for (std::int64_t i = 0; i < parser.getNbSubgraphs(); ++i) {
    std::int64_t count = 0;
    const std::int64_t* const nodes = parser.getSubgraphNodes(i, count);
    groups.push_back({{nodes, nodes + count}, parser.isSubgraphSupported(i)});
  }
#else
  SubGraphCollection_t collection;
  const bool supported = parser.supportsModel(model.data(), model.size(), collection, path);
  for (const auto& [nodes, taken] : collection) groups.push_back({nodes, taken});
#endif
  return supported;
}

/// TensorRT's types and ours, of which both have one another.
inline std::span<const std::pair<nvinfer1::DataType, DataType>> shared_types() {
  static constexpr std::pair<nvinfer1::DataType, DataType> list[] = {
    {nvinfer1::DataType::kFLOAT, DataType::float32},
    {nvinfer1::DataType::kHALF, DataType::float16},
    {nvinfer1::DataType::kINT8, DataType::int8},
    {nvinfer1::DataType::kINT32, DataType::int32},
    {nvinfer1::DataType::kBOOL, DataType::boolean},
    {nvinfer1::DataType::kUINT8, DataType::uint8},
#if NV_TENSORRT_MAJOR > 8 || NV_TENSORRT_MINOR >= 6
    {nvinfer1::DataType::kFP8, DataType::float8e4m3fn},
#endif
#if NV_TENSORRT_MAJOR >= 10
    {nvinfer1::DataType::kBF16, DataType::bfloat16},
    {nvinfer1::DataType::kINT64, DataType::int64},
    {nvinfer1::DataType::kINT4, DataType::int4},
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 8)
    {nvinfer1::DataType::kFP4, DataType::float4},
#endif
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 12)
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

// What runs engines.

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
