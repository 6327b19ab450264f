#include <fmt/format.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/passes.h>

#include <map>

#include "onnx/name_table.h"

namespace polygraph::onnx::passes {

std::size_t name_nodes(Model& model) {
  NameTable taken(model.graph.nodes.size());
  std::vector<Node*> nameless;
  const auto look = [&](std::vector<Node>& nodes) {
    for (Node& node : nodes) {
      const std::size_t before = taken.size();
      if (!node.name.empty()) taken.add(node.name);
      if (taken.size() == before) nameless.push_back(&node);
    }
  };
  for_each_graph(model, [&](Graph& graph) { look(graph.nodes); });
  for (Function& function : model.functions) look(function.nodes);

  // A doubled name stays recognisable; without one the operator has to do.
  std::map<std::string_view, std::size_t> counts;
  for (Node* node : nameless) {
    const std::string_view stem = node->name.empty() ? node->op_type : node->name;
    std::size_t& count = counts[stem];
    std::string name;
    do {
      name = fmt::format("{}_{}", stem, count++);
    } while (taken.contains(name));
    node->name = model.storage.intern(std::string_view(name));
    taken.add(node->name);
  }
  return nameless.size();
}

}  // namespace polygraph::onnx::passes
