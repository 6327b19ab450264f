#include "onnx/cut_out_nodes.h"

#include <polygraph/onnx/passes.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "onnx/captures.h"

namespace polygraph::onnx {

namespace {

using Names = std::unordered_set<std::string_view>;

Names initializers_of(const Graph& graph) {
  Names names;
  for (const TensorData& tensor : graph.initializers) names.insert(tensor.name);
  for (const auto& tensor : graph.sparse_initializers) names.insert(tensor.values.name);
  return names;
}

// The values of outputs of the model, and those that nodes take: any of `inside`, and any others.
struct Taken {
  Names inside;
  Names outside;
};

Taken taken_from(const Graph& graph, const std::unordered_set<std::size_t>& inside) {
  Taken taken;
  for (const ValueInfo& output : graph.outputs) taken.outside.insert(output.name);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string_view value : taken_by(graph.nodes[i]))
      (inside.contains(i) ? taken.inside : taken.outside).insert(value);
  return taken;
}

void add_outputs(const Node& node, const Taken& taken, std::vector<passes::Boundary>& outputs) {
  const auto is_taken = [&](std::string_view value) {
    return taken.inside.contains(value) || taken.outside.contains(value);
  };
  std::string_view first;
  for (const std::string_view value : node.outputs) {
    if (first.empty()) first = value;
    if (!value.empty() && taken.outside.contains(value)) outputs.push_back({std::string(value)});
  }
  if (!first.empty() && std::ranges::none_of(node.outputs, is_taken)) outputs.push_back({std::string(first)});
}

}  // namespace

std::vector<std::string_view> taken_by(const Node& node) {
  std::vector<std::string_view> values = captures_of(node);
  values.insert(values.end(), node.inputs.begin(), node.inputs.end());
  std::erase(values, std::string_view());
  return values;
}

Model cut_out_nodes(const Model& model, std::span<const std::size_t> nodes) {
  const Graph& graph = model.graph;
  const std::unordered_set<std::size_t> inside(nodes.begin(), nodes.end());
  const Taken taken = taken_from(graph, inside);
  Names known = initializers_of(graph);  // constants, what is made inside, and inputs seen
  for (const std::size_t i : nodes)
    known.insert(graph.nodes[i].outputs.begin(), graph.nodes[i].outputs.end());

  std::vector<passes::Boundary> inputs;
  std::vector<passes::Boundary> outputs;
  for (const std::size_t i : nodes) {
    for (const std::string_view value : taken_by(graph.nodes[i]))
      if (known.insert(value).second) inputs.push_back({std::string(value)});
    add_outputs(graph.nodes[i], taken, outputs);
  }
  Model part = model;
  passes::extract_subgraph(part, inputs, outputs);
  return part;
}

}  // namespace polygraph::onnx
