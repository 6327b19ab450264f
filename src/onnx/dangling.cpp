#include <polygraph/onnx/editor.h>

#include "onnx/graphs.h"
#include "onnx/name_table.h"

namespace polygraph::onnx {
namespace {

class Search {
 public:
  void graph(const Graph& graph) {
    open(graph);
    nodes(graph.nodes);
    for (const ValueInfo& output : graph.outputs) take(output.name);
    scopes_.pop_back();
  }

  void function(const Function& function) {
    NameTable& own = scopes_.emplace_back(function.nodes.size());
    for (const std::string_view input : function.inputs) own.add(input);
    for (const Node& node : function.nodes)
      for (const std::string_view output : node.outputs) own.add(output);
    nodes(function.nodes);
    for (const std::string_view output : function.outputs) take(output);
    scopes_.pop_back();
  }

  void model(const Model& model) {
    graph(model.graph);
    for (const Function& each : model.functions) function(each);
    if (model.training_info.empty()) return;
    open(model.graph);  // training graphs see the values of the main graph
    for (const TrainingInfo& training : model.training_info)
      for (const Box<Graph>* each : {&training.initialization, &training.algorithm})
        if (*each) graph(**each);
  }

  std::vector<std::string_view> names() && { return std::move(names_); }

 private:
  void open(const Graph& graph) {
    NameTable& own = scopes_.emplace_back(graph.nodes.size() + graph.initializers.size());
    for_each_definition(graph, [&](std::string_view name) { own.add(name); });
  }

  void nodes(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      for (const std::string_view input : node.inputs) take(input);
      for_each_subgraph(node, [&](const Graph& inner) { graph(inner); });
    }
  }

  void take(std::string_view name) {
    if (name.empty()) return;
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      if (scope->contains(name)) return;
    const std::size_t before = seen_.size();
    seen_.add(name);
    if (seen_.size() > before) names_.push_back(name);
  }

  std::vector<NameTable> scopes_;
  NameTable seen_;
  std::vector<std::string_view> names_;
};

}  // namespace

std::vector<std::string_view> dangling_values(const Model& model) {
  Search search;
  search.model(model);
  return std::move(search).names();
}

}  // namespace polygraph::onnx
