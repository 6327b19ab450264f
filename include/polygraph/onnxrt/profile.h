#pragma once

#include <polygraph/core/layer_times.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What nodes took, as ONNX Runtime writes it into its trace (SessionOptions::profile).
namespace polygraph::onnxrt {

/// What one node of the graph that ran took: after ONNX Runtime has rewritten it, nodes may be fused, added
/// or gone.
struct NodeTime {
  std::string name;  ///< ONNX Runtime's, for a node that has none in the model: `Neg_1`
  std::string op_type;
  std::string provider;  ///< e.g. `CPUExecutionProvider`
  std::int64_t count = 0;
  // Seconds of all calls, of one on average, of the shortest and of the longest, bodies of If, Loop and Scan
  // included.
  double total = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
  /// Of `total`, what was spent in the node itself: without nodes of its body, which have entries of their
  /// own.
  double own = 0;
};

/// A trace, summed up.
struct Profile {
  std::int64_t inferences = 0;  ///< that ended; nodes of others do not count
  double seconds = 0;           ///< that they took
  std::vector<NodeTime> nodes;  ///< in the order in which they first ended
  LayerTimes layer_times() const;
};

/// Reads a trace of ONNX Runtime 1.20 or later. Memory grows with the nodes of the model and of one
/// inference, not with the file.
///
/// Nodes are told apart by name, place in their graph, operator and provider. Times are whole microseconds.
/// Where a provider computes on another device, a node's time is that of starting it.
/// @param skip  As many inferences at the beginning do not count.
/// Throws InputError, naming the file, if it cannot be read, is cut off, or is no such trace.
/// @code
///   const Session session = session_from_onnx("model.onnx", {.profile = "times"});
///   session.run(feed);
///   for (const NodeTime& node : read_profile(session.end_profiling()).nodes) print(node.name, node.own);
/// @endcode
Profile read_profile(const std::filesystem::path& path, std::int64_t skip = 0);

}  // namespace polygraph::onnxrt
