#pragma once

#include <polygraph/onnx/evaluator.h>
#include <polygraph/openvino/objects.h>

#include <memory>

namespace polygraph::openvino {

/// Computes single nodes with OpenVINO's reference implementations (`ov::Model::evaluate`), in the types of
/// the node, on no device. What OpenVINO cannot compute, or not as ONNX defines it, is refused with a
/// BackendError.
/// @code
///   const auto evaluator = node_evaluator();
///   std::vector<std::optional<Tensor>> inputs{a, b};
///   auto outputs = evaluator->evaluate({model.graph.nodes[3], model, inputs});
/// @endcode
std::shared_ptr<const onnx::Evaluator> node_evaluator(Runtime runtime = Runtime());

}  // namespace polygraph::openvino
