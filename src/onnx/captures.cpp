#include "onnx/captures.h"

#include <algorithm>

#include "onnx/graphs.h"
#include "onnx/name_table.h"

namespace polygraph::onnx {
namespace {

class Finder {
 public:
  void search(const Graph& graph) {
    NameTable& own = scopes_.emplace_back(graph.nodes.size());
    for_each_definition(graph, [&](std::string_view name) { own.add(name); });
    for (const Node& node : graph.nodes) {
      for (const std::string_view input : node.inputs) take(input);
      for_each_subgraph(node, [&](const Graph& inner) { search(inner); });
    }
    for (const ValueInfo& output : graph.outputs) take(output.name);
    scopes_.pop_back();
  }

  std::vector<std::string_view> names() && { return std::move(names_); }

 private:
  void take(std::string_view name) {
    if (name.empty()) return;
    for (const NameTable& scope : scopes_)
      if (scope.contains(name)) return;
    const std::size_t before = seen_.size();
    seen_.add(name);
    if (seen_.size() > before) names_.push_back(name);
  }

  std::vector<NameTable> scopes_;  // of the graphs that the search is inside of
  NameTable seen_;
  std::vector<std::string_view> names_;
};

bool defines(const Graph& graph, std::string_view name) {
  bool found = false;
  for_each_definition(graph, [&](std::string_view own) { found |= own == name; });
  return found;
}

/// Whether the graph uses `from` where it means the value outside; sets `hidden` if one of the graphs on the
/// way there defines `to`.
bool takes(const Graph& graph, std::string_view from, std::string_view to, bool& hidden) {
  if (defines(graph, from)) return false;
  bool taken =
      std::ranges::any_of(graph.outputs, [&](const ValueInfo& output) { return output.name == from; });
  for (const Node& node : graph.nodes) {
    taken |= std::ranges::find(node.inputs, from) != node.inputs.end();
    for_each_subgraph(node, [&](const Graph& inner) { taken |= takes(inner, from, to, hidden); });
  }
  if (taken && defines(graph, to)) hidden = true;
  return taken;
}

}  // namespace

std::vector<std::string_view> captures_of(const Graph& graph) {
  Finder finder;
  finder.search(graph);
  return std::move(finder).names();
}

std::vector<std::string_view> captures_of(const Node& node) {
  Finder finder;
  for_each_subgraph(node, [&](const Graph& graph) { finder.search(graph); });
  return std::move(finder).names();
}

bool would_be_hidden(const Graph& graph, std::string_view from, std::string_view to) {
  bool hidden = false;
  takes(graph, from, to, hidden);
  return hidden;
}

bool would_be_hidden(const Node& node, std::string_view from, std::string_view to) {
  bool hidden = false;
  for_each_subgraph(node, [&](const Graph& graph) { hidden |= would_be_hidden(graph, from, to); });
  return hidden;
}

void rename_captures(Graph& graph, std::string_view from, std::string_view to) {
  if (defines(graph, from)) return;
  for (ValueInfo& output : graph.outputs)
    if (output.name == from) output.name = to;
  for (ValueInfo& info : graph.value_info)
    if (info.name == from) info.name = to;
  for (Node& node : graph.nodes) {
    std::ranges::replace(node.inputs, from, to);
    rename_captures(node, from, to);
  }
}

void rename_captures(Node& node, std::string_view from, std::string_view to) {
  for_each_subgraph(node, [&](Graph& graph) { rename_captures(graph, from, to); });
}

}  // namespace polygraph::onnx
