#include "onnx/random_nodes.h"

#include <algorithm>
#include <array>

#include "onnx/attributes.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

constexpr std::array<std::string_view, 6> random_operators = {
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"};

}  // namespace

RandomNodes::RandomNodes(const Model& model) : opset_(model.opset().value_or(1)) {
  // A function may call any other: go on until no more are found.
  bool found = true;
  while (found) {
    found = false;
    for (const Function& function : model.functions) {
      const std::pair key(function.domain, function.name);
      if (functions_.contains(key)) continue;
      if (std::ranges::any_of(function.nodes, [&](const Node& node) { return is_random(node); }))
        found = functions_.insert(key).second;
    }
  }
}

bool RandomNodes::is_random_here(const Node& node) const {
  if (functions_.contains({node.domain, node.op_type})) return true;
  if (!is_standard_domain(node.domain)) return false;
  if (node.op_type == "Dropout") {
    // The mode was an attribute at first, and is an input now; in between there was no training.
    if (opset_ < 7) return int_attribute(node, "is_test", 0) == 0;
    return node.inputs.size() > 2 && !node.inputs[2].empty();
  }
  return std::ranges::find(random_operators, node.op_type) != random_operators.end();
}

// Recursion ends with the nesting of graphs, which is bounded.
bool RandomNodes::is_random(const Node& node) const {
  if (is_random_here(node)) return true;
  bool result = false;
  for_each_subgraph(node, [&](const Graph& graph) {
    result = result || std::ranges::any_of(graph.nodes, [&](const Node& inner) { return is_random(inner); });
  });
  return result;
}

}  // namespace polygraph::onnx
