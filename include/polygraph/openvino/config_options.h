#pragma once

#include <polygraph/core/options.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::openvino {

/// What the engine is tuned for.
enum class PerformanceHint {
  latency,                ///< the time of one inference at a time
  throughput,             ///< the number of inferences per second, many at once
  cumulative_throughput,  ///< the same over all devices
};
inline constexpr std::string_view performance_hint_names[] = {"latency", "throughput",
                                                              "cumulative_throughput"};
constexpr std::span<const std::string_view> enum_names(PerformanceHint) {
  return performance_hint_names;
}
constexpr std::string_view enum_type_name(PerformanceHint) {
  return "PerformanceHint";
}

/// How an engine is built. FP32 is always allowed; `fp16`, `bf16` and `tf32` each allow a narrower type.
/// Where the processor or the engine library has none of what is allowed, FP32 runs, never a type that was
/// not named; the log and `polygraph inspect model` say what runs.
struct ConfigOptions {
  bool tf32 = false;
  bool fp16 = false;
  bool bf16 = false;
  bool fp32 = false;
  PerformanceHint performance_hint = PerformanceHint::latency;
  std::optional<int> threads = std::nullopt;
  std::optional<int> streams = std::nullopt;
  bool profiling = false;
  std::string cache_dir = {};
  std::map<std::string, std::string> properties = {};

  static constexpr auto fields() {
    return std::tuple(
        Field{"tf32", &ConfigOptions::tf32,
              "Allow TF32, where the processor has it (no CPU does; FP32 runs there)."},
        Field{"fp16", &ConfigOptions::fp16,
              "Allow FP16, where the processor computes in it; else FP32 runs, never BF16."},
        Field{"bf16", &ConfigOptions::bf16,
              "Allow BF16, where the processor computes in it; else FP32 runs."},
        Field{"fp32", &ConfigOptions::fp32,
              "FP32 and nothing narrower (the default, said aloud); excludes the others."},
        Field{"performance_hint", &ConfigOptions::performance_hint,
              "Tune for the time of one inference or for inferences per second.", "HINT"},
        Field{"threads", &ConfigOptions::threads, "Threads of the engine in all (default: one per core).",
              "N"},
        Field{"streams", &ConfigOptions::streams,
              "Inferences that run at once (default: chosen by the hint).", "N"},
        Field{"profiling", &ConfigOptions::profiling,
              "Measure each layer at every inference; `polygraph inspect model` then shows times. Costs a "
              "little speed."},
        Field{"cache_dir", &ConfigOptions::cache_dir,
              "A folder in which the engine library keeps compiled models, so that building again is quick.",
              "DIR"},
        Field{"properties", &ConfigOptions::properties, "Any further property of the engine library.",
              "NAME:VALUE"});
  }
  friend bool operator==(const ConfigOptions&, const ConfigOptions&) = default;
};

/// Which tensors of a network are its outputs.
///
/// Steps, in this order: `outputs`, if not empty, replaces the network's outputs; `mark_layer_types` replaces
/// them by all outputs of layers of these types; `exclude_outputs` unmarks. Names may be wildcards (`*`, `?`,
/// `[...]`); a name that exists is always taken literally. Layers on which no output depends any more leave
/// the network.
/// `{"mark", "all"}`, `{"mark-all"}` and `{"*"}` mark every tensor that a layer other than a constant
/// computes.
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

}  // namespace polygraph::openvino
