#pragma once

#include <polygraph/core/byte_count.h>
#include <polygraph/core/error.h>
#include <polygraph/core/options.h>
#include <polygraph/trt/stream.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace polygraph::trt {

/// Who allocates the memory that an execution context works in, and how much.
enum class AllocationStrategy {
  static_,  ///< TensorRT, once, for the largest profile
  profile,  ///< the runner, for the largest shapes of the profile in use
  runtime,  ///< the runner, for the shapes that are fed
};
inline constexpr std::string_view allocation_strategy_names[] = {"static", "profile", "runtime"};
constexpr std::span<const std::string_view> enum_names(AllocationStrategy) {
  return allocation_strategy_names;
}
constexpr std::string_view enum_type_name(AllocationStrategy) {
  return "AllocationStrategy";
}

/// Whether inferences become CUDA graphs.
enum class CudaGraphs {
  automatic,  ///< recorded at the second inference with the same shapes and addresses, replayed from then on;
              ///< what cannot be recorded runs without
  off,
};
inline constexpr std::string_view cuda_graphs_names[] = {"automatic", "off"};
constexpr std::span<const std::string_view> enum_names(CudaGraphs) {
  return cuda_graphs_names;
}
constexpr std::string_view enum_type_name(CudaGraphs) {
  return "CudaGraphs";
}

/// How to wait for the GPU.
enum class Wait {
  automatic,  ///< as CUDA is set for the device: it spins unless there are fewer cores than threads that use
              ///< GPUs
  spin,       ///< asking again and again: the shortest time, and a core busy
  block,      ///< asleep until the GPU is done: later, and the core is free meanwhile
};
inline constexpr std::string_view wait_names[] = {"automatic", "spin", "block"};
constexpr std::span<const std::string_view> enum_names(Wait) {
  return wait_names;
}
constexpr std::string_view enum_type_name(Wait) {
  return "Wait";
}

/// How much of the weights that can be streamed stays on the GPU: bytes, or a share of them.
struct WeightBudget {
  /// @param count  Bytes; -1: TensorRT decides; -2: all of them.
  constexpr WeightBudget(std::int64_t count = -1) : bytes(count) {}  // NOLINT(*-explicit-*): a number is one
  static constexpr WeightBudget of_percent(double percent) {
    WeightBudget budget;
    budget.percent = percent;
    return budget;
  }

  std::int64_t bytes;
  std::optional<double> percent = std::nullopt;  ///< in place of the bytes

  friend std::string cpp_literal(const WeightBudget& budget) {
    using polygraph::cpp_literal;
    return budget.percent ? "WeightBudget::of_percent(" + cpp_literal(*budget.percent) + ")"
                          : cpp_literal(budget.bytes);
  }
  friend bool operator==(const WeightBudget&, const WeightBudget&) = default;
};

/// `500`, `512M` (K, M, G, T), `50%`, `-1`, `-2`. Throws UsageError for other text.
inline void parse_option(WeightBudget& budget, std::string_view text) {
  if (text == "-1" || text == "-2") {
    budget = WeightBudget(text == "-1" ? -1 : -2);
    return;
  }
  if (const auto bytes = parse_byte_count(text)) {
    budget = WeightBudget(*bytes);
    return;
  }
  double percent = 0;
  const char* const last = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [end, error] = std::from_chars(text.data(), last, percent);
  if (error != std::errc() || std::string_view(end, last) != "%" || !(percent >= 0 && percent <= 100))
    throw UsageError("'" + std::string(text) +
                     "' is no budget for weights: give bytes (512M), a share of them (50%), -1 or -2");
  budget = WeightBudget::of_percent(percent);
}

/// How a runner runs an engine.
struct RunnerOptions {
  /// Without one it is chosen by the shapes of each feed: of those that accept them the one tuned for shapes
  /// nearest to them.
  std::optional<int> optimization_profile = std::nullopt;
  AllocationStrategy allocation_strategy = AllocationStrategy::static_;
  CudaGraphs cuda_graphs = CudaGraphs::automatic;
  Wait wait = Wait::automatic;
  /// It holds for all runners on the engine, none of which may be active when it is set. Without it the
  /// engine's setting stays.
  std::optional<WeightBudget> weight_streaming_budget = std::nullopt;
  /// Bytes. A copy of few bytes costs more than the GPU's writing them over the bus; an engine that goes on
  /// to read such an output reads it over the bus, too. 0: all are copied.
  std::size_t direct_output_limit = 16 * 1024;
  /// Tensors inside of the engine that were marked when its network was made (MarkDebug,
  /// NetworkOptions::mark_unfused_tensors_as_debug_tensors) are outputs of `infer`, too, behind the model's
  /// own in the order in which they are computed. There are no CUDA graphs then. TensorRT-RTX 1.6 gives
  /// unfused tensors, under the names that the engine's layers have for them, and nothing of what MarkDebug
  /// marks; that nothing is given is warned about.
  bool debug_tensors = false;
  /// What to submit to; without one, every runner and every inference in flight has a stream of its own. One
  /// of yours (`Stream::view`) has to live until the runner is deactivated: UsageError where CUDA says that
  /// it is gone, as after a reset of the device; on one that was destroyed CUDA mostly crashes.
  std::optional<Stream> stream = std::nullopt;
  /// Measures what the GPU needs for each inference, copies included: `last_gpu_time()`.
  bool time_on_gpu = false;
  /// Measures each layer: `layer_times()`, `last_layer_times()`. Costs much, and there are no CUDA graphs
  /// then.
  bool time_layers = false;

  /// Those that are text on a command line.
  static constexpr auto fields() {
    using O = RunnerOptions;
    return std::tuple(
        Field{"optimization_profile", &O::optimization_profile,
              "The number of the optimization profile to use, in place of the one that suits the shapes.",
              "N"},
        Field{"allocation_strategy", &O::allocation_strategy,
              "Who allocates the memory to work in: TensorRT for the largest profile (static), or the runner "
              "for the profile in use or for the shapes that are fed (runtime).",
              "STRATEGY"},
        Field{"cuda_graphs", &O::cuda_graphs,
              "Whether inferences of which the shapes repeat are recorded as a CUDA graph and replayed.",
              "WHEN"},
        Field{"wait", &O::wait,
              "How to wait for the GPU: spinning takes the least time, blocking leaves the core to others.",
              "HOW"},
        Field{"weight_streaming_budget", &O::weight_streaming_budget,
              "What stays of the weights on the GPU, of an engine built with weight streaming: bytes, also "
              "with "
              "K, M or G, or a share such as 50%; -1: TensorRT decides, -2: all.",
              "BYTES", "10.1"},
        Field{"direct_output_limit", &O::direct_output_limit,
              "Outputs up to this size are written to host memory by the engine itself, not copied.",
              "BYTES"},
        Field{"time_layers", &O::time_layers,
              "Measure each layer; `polygraph run` then shows the times. Costs much, and there are no CUDA "
              "graphs then."},
        Field{"debug_tensors", &O::debug_tensors,
              "Tensors inside of the engine that its network marks are outputs, too.", "", "10.0"});
  }
};

}  // namespace polygraph::trt
