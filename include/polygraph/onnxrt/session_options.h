#pragma once

#include <polygraph/core/options.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnxrt {

/// How far ONNX Runtime rewrites the graph before running it.
enum class GraphOptimizationLevel {
  disabled,  ///< as the model has it: every tensor is computed
  basic,     ///< constant folding, removal of what has no effect
  extended,  ///< and fusion of nodes
  all,       ///< and other memory layouts
};
inline constexpr std::string_view graph_optimization_level_names[] = {"disabled", "basic", "extended", "all"};
constexpr std::span<const std::string_view> enum_names(GraphOptimizationLevel) {
  return graph_optimization_level_names;
}
constexpr std::string_view enum_type_name(GraphOptimizationLevel) {
  return "GraphOptimizationLevel";
}

/// What ONNX Runtime tells; it appears in Polygraph's log.
enum class LogSeverity { verbose, info, warning, error, fatal };
inline constexpr std::string_view log_severity_names[] = {"verbose", "info", "warning", "error", "fatal"};
constexpr std::span<const std::string_view> enum_names(LogSeverity) {
  return log_severity_names;
}
constexpr std::string_view enum_type_name(LogSeverity) {
  return "LogSeverity";
}

/// How a session runs a model.
struct SessionOptions {
  /// In order of preference. A name is as ONNX Runtime has it (`CUDAExecutionProvider`) or, in any case, a
  /// part of it (`cuda`). What they cannot run the CPU does. None: the CPU only.
  std::vector<std::string> providers = {};
  /// `cuda.device_id` -> `1`: options of providers, each behind the provider's name as given above.
  std::map<std::string, std::string> provider_options = {};
  GraphOptimizationLevel graph_optimization_level = GraphOptimizationLevel::all;
  std::optional<int> intra_op_threads = std::nullopt;
  /// More than 1: nodes that do not depend on each other run at the same time.
  std::optional<int> inter_op_threads = std::nullopt;
  std::string profile = {};
  bool time_layers = false;
  LogSeverity log_severity = LogSeverity::warning;
  std::map<std::string, std::string> config = {};

  static constexpr auto fields() {
    return std::tuple(
        Field{
            "providers", &SessionOptions::providers,
            "Execution providers, in order of preference: names as ONNX Runtime has them, or parts of them. "
            "The CPU runs what they cannot.",
            "NAME"},
        Field{"provider_options", &SessionOptions::provider_options,
              "Options of the providers, e.g. 'cuda.device_id:1'.", "PROVIDER.NAME:VALUE"},
        Field{"graph_optimization_level", &SessionOptions::graph_optimization_level,
              "How far the graph is rewritten before it runs.", "LEVEL"},
        Field{"intra_op_threads", &SessionOptions::intra_op_threads,
              "Threads for one node (default: one per core).", "N"},
        Field{"inter_op_threads", &SessionOptions::inter_op_threads,
              "Nodes that run at the same time (default: 1).", "N"},
        Field{"profile", &SessionOptions::profile,
              "Measure each node and write the times, as a trace for chrome://tracing, to a file whose name "
              "begins with this.",
              "PREFIX"},
        Field{
            "time_layers", &SessionOptions::time_layers,
            "Measure each node for Runner::layer_times; `polygraph run` then shows the times. Costs a little "
            "speed."},
        Field{"log_severity", &SessionOptions::log_severity,
              "The least severe of ONNX Runtime's own messages that are logged.", "SEVERITY"},
        Field{"config", &SessionOptions::config, "Any further entry of ONNX Runtime's session configuration.",
              "NAME:VALUE"});
  }
  friend bool operator==(const SessionOptions&, const SessionOptions&) = default;
};

}  // namespace polygraph::onnxrt
