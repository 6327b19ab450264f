#pragma once

#include <polygraph/onnx/evaluator.h>
#include <polygraph/onnxrt/objects.h>

#include <memory>

namespace polygraph::onnxrt {

/// Computes single nodes with ONNX Runtime on the CPU, in one thread, without rewriting them. A session is
/// made for each distinct node (operator, attributes, types and shapes of inputs) and kept for the next one
/// like it.
/// @code
///   const auto evaluator = node_evaluator();
///   std::vector<std::optional<Tensor>> inputs{a, b};
///   auto outputs = evaluator->evaluate({model.graph.nodes[3], model, inputs});
/// @endcode
std::shared_ptr<const onnx::Evaluator> node_evaluator(Library library = Library());

}  // namespace polygraph::onnxrt
