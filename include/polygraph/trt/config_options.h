#pragma once

#include <polygraph/core/error.h>
#include <polygraph/core/options.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Options only: this header needs nothing of TensorRT.
namespace polygraph::trt {

/// What TensorRT does with the precisions of single layers (SetLayerPrecisions), where it chooses types
/// itself.
enum class PrecisionConstraints {
  none,    ///< takes them as a hint
  prefer,  ///< keeps them unless there is no implementation
  obey,    ///< keeps them or fails
};
inline constexpr std::string_view precision_constraints_names[] = {"none", "prefer", "obey"};
constexpr std::span<const std::string_view> enum_names(PrecisionConstraints) {
  return precision_constraints_names;
}
constexpr std::string_view enum_type_name(PrecisionConstraints) {
  return "PrecisionConstraints";
}

/// How much an engine can tell of its layers.
enum class ProfilingVerbosity { detailed, layer_names_only, none };
inline constexpr std::string_view profiling_verbosity_names[] = {"detailed", "layer_names_only", "none"};
constexpr std::span<const std::string_view> enum_names(ProfilingVerbosity) {
  return profiling_verbosity_names;
}
constexpr std::string_view enum_type_name(ProfilingVerbosity) {
  return "ProfilingVerbosity";
}

/// What the engine has to be able to run on besides an ordinary GPU.
enum class EngineCapability { standard, safety, dla_standalone };
inline constexpr std::string_view engine_capability_names[] = {"standard", "safety", "dla_standalone"};
constexpr std::span<const std::string_view> enum_names(EngineCapability) {
  return engine_capability_names;
}
constexpr std::string_view enum_type_name(EngineCapability) {
  return "EngineCapability";
}

/// Which other GPUs the engine is to run on.
enum class HardwareCompatibilityLevel { none, ampere_plus, same_compute_capability };
inline constexpr std::string_view hardware_compatibility_level_names[] = {"none", "ampere_plus",
                                                                          "same_compute_capability"};
constexpr std::span<const std::string_view> enum_names(HardwareCompatibilityLevel) {
  return hardware_compatibility_level_names;
}
constexpr std::string_view enum_type_name(HardwareCompatibilityLevel) {
  return "HardwareCompatibilityLevel";
}

/// The operating system that the engine is to run on.
enum class RuntimePlatform { same_as_build, windows_amd64 };
inline constexpr std::string_view runtime_platform_names[] = {"same_as_build", "windows_amd64"};
constexpr std::span<const std::string_view> enum_names(RuntimePlatform) {
  return runtime_platform_names;
}
constexpr std::string_view enum_type_name(RuntimePlatform) {
  return "RuntimePlatform";
}

/// How long TensorRT looks for a better tiling.
enum class TilingOptimizationLevel { none, fast, moderate, full };
inline constexpr std::string_view tiling_optimization_level_names[] = {"none", "fast", "moderate", "full"};
constexpr std::span<const std::string_view> enum_names(TilingOptimizationLevel) {
  return tiling_optimization_level_names;
}
constexpr std::string_view enum_type_name(TilingOptimizationLevel) {
  return "TilingOptimizationLevel";
}

/// How an engine is built. FP32 is always allowed; `tf32`, `fp16` and `bf16` each allow a narrower type.
///
/// TensorRT up to 10 chooses among the types that are allowed, layer by layer. TensorRT 11 and TensorRT-RTX
/// run the types of the network: there EngineFromNetwork rewrites the network to compute in the type allowed
/// (fp16 before bf16), in all layers but those that SetLayerPrecisions keeps and those that cannot. An option
/// that the version in use lacks is a BackendError that names the versions that have it, thrown when the
/// engine is built.
struct ConfigOptions {
  bool tf32 = false;
  bool fp16 = false;
  bool bf16 = false;
  bool fp8 = false;
  bool int8 = false;
  PrecisionConstraints precision_constraints = PrecisionConstraints::none;
  bool sparse_weights = false;
  bool refittable = false;
  bool strip_plan = false;
  bool weight_streaming = false;
  bool version_compatible = false;
  bool exclude_lean_runtime = false;
  bool direct_io = false;
  bool trt_safety_restricted = false;
  bool error_on_timing_cache_miss = false;
  bool disable_compilation_cache = false;
  bool use_dla = false;
  bool allow_gpu_fallback = false;
  std::string load_timing_cache = {};
  std::string save_timing_cache = {};
  std::string save_tactics = {};
  std::string load_tactics = {};
  std::map<std::string, std::string> memory_pool_limits = {};
  std::vector<std::string> tactic_sources = {};
  std::vector<std::string> preview_features = {};
  std::vector<std::string> quantization_flags = {};
  ProfilingVerbosity profiling_verbosity = ProfilingVerbosity::detailed;
  std::optional<int> builder_optimization_level = std::nullopt;
  std::optional<int> max_aux_streams = std::nullopt;
  EngineCapability engine_capability = EngineCapability::standard;
  HardwareCompatibilityLevel hardware_compatibility_level = HardwareCompatibilityLevel::none;
  RuntimePlatform runtime_platform = RuntimePlatform::same_as_build;
  TilingOptimizationLevel tiling_optimization_level = TilingOptimizationLevel::none;

  static constexpr auto fields() {
    using O = ConfigOptions;
    return std::tuple(
        Field{"tf32", &O::tf32, "Allow TF32."}, Field{"fp16", &O::fp16, "Allow FP16."},
        Field{"bf16", &O::bf16, "Allow BF16.", "", "10.0"},
        Field{"fp8", &O::fp8, "Allow FP8.", "", "8.6 to 10"},
        Field{"int8", &O::int8,
              "Allow INT8, in networks that say how to quantize (Q/DQ layers) or that are calibrated.", "",
              "8.5 to 10"},
        Field{"precision_constraints", &O::precision_constraints,
              "What to do with the precisions of single layers, where TensorRT chooses types itself.", "HOW",
              "8.5 to 10"},
        Field{"sparse_weights", &O::sparse_weights, "Allow kernels for weights of 2:4 sparsity."},
        Field{"refittable", &O::refittable, "The engine's weights can be replaced."},
        Field{"strip_plan", &O::strip_plan, "Leave weights that can be refitted out of the plan.", "",
              "10.0"},
        Field{"weight_streaming", &O::weight_streaming,
              "The engine may keep weights in host memory; needs strong types.", "", "10.0"},
        Field{"version_compatible", &O::version_compatible, "Later versions can load the engine.", "", "8.6"},
        Field{"exclude_lean_runtime", &O::exclude_lean_runtime,
              "With version_compatible: leave the runtime out of the plan.", "", "8.6"},
        Field{"direct_io", &O::direct_io, "No reformatting at inputs and outputs."},
        Field{"trt_safety_restricted", &O::trt_safety_restricted,
              "Refuse layers that TensorRT's safety runtime lacks."},
        Field{"error_on_timing_cache_miss", &O::error_on_timing_cache_miss,
              "Fail if a tactic is not in the timing cache.", "", "10.0"},
        Field{"disable_compilation_cache", &O::disable_compilation_cache,
              "Do not keep compiled kernels in the timing cache.", "", "10.0"},
        Field{"use_dla", &O::use_dla, "Run layers on the Deep Learning Accelerator."},
        Field{"allow_gpu_fallback", &O::allow_gpu_fallback,
              "With use_dla: layers that it lacks run on the GPU."},
        Field{"load_timing_cache", &O::load_timing_cache,
              "A timing cache, which makes building quicker; none yet is only a warning.", "FILE"},
        Field{"save_timing_cache", &O::save_timing_cache,
              "Where to save the timing cache; what the file has already stays in it.", "FILE"},
        Field{"save_tactics", &O::save_tactics,
              "Record in a tactic replay which algorithm TensorRT takes for each layer; TensorRT-RTX tells "
              "none.",
              "FILE"},
        Field{"load_tactics", &O::load_tactics,
              "Take the algorithms that a tactic replay names, and fail if TensorRT takes another.", "FILE"},
        Field{"memory_pool_limits", &O::memory_pool_limits,
              "The most memory of a kind: bytes, or with K, M or G. Kinds: workspace, dla_managed_sram, "
              "dla_local_dram, dla_global_dram, tactic_dram, tactic_shared_memory.",
              "KIND:BYTES"},
        Field{"tactic_sources", &O::tactic_sources,
              "The libraries to take kernels from, in place of TensorRT's choice; 'none' (or no name) for no "
              "other.",
              "NAME"},
        Field{"preview_features", &O::preview_features,
              "The preview features to turn on, all others off; 'none' (or no name) for all off.", "NAME"},
        Field{"quantization_flags", &O::quantization_flags,
              "How INT8 is calibrated: calibrate_before_fusion; 'none' (or no name) for no flag.", "NAME",
              "8.5 to 10"},
        Field{"profiling_verbosity", &O::profiling_verbosity, "How much the engine tells of its layers.",
              "HOW"},
        Field{"builder_optimization_level", &O::builder_optimization_level,
              "How long to look for a quick engine: 0 to 5.", "N", "8.6"},
        Field{"max_aux_streams", &O::max_aux_streams, "The most streams besides the main one.", "N", "8.6"},
        Field{"engine_capability", &O::engine_capability, "What the engine has to run on.", "KIND"},
        Field{"hardware_compatibility_level", &O::hardware_compatibility_level,
              "Which other GPUs the engine has to run on; same_compute_capability from TensorRT 10.9 on.",
              "LEVEL", "8.6"},
        Field{"runtime_platform", &O::runtime_platform, "The operating system to run on.", "PLATFORM",
              "10.2"},
        Field{"tiling_optimization_level", &O::tiling_optimization_level,
              "How long to look for a better tiling.", "LEVEL", "10.8"});
  }
  friend bool operator==(const ConfigOptions&, const ConfigOptions&) = default;
};

/// How a network is made of an ONNX model.
struct NetworkOptions {
  bool strongly_typed = false;
  bool plugin_instancenorm = false;
  std::vector<std::string> onnx_flags = {};
  std::string dump_failing_subgraph = {};
  bool mark_unfused_tensors_as_debug_tensors = false;

  static constexpr auto fields() {
    return std::tuple(
        Field{"strongly_typed", &NetworkOptions::strongly_typed,
              "Types are those of the model, and none is chosen; TensorRT 11 and TensorRT-RTX have no other "
              "networks.",
              "", "10.0"},
        Field{"plugin_instancenorm", &NetworkOptions::plugin_instancenorm,
              "Parse InstanceNormalization as TensorRT's plugin, not as layers.", "", "10.0"},
        Field{"onnx_flags", &NetworkOptions::onnx_flags,
              "The parser's flags, in place of its own choice: native_instancenorm, "
              "enable_uint8_and_asymmetric_quantization_dla, report_capability_dla, enable_plugin_override, "
              "adjust_for_dla; 'none' for no flag.",
              "FLAG", "10.0"},
        Field{
            "dump_failing_subgraph", &NetworkOptions::dump_failing_subgraph,
            "If reading the model or building the engine fails: save the nodes that TensorRT's messages are "
            "about as a model of their own.",
            "FILE"},
        Field{
            "mark_unfused_tensors_as_debug_tensors", &NetworkOptions::mark_unfused_tensors_as_debug_tensors,
            "Mark every tensor that is not fused away, so that a runner can show its values (debug_tensors) "
            "without changing what is fused.",
            "", "10.12"});
  }
  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

/// Something said of tensors by name (or wildcard): `NAME:VALUE` or `NAME:[VALUE,VALUE]` as text, split at
/// the last colon, since names may have some.
struct PerTensor {
  static constexpr bool takes_several = true;
  std::map<std::string, std::vector<std::string>> values = {};

  friend std::string cpp_literal(const PerTensor& per_tensor) {
    using polygraph::cpp_literal;
    return "{" + cpp_literal(per_tensor.values) + "}";
  }
  friend bool operator==(const PerTensor&, const PerTensor&) = default;
};

/// Adds an entry. Throws UsageError for text of another form.
inline void parse_option(PerTensor& per_tensor, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view list = text.substr(colon == std::string_view::npos ? text.size() : colon + 1);
  const bool is_list = list.starts_with('[') && list.ends_with(']');
  if (is_list) list = list.substr(1, list.size() - 2);
  if (colon == std::string_view::npos || colon == 0 || list.empty())
    throw UsageError("'" + std::string(text) + "' is not of the form TENSOR:VALUE");
  std::vector<std::string>& values = per_tensor.values[std::string(text.substr(0, colon))];
  for (std::size_t comma = 0; comma != std::string_view::npos; list.remove_prefix(comma + 1)) {
    comma = list.find(',');
    values.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) break;
  }
}

/// What is set of a network's tensors, in this order, after outputs and precisions of layers. Names may be
/// wildcards.
struct TensorOptions {
  bool decomposable_attentions = false;
  PerTensor tensor_dtypes = {};
  std::optional<std::string> all_tensor_dtypes = std::nullopt;
  PerTensor tensor_formats = {};
  std::vector<std::string> all_tensor_formats = {};
  std::vector<std::string> mark_debug = {};

  static constexpr auto fields() {
    using O = TensorOptions;
    return std::tuple(
        Field{"decomposable_attentions", &O::decomposable_attentions,
              "Attentions may be computed by several kernels where there is no single one.", "", "10.14"},
        Field{"tensor_dtypes", &O::tensor_dtypes,
              "Types of inputs and outputs, where they are not the network's own.", "TENSOR:TYPE",
              "8.5 to 10"},
        Field{"all_tensor_dtypes", &O::all_tensor_dtypes, "The type of all inputs and outputs, likewise.",
              "TYPE", "8.5 to 10"},
        Field{"tensor_formats", &O::tensor_formats,
              "The memory layouts that an input or output may have: linear, chw2, hwc8, chw4, chw16, chw32, "
              "dhwc8, "
              "cdhw32, hwc, dla_linear, dla_hwc4, hwc16, dhwc.",
              "TENSOR:[FORMAT,...]"},
        Field{"all_tensor_formats", &O::all_tensor_formats, "Those that all inputs and outputs may have.",
              "FORMAT"},
        Field{
            "mark_debug", &O::mark_debug,
            "Tensors whose values a debug listener, or a runner with debug_tensors, gets at each inference.",
            "TENSOR", "10.0"});
  }
  friend bool operator==(const TensorOptions&, const TensorOptions&) = default;
};

/// Which tensors of a network are its outputs.
///
/// Steps, in this order: `outputs`, if not empty, replaces the network's outputs; `mark_layer_types` replaces
/// them by all outputs of layers of these types; `exclude_outputs` unmarks. Names may be wildcards (`*`, `?`,
/// `[...]`); a name that exists is always taken literally. `{"mark", "all"}`, `{"mark-all"}` and `{"*"}` mark
/// every tensor but those of constants, of shapes and of loops' insides.
struct OutputOptions {
  std::vector<std::string> outputs = {};
  std::vector<std::string> exclude_outputs = {};
  std::vector<std::string> mark_layer_types = {};

  static constexpr auto fields() {
    return std::tuple(
        Field{"outputs", &OutputOptions::outputs, "The tensors to mark as outputs; 'mark all' for every one.",
              "NAME"},
        Field{"exclude_outputs", &OutputOptions::exclude_outputs, "Tensors to unmark as outputs.", "NAME"},
        Field{"mark_layer_types", &OutputOptions::mark_layer_types,
              "Mark all outputs of layers of these types.", "TYPE"});
  }
  friend bool operator==(const OutputOptions&, const OutputOptions&) = default;
};

}  // namespace polygraph::trt
