#include "openvino/layer_averages.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_map>

namespace polygraph::openvino {

namespace {

bool was_executed(const ov::ProfilingInfo& layer) {
  return layer.status == ov::ProfilingInfo::Status::EXECUTED;
}

double total_seconds(const ov::ProfilingInfo& layer, std::int64_t inferences) {
  return std::chrono::duration<double>(layer.real_time).count() * static_cast<double>(inferences);
}

}  // namespace

LayerAverages LayerAverages::read(const ov::InferRequest& request, std::int64_t inferences) {
  return {inferences, request.get_profiling_info()};
}

std::vector<LayerTime> times_between(const LayerAverages& earlier, const LayerAverages& later) {
  std::unordered_map<std::string_view, double> before;
  for (const ov::ProfilingInfo& layer : earlier.layers)
    if (was_executed(layer)) before.emplace(layer.node_name, total_seconds(layer, earlier.inferences));
  std::vector<LayerTime> times;
  for (const ov::ProfilingInfo& layer : later.layers) {
    const auto found = before.find(layer.node_name);
    // An average of less than a microsecond counts as not executed.
    if (!was_executed(layer) && found == before.end()) continue;
    const double seconds =
        total_seconds(layer, later.inferences) - (found == before.end() ? 0.0 : found->second);
    times.push_back({layer.node_name, layer.node_type, layer.exec_type, later.inferences - earlier.inferences,
                     std::max(seconds, 0.0)});
  }
  return times;
}

}  // namespace polygraph::openvino
