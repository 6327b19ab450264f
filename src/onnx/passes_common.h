#pragma once

#include <polygraph/onnx/editor.h>

#include <string>
#include <string_view>
#include <vector>

#include "onnx/editor_state.h"
#include "onnx/graphs.h"

// What several passes need.

namespace polygraph::onnx::passes {

/// Names of all values of the graph that something makes: inputs, initializers and outputs of nodes.
std::vector<std::string> value_names(const GraphEditor& editor);

/// Which nodes the values depend on, by their numbers. The search does not go behind the values of `stop` (by
/// number; may be shorter than there are values). Calls `visit(number)` for values met, some more than once.
template <class Visit>
std::vector<bool> nodes_behind(const GraphEditor& editor, std::vector<std::uint32_t> values,
                               const std::vector<bool>& stop, const Visit& visit) {
  const GraphEditor::State& state = editor.state();
  std::vector<bool> met(state.nodes.size());
  while (!values.empty()) {
    const std::uint32_t value = values.back();
    values.pop_back();
    visit(value);
    if (value < stop.size() && stop[value]) continue;
    const std::uint32_t maker = state.values[value].producer;
    if (maker == NameTable::none || met[maker]) continue;
    met[maker] = true;
    for (const GraphEditor::State::Link& link : state.links_of(maker))
      if (link.value != NameTable::none) values.push_back(link.value);
  }
  return met;
}

/// The numbers of values, left out those that are nowhere in the graph.
std::vector<std::uint32_t> value_numbers(const GraphEditor& editor,
                                         const std::vector<std::string_view>& names);

/// The body of a function as a graph, which is put back at the end: what works on graphs works on it.
class FunctionBody {
 public:
  explicit FunctionBody(Function& function);
  FunctionBody(const FunctionBody&) = delete;
  FunctionBody& operator=(const FunctionBody&) = delete;
  ~FunctionBody();
  Graph& graph() { return graph_; }

 private:
  Function& function_;
  Graph graph_;
};

/// Removes what no output of this graph depends on, not looking into sub-graphs.
struct Removed {
  std::size_t nodes = 0;
  std::size_t initializers = 0;
  std::size_t inputs = 0;
  std::size_t value_infos = 0;
};
Removed remove_unused(GraphEditor& editor);

/// Sorts one graph, not looking into sub-graphs; returns how many nodes moved.
std::size_t sort_nodes(GraphEditor& editor);

/// A `'a', 'b' and 7 more` of names for messages.
std::string listed(const std::vector<std::string_view>& names);

}  // namespace polygraph::onnx::passes
