#pragma once

#include <polygraph/core/engine_description.h>
#include <polygraph/trt/objects.h>

namespace polygraph::trt {

/// What an engine says of itself: inputs, outputs, memory, optimization profiles, layers. Layers have more
/// than names if the engine was built with ProfilingVerbosity::detailed, as CreateConfig does;
/// where TensorRT tells nothing of them they are left out, with a warning. Thread-safe.
/// @code
///   const EngineDescription told = describe_engine(engine_from_path("model.engine"));
///   for (const DescribedLayer& layer : told.layers) std::cout << layer.name << ": " << layer.kernel << "\n";
/// @endcode
EngineDescription describe_engine(const Engine& engine);

}  // namespace polygraph::trt
