#pragma once

#include <polygraph/onnx/model.h>

#include <type_traits>
#include <variant>
#include <vector>

namespace polygraph::onnx {

/// Calls `visit` for each graph that an attribute of the node holds, not for those nested in them. Node may
/// be const; the graphs are then too.
template <class NodeType, class Visitor>
void for_each_subgraph(NodeType& node, Visitor&& visit) {
  for (auto& attribute : node.attributes) {
    if (auto* graph = std::get_if<Box<Graph>>(&attribute.value)) {
      if (*graph) visit(**graph);
    } else if (auto* graphs = std::get_if<std::vector<Graph>>(&attribute.value)) {
      for (auto& each : *graphs) visit(each);
    }
  }
}

inline bool has_subgraphs(const Node& node) {
  for (const Attribute& attribute : node.attributes)
    if (attribute.type() == AttributeType::graph || attribute.type() == AttributeType::graphs) return true;
  return false;
}

/// Calls `define(name)` for every name that a graph itself gives to a value.
template <class Define>
void for_each_definition(const Graph& graph, Define&& define) {
  for (const ValueInfo& input : graph.inputs) define(input.name);
  for (const TensorData& tensor : graph.initializers) define(tensor.name);
  for (const SparseTensor& tensor : graph.sparse_initializers) define(tensor.values.name);
  for (const Node& node : graph.nodes)
    for (const std::string_view output : node.outputs)
      if (!output.empty()) define(output);
}

}  // namespace polygraph::onnx
