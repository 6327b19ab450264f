#pragma once

#include <NvInfer.h>

#include <optional>
#include <span>
#include <string_view>

#include "trt/versions/version.h"

// What the values of TensorRT are called by users.

namespace polygraph::trt {

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
#if POLYGRAPH_TENSORRT < 1100
    {"fp16", F::kFP16},
    {"int8", F::kINT8},
    {"obey", F::kOBEY_PRECISION_CONSTRAINTS},
    {"prefer", F::kPREFER_PRECISION_CONSTRAINTS},
#endif
#if POLYGRAPH_TENSORRT >= 806
    {"version_compatible", F::kVERSION_COMPATIBLE},
    {"exclude_lean_runtime", F::kEXCLUDE_LEAN_RUNTIME},
#if POLYGRAPH_TENSORRT < 1100
    {"fp8", F::kFP8},
#endif
#endif
#if POLYGRAPH_TENSORRT >= 1000
#if POLYGRAPH_TENSORRT < 1100
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
#if POLYGRAPH_TENSORRT >= 1000
    {"tactic_dram", P::kTACTIC_DRAM},
    {"tactic_shared_memory", P::kTACTIC_SHARED_MEMORY},
#endif
  };
  return pools;
}

inline std::span<const Named<nvinfer1::TacticSource>> tactic_sources() {
  using S = nvinfer1::TacticSource;
  static constexpr Named<S> sources[] = {
#if POLYGRAPH_TENSORRT < 1100
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
#if POLYGRAPH_TENSORRT < 1000
    {"faster_dynamic_shapes_0805", P::kFASTER_DYNAMIC_SHAPES_0805},
    {"disable_external_tactic_sources_for_core_0805", P::kDISABLE_EXTERNAL_TACTIC_SOURCES_FOR_CORE_0805},
#else
#if POLYGRAPH_TENSORRT < 1100
    {"profile_sharing_0806", P::kPROFILE_SHARING_0806},
#endif
#if POLYGRAPH_TENSORRT >= 1003
    {"aliased_plugin_io_10_03", P::kALIASED_PLUGIN_IO_10_03},
#endif
#if POLYGRAPH_TENSORRT >= 1010
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
#if POLYGRAPH_TENSORRT >= 1000
    {"dhwc", F::kDHWC},
#endif
  };
  return formats;
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
#if POLYGRAPH_TENSORRT >= 1000
    {"CAST", L::kCAST},
    {"REVERSE_SEQUENCE", L::kREVERSE_SEQUENCE},
    {"NORMALIZATION", L::kNORMALIZATION},
    {"PLUGIN_V3", L::kPLUGIN_V3},
#endif
#if POLYGRAPH_TENSORRT >= 1007
    {"SQUEEZE", L::kSQUEEZE},
    {"UNSQUEEZE", L::kUNSQUEEZE},
#endif
#if POLYGRAPH_TENSORRT >= 1008
    {"CUMULATIVE", L::kCUMULATIVE},
    {"DYNAMIC_QUANTIZE", L::kDYNAMIC_QUANTIZE},
#endif
#if POLYGRAPH_TENSORRT >= 1014
    {"ATTENTION_INPUT", L::kATTENTION_INPUT},
    {"ATTENTION_OUTPUT", L::kATTENTION_OUTPUT},
#endif
#if POLYGRAPH_TENSORRT >= 1015
    {"ROTARY_EMBEDDING", L::kROTARY_EMBEDDING},
    {"KVCACHE_UPDATE", L::kKVCACHE_UPDATE},
#endif
#if POLYGRAPH_TENSORRT >= 1016
    {"MOE", L::kMOE},
    {"DIST_COLLECTIVE", L::kDIST_COLLECTIVE},
#endif
#if POLYGRAPH_TENSORRT < 1000
    {"FULLY_CONNECTED", L::kFULLY_CONNECTED},
#endif
  };
  return types;
}

}  // namespace polygraph::trt
