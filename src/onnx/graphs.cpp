#include "onnx/graphs.h"

#include <polygraph/onnx/editor.h>

namespace polygraph::onnx {
namespace {

// Recursion is as deep as graphs are nested: at most `max_nesting`.
template <class NodeList, class Visitor>
void visit_graphs_of(NodeList& nodes, const Visitor& visit) {
  for (auto& node : nodes) {
    for_each_subgraph(node, [&](auto& graph) {
      visit(graph);
      visit_graphs_of(graph.nodes, visit);
    });
  }
}

template <class ModelType, class Visitor>
void visit_graphs(ModelType& model, const Visitor& visit) {
  visit(model.graph);
  visit_graphs_of(model.graph.nodes, visit);
  for (auto& function : model.functions) visit_graphs_of(function.nodes, visit);
  for (auto& training : model.training_info) {
    for (auto* graph : {&training.initialization, &training.algorithm}) {
      if (!*graph) continue;
      visit(**graph);
      visit_graphs_of((*graph)->nodes, visit);
    }
  }
}

}  // namespace

void for_each_graph(Model& model, const std::function<void(Graph&)>& visit) {
  visit_graphs(model, visit);
}

void for_each_graph(const Model& model, const std::function<void(const Graph&)>& visit) {
  visit_graphs(model, visit);
}

}  // namespace polygraph::onnx
