#pragma once

#include <polygraph/core/layer_times.h>

#include <cstdint>
#include <openvino/openvino.hpp>
#include <vector>

namespace polygraph::openvino {

/// What OpenVINO tells of the layers of an engine built with profiling: averages over all inferences so far,
/// in whole microseconds.
struct LayerAverages {
  std::int64_t inferences = 0;
  std::vector<ov::ProfilingInfo> layers = {};

  static LayerAverages read(const ov::InferRequest& request, std::int64_t inferences);
};

/// What the layers took in the inferences between two readings.
std::vector<LayerTime> times_between(const LayerAverages& earlier, const LayerAverages& later);

}  // namespace polygraph::openvino
