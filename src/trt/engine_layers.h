#pragma once

#include <polygraph/core/engine_description.h>
#include <polygraph/trt/objects.h>

#include <string>
#include <string_view>
#include <vector>

namespace polygraph::trt {

/// The layers of an engine as its inspector shows them; of an engine that was built with less than detailed
/// profiling verbosity, names alone. `precision` is the type of the first output. Throws BackendError if
/// TensorRT gives no inspector.
std::vector<DescribedLayer> inspect_layers(const Engine& engine);

/// The same from the inspector's JSON. What is not as it is known is left out, or kept among the attributes.
std::vector<DescribedLayer> parse_layers(std::string_view json);

/// The names of the nodes in a layer's metadata, which the ONNX parser wrote: `[ONNX Layer: conv]`, one
/// behind the other, where several were fused with a control character between them. Nullopt if anything else
/// is in it.
std::optional<std::vector<std::string>> parse_metadata(std::string_view metadata);

/// Compares what was asked for with what the inspector shows, and logs it. Throws BackendError if a strongly
/// typed network was to compute in a narrower type and every layer shows another one. Layers that TensorRT
/// compiled from a part of the network (`ForeignNode`, `__myl...`) show the types at their borders only, and
/// say nothing; there, what holds is what TensorRT inferred for the network (NarrowNetwork checks that).
void check_precisions(const Engine& engine, const ConfigOptions& options, bool strongly_typed);
/// The same for one type.
void check_precision(const std::vector<DescribedLayer>& layers, DataType asked, bool strongly_typed);

}  // namespace polygraph::trt
