#pragma once

#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/model.h>

namespace polygraph::onnx {

/// Calls `visit(TensorData&)` for the initializers and the tensors in attributes of every graph of the model.
template <class Visitor>
void for_each_tensor(Model& model, Visitor&& visit) {
  for_each_graph(model, [&](Graph& graph) {
    for (TensorData& tensor : graph.initializers) visit(tensor);
    for (Node& node : graph.nodes) {
      for (Attribute& attribute : node.attributes) {
        if (auto* one = std::get_if<Box<TensorData>>(&attribute.value)) visit(**one);
        if (auto* several = std::get_if<std::vector<TensorData>>(&attribute.value))
          for (TensorData& tensor : *several) visit(tensor);
      }
    }
  });
}

}  // namespace polygraph::onnx
