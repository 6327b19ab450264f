#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

#include "onnx/graphs.h"
#include "onnx/passes_common.h"

namespace polygraph::onnx::passes {
namespace {

/// Calls `visit(producer)` for each value that the node takes, itself or in a sub-graph, and a node makes.
template <class Visit>
void for_each_dependency(const GraphEditor& editor, NodeId node, const Visit& visit) {
  for (const std::string_view input : editor.node(node).inputs)
    if (const auto maker = editor.producer(input)) visit(*maker);
  if (has_subgraphs(editor.node(node)))
    for (const std::string_view name : editor.captures(node))
      if (const auto maker = editor.producer(name)) visit(*maker);
}

/// Each node left waits for another one that is left, so that going from one to the next runs in a circle.
[[noreturn]] void fail_with_cycle(const GraphEditor& editor, const std::vector<std::uint32_t>& waiting_for) {
  const auto is_left = [&](NodeId node) { return waiting_for[static_cast<std::size_t>(node)] > 0; };
  std::vector<std::uint32_t> visited(waiting_for.size());
  std::vector<NodeId> path;
  const std::vector<NodeId> nodes = editor.nodes();
  NodeId at = *std::ranges::find_if(nodes, is_left);
  while (visited[static_cast<std::size_t>(at)] == 0) {
    path.push_back(at);
    visited[static_cast<std::size_t>(at)] = static_cast<std::uint32_t>(path.size());
    NodeId before = at;
    for_each_dependency(editor, at, [&](NodeId maker) {
      if (is_left(maker)) before = maker;
    });
    at = before;
  }
  path.erase(path.begin(), path.begin() + visited[static_cast<std::size_t>(at)] - 1);
  std::ranges::reverse(path);

  constexpr std::size_t most = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(path.size(), most); ++i) names += editor.describe(path[i]) + " -> ";
  if (path.size() > most) names += fmt::format("({} more) -> ", path.size() - most);
  throw InputError(
      fmt::format("Cannot sort the graph '{}': its nodes depend on each other in a circle: {}{}.",
                  editor.graph().name, names, editor.describe(path.front())),
      "Take one of the inputs along the circle from somewhere else.");
}

std::size_t sort_graph(Model& model, Graph& graph) {
  std::size_t moved = 0;
  for (Node& node : graph.nodes)
    for_each_subgraph(node, [&](Graph& inner) { moved += sort_graph(model, inner); });
  GraphEditor editor(model, graph);
  return moved + sort_nodes(editor);
}

}  // namespace

std::size_t sort_nodes(GraphEditor& editor) {
  const std::vector<NodeId> nodes = editor.nodes();
  if (nodes.empty()) return 0;
  const std::size_t numbers = static_cast<std::size_t>(*std::ranges::max_element(nodes)) + 1;
  std::vector<std::uint32_t> position(numbers);
  std::vector<std::uint32_t> waiting_for(numbers);
  bool sorted = true;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) position[static_cast<std::size_t>(nodes[i])] = i;
  for (const NodeId node : nodes) {
    for_each_dependency(editor, node, [&](NodeId maker) {
      ++waiting_for[static_cast<std::size_t>(node)];
      sorted &= position[static_cast<std::size_t>(maker)] < position[static_cast<std::size_t>(node)];
    });
  }
  if (sorted) return 0;

  // Of the nodes that can run, the first one in the present order.
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    if (waiting_for[static_cast<std::size_t>(nodes[i])] == 0) ready.push(i);
  std::vector<NodeId> order;
  order.reserve(nodes.size());
  std::size_t moved = 0;
  while (!ready.empty()) {
    const NodeId node = nodes[ready.top()];
    if (ready.top() != order.size()) ++moved;
    ready.pop();
    order.push_back(node);
    for (const std::string_view output : editor.node(node).outputs)
      for (const Use& use : editor.consumers(output))
        if (--waiting_for[static_cast<std::size_t>(use.node)] == 0)
          ready.push(position[static_cast<std::size_t>(use.node)]);
  }
  if (order.size() < nodes.size()) fail_with_cycle(editor, waiting_for);
  editor.reorder(order);
  return moved;
}

std::size_t sort_topologically(Model& model) {
  std::size_t moved = sort_graph(model, model.graph);
  for (Function& function : model.functions) {
    FunctionBody body(function);
    moved += sort_graph(model, body.graph());
  }
  for (TrainingInfo& training : model.training_info)
    for (Box<Graph>* graph : {&training.initialization, &training.algorithm})
      if (*graph) moved += sort_graph(model, **graph);
  return moved;
}

}  // namespace polygraph::onnx::passes
