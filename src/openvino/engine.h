#pragma once

#include <polygraph/openvino/objects.h>

#include <openvino/openvino.hpp>

namespace polygraph::openvino {

/// The key in a node's rt_info by which SetLayerPrecisions marks the layers that must stay in FP32.
inline constexpr const char* keep_float32_key = "polygraph_keep_float32";

/// In the order of destruction's reverse: the compiled model uses what stands before it.
struct Engine::State {
  Runtime runtime;
  Bytes serialized;  ///< what the engine was loaded from; its weights may lie there
  EngineInfo info;
  ov::CompiledModel compiled;
};

/// The layers of an engine, in execution order.
std::vector<EngineLayer> layers_of(const ov::CompiledModel& compiled);

/// What the layers compute in, most frequent first: "float32", "bfloat16 (12 layers), float32 (2 layers)";
/// "none" without any floating-point layer.
std::string precision_summary(const std::vector<EngineLayer>& layers);

}  // namespace polygraph::openvino
