#include "onnx/scopes.h"

namespace polygraph::onnx {
namespace {

void visit_graph(const Graph& graph, const Scope* outer, const std::function<void(const Scope&)>& visit) {
  const Scope scope(graph, outer);
  visit(scope);
  for (const Node& node : graph.nodes) {
    for (const Attribute& attribute : node.attributes) {
      if (const auto* one = std::get_if<Box<Graph>>(&attribute.value)) visit_graph(**one, &scope, visit);
      if (const auto* several = std::get_if<std::vector<Graph>>(&attribute.value))
        for (const Graph& inner : *several) visit_graph(inner, &scope, visit);
    }
  }
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
  const Attribute* attribute = find_attribute(*from.node, "value");
  const auto* tensor = attribute ? std::get_if<Box<TensorData>>(&attribute->value) : nullptr;
  return tensor ? tensor->get() : nullptr;
}

void for_each_scope(const Model& model, const std::function<void(const Scope&)>& visit) {
  visit_graph(model.graph, nullptr, visit);
}

bool is_standard_domain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

bool is_standard(const Node& node, std::string_view op_type) {
  return node.op_type == op_type && is_standard_domain(node.domain);
}

const Attribute* find_attribute(const Node& node, std::string_view name) {
  for (const Attribute& attribute : node.attributes)
    if (attribute.name == name) return &attribute;
  return nullptr;
}

}  // namespace polygraph::onnx
