#include "onnx/scopes.h"

#include "onnx/attributes.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

void visit_graph(const Graph& graph, const Scope* outer, const std::function<void(const Scope&)>& visit) {
  const Scope scope(graph, outer);
  visit(scope);
  for (const Node& node : graph.nodes)
    for_each_subgraph(node, [&](const Graph& inner) { visit_graph(inner, &scope, visit); });
}

}  // namespace

Scope::Scope(const Graph& graph, const Scope* outer)
    : graph_(graph), outer_(outer), longest_path_(graph.nodes.size() + (outer ? outer->longest_path_ : 0)) {
  origins_.reserve(graph.nodes.size() + graph.initializers.size() + graph.inputs.size());
  for (const TensorData& tensor : graph.initializers) origins_.emplace(tensor.name, Origin{nullptr, &tensor});
  for (const ValueInfo& input : graph.inputs) origins_.emplace(input.name, Origin{});
  for (const Node& node : graph.nodes)
    for (const std::string_view output : node.outputs)
      if (!output.empty()) origins_.emplace(output, Origin{&node, nullptr});
}

Scope::Origin Scope::origin(std::string_view value) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    const auto found = scope->origins_.find(value);
    if (found != scope->origins_.end()) return found->second;
  }
  return {};
}

const TensorData* Scope::weight(std::string_view value) const {
  const Origin from = origin(value);
  if (from.initializer != nullptr) return from.initializer;
  if (from.node == nullptr || !is_standard(*from.node, "Constant")) return nullptr;
  const auto* tensor = attribute_value<Box<TensorData>>(*from.node, "value");
  return tensor ? tensor->get() : nullptr;
}

void for_each_scope(const Model& model, const std::function<void(const Scope&)>& visit) {
  visit_graph(model.graph, nullptr, visit);
}

}  // namespace polygraph::onnx
