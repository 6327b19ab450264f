#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace polygraph {

/// What one layer (in ONNX Runtime's words: node) took.
struct LayerTime {
  std::string name = {};
  std::string type = {};    ///< its operator, in the engine's words; empty if the engine does not tell
  std::string ran_by = {};  ///< an execution provider of ONNX Runtime, a kernel of OpenVINO; else empty
  std::int64_t calls = 0;
  /// Of all calls, without what layers inside of it took (the bodies of If, Loop and Scan) where the engine
  /// measures those by themselves.
  double seconds = 0;
};

/// What the layers of one type took.
struct TypeTime {
  std::string type;
  std::int64_t layers = 0;
  std::int64_t calls = 0;
  double seconds = 0;
};

/// Where the time of some inferences went.
/// @code
///   for (const TypeTime& each : runner.layer_times().by_type()) print(each.type, each.seconds);
/// @endcode
struct LayerTimes {
  std::int64_t inferences = 0;         ///< that were measured; 0: none
  double seconds = 0;                  ///< that the engine took for them
  std::vector<LayerTime> layers = {};  ///< in the order in which they first ended

  /// What all layers took. May be more than `seconds` where layers run at the same time.
  double layer_seconds() const;
  /// The layers, the longest first.
  std::vector<LayerTime> longest_first() const;
  /// Sums for each type, the longest first.
  std::vector<TypeTime> by_type() const;
};

/// The layer times of one of several runners.
struct RunnerLayerTimes {
  std::string runner_name;
  LayerTimes times = {};
};

}  // namespace polygraph
