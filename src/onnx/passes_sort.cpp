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

constexpr std::uint32_t none = NameTable::none;

/// Who makes what each node takes, itself or in a sub-graph.
class Makers {
 public:
  explicit Makers(const GraphEditor::State& state) : state_(state), makers_(state.links.size(), none) {
    constexpr std::size_t ahead = 16;  // values are anywhere in memory
    for (std::size_t i = 0; i < makers_.size(); ++i) {
      if (i + ahead < makers_.size() && state.links[i + ahead].value != none)
        __builtin_prefetch(&state.values[state.links[i + ahead].value].producer);
      if (state.links[i].value != none) makers_[i] = state.values[state.links[i].value].producer;
    }
  }

  /// Calls `visit(maker)` for each value that the node takes and a node makes.
  template <class Visit>
  void of(std::uint32_t node, const Visit& visit) const {
    const GraphEditor::State::Range& range = state_.node_states[node].links;
    for (std::uint32_t i = range.begin; i < range.begin + range.count; ++i)
      if (makers_[i] != none) visit(makers_[i]);
  }

 private:
  const GraphEditor::State& state_;
  std::vector<std::uint32_t> makers_;  // by link
};

/// Each node left waits for another one that is left, so that going from one to the next runs in a circle.
[[noreturn]] void fail_with_cycle(const GraphEditor& editor, const Makers& makers,
                                  const std::vector<std::uint32_t>& waiting_for) {
  const GraphEditor::State& state = editor.state();
  std::vector<std::uint32_t> visited(waiting_for.size());  // by node: how many before it, itself included
  std::vector<std::uint32_t> path;
  std::uint32_t at = state.first;
  while (waiting_for[at] == 0) at = state.node_states[at].next;
  while (visited[at] == 0) {
    path.push_back(at);
    visited[at] = static_cast<std::uint32_t>(path.size());
    std::uint32_t before = at;
    makers.of(at, [&](std::uint32_t maker) {
      if (waiting_for[maker] > 0) before = maker;
    });
    at = before;
  }
  path.erase(path.begin(), path.begin() + visited[at] - 1);
  std::ranges::reverse(path);

  constexpr std::size_t most = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(path.size(), most); ++i) names += state.describe(path[i]) + " -> ";
  if (path.size() > most) names += fmt::format("({} more) -> ", path.size() - most);
  throw InputError(
      fmt::format("Cannot sort the graph '{}': its nodes depend on each other in a circle: {}{}.",
                  editor.graph().name, names, state.describe(path.front())),
      "Take one of the inputs along the circle from somewhere else.");
}

/// Which nodes depend on which, a node twice if it takes two values of another.
class Dependants {
 public:
  Dependants(const Makers& makers, const std::vector<NodeId>& nodes, std::size_t numbers)
      : begins_(numbers + 1) {
    const auto for_each_pair = [&](const auto& visit) {
      for (const NodeId each : nodes) {
        const auto node = static_cast<std::uint32_t>(each);
        makers.of(node, [&](std::uint32_t maker) { visit(maker, node); });
      }
    };
    for_each_pair([&](std::uint32_t maker, std::uint32_t) { ++begins_[maker + 1]; });
    for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    list_.resize(begins_.back());
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for_each_pair([&](std::uint32_t maker, std::uint32_t node) { list_[next[maker]++] = node; });
  }

  std::span<const std::uint32_t> of(std::uint32_t node) const {
    return std::span(list_).subspan(begins_[node], begins_[node + 1] - begins_[node]);
  }

 private:
  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> list_;
};

std::size_t sort_graph(Model& model, Graph& graph) {
  std::size_t moved = 0;
  for (Node& node : graph.nodes)
    for_each_subgraph(node, [&](Graph& inner) { moved += sort_graph(model, inner); });
  GraphEditor editor(model, graph);
  return moved + sort_nodes(editor);
}

}  // namespace

std::size_t sort_nodes(GraphEditor& editor) {
  const GraphEditor::State& state = editor.state();
  const std::vector<NodeId> nodes = editor.nodes();
  std::vector<std::uint32_t> position(state.nodes.size());
  std::vector<std::uint32_t> waiting_for(state.nodes.size());
  for (std::uint32_t i = 0; i < nodes.size(); ++i) position[static_cast<std::uint32_t>(nodes[i])] = i;
  const Makers makers(state);
  bool sorted = true;
  for (const NodeId each : nodes) {
    const auto node = static_cast<std::uint32_t>(each);
    makers.of(node, [&](std::uint32_t maker) {
      ++waiting_for[node];
      sorted &= position[maker] < position[node];
    });
  }
  if (sorted) return 0;

  // Of the nodes that can run, the first one in the present order.
  const Dependants dependants(makers, nodes, state.nodes.size());
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    if (waiting_for[static_cast<std::uint32_t>(nodes[i])] == 0) ready.push(i);
  std::vector<NodeId> order;
  order.reserve(nodes.size());
  std::size_t moved = 0;
  while (!ready.empty()) {
    const NodeId node = nodes[ready.top()];
    if (ready.top() != order.size()) ++moved;
    ready.pop();
    order.push_back(node);
    for (const std::uint32_t dependant : dependants.of(static_cast<std::uint32_t>(node)))
      if (--waiting_for[dependant] == 0) ready.push(position[dependant]);
  }
  if (order.size() < nodes.size()) fail_with_cycle(editor, makers, waiting_for);
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
