#include <polygraph/onnx/passes.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "onnx/attributes.h"
#include "onnx/captures.h"
#include "onnx/graphs.h"
#include "onnx/name_table.h"
#include "onnx/passes_common.h"

namespace polygraph::onnx::passes {
namespace {

CleanupReport& operator+=(CleanupReport& report, const Removed& removed) {
  report.nodes += removed.nodes;
  report.initializers += removed.initializers;
  report.inputs += removed.inputs;
  report.value_infos += removed.value_infos;
  return report;
}

/// Inner graphs first: what they no longer take may be unused outside.
void clean_graph(Model& model, Graph& graph, CleanupReport& report) {
  for (Node& node : graph.nodes)
    for_each_subgraph(node, [&](Graph& inner) { clean_graph(model, inner, report); });
  GraphEditor editor(model, graph);
  report += remove_unused(editor);
}

void remove_unused_inputs(Model& model, CleanupReport& report) {
  GraphEditor editor(model);
  std::vector<ValueInfo> kept;
  for (const ValueInfo& input : model.graph.inputs)
    if (editor.is_used(input.name)) kept.push_back(input);
  report.inputs += model.graph.inputs.size() - kept.size();
  editor.set_graph_inputs(std::move(kept));
}

void add_training_needs(const Model& model, std::vector<std::string_view>& values) {
  for (const TrainingInfo& training : model.training_info) {
    for (const StringEntry& binding : training.initialization_bindings) values.push_back(binding.key);
    for (const StringEntry& binding : training.update_bindings) values.push_back(binding.key);
    for (const Box<Graph>* graph : {&training.initialization, &training.algorithm}) {
      if (!*graph) continue;
      const std::vector<std::string_view> captures = captures_of(**graph);
      values.insert(values.end(), captures.begin(), captures.end());
    }
  }
}

using FunctionKey = std::tuple<std::string_view, std::string_view, std::string_view>;

FunctionKey key_of(std::string_view domain, std::string_view name, std::string_view overload) {
  return {plain_domain(domain), name, overload};
}

struct FunctionKeyHash {
  std::size_t operator()(const FunctionKey& key) const {
    const std::hash<std::string_view> hash;
    return (hash(std::get<0>(key)) * 31 + hash(std::get<1>(key))) * 31 + hash(std::get<2>(key));
  }
};

class CallSearch {
 public:
  explicit CallSearch(const Model& model) : model_(model), used_(model.functions.size()) {
    for (std::size_t i = 0; i < model.functions.size(); ++i) {
      const Function& function = model.functions[i];
      numbers_[key_of(function.domain, function.name, function.overload)] = i;
    }
  }

  std::vector<bool> run() && {
    nodes(model_.graph.nodes);
    for (const TrainingInfo& training : model_.training_info)
      for (const Box<Graph>* graph : {&training.initialization, &training.algorithm})
        if (*graph) nodes((*graph)->nodes);
    while (!waiting_.empty()) {
      const std::size_t function = waiting_.back();
      waiting_.pop_back();
      nodes(model_.functions[function].nodes);
    }
    return std::move(used_);
  }

 private:
  void nodes(const std::vector<Node>& nodes_of_graph) {
    for (const Node& node : nodes_of_graph) {
      const auto found = numbers_.find(key_of(node.domain, node.op_type, node.overload));
      if (found != numbers_.end() && !used_[found->second]) {
        used_[found->second] = true;
        waiting_.push_back(found->second);
      }
      for_each_subgraph(node, [&](const Graph& inner) { nodes(inner.nodes); });
    }
  }

  const Model& model_;
  std::unordered_map<FunctionKey, std::size_t, FunctionKeyHash> numbers_;
  std::vector<bool> used_;
  std::vector<std::size_t> waiting_;
};

std::size_t remove_unused_functions(Model& model) {
  if (model.functions.empty()) return 0;
  const std::vector<bool> used = CallSearch(model).run();
  std::vector<Function> kept;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i]) kept.push_back(std::move(model.functions[i]));
  const std::size_t removed = used.size() - kept.size();
  model.functions = std::move(kept);
  return removed;
}

}  // namespace

Removed remove_unused(GraphEditor& editor) {
  Removed removed;
  Graph& graph = editor.graph();
  std::vector<std::string_view> roots;
  for (const ValueInfo& output : graph.outputs) roots.push_back(output.name);
  if (&graph == &editor.model().graph) add_training_needs(editor.model(), roots);
  const std::vector<NodeId> nodes = editor.nodes();
  const std::vector<bool> needed =
      nodes_behind(editor, value_numbers(editor, roots), {}, [](std::uint32_t) {});
  for (const NodeId node : nodes) {
    if (needed[static_cast<std::size_t>(node)]) continue;
    editor.remove(node);
    ++removed.nodes;
  }

  // Scales and zero points are known by name to the annotations of tensors that are left.
  NameTable annotated;
  std::erase_if(graph.quantization_annotations, [&](const QuantizationAnnotation& annotation) {
    const std::string_view tensor = annotation.tensor_name;
    if (!editor.is_defined(tensor) || (editor.initializer(tensor) && !editor.is_used(tensor))) return true;
    for (const StringEntry& parameter : annotation.parameters) annotated.add(parameter.value);
    return false;
  });

  // An initializer that is also an input (all are before IR version 4) goes with its input.
  std::vector<std::string_view> unused;
  for (const std::string_view name : editor.initializers())
    if (!editor.is_used(name) && !annotated.contains(name)) unused.push_back(name);
  bool inputs_change = false;
  for (const std::string_view name : unused) {
    inputs_change |= editor.is_graph_input(name);
    editor.remove_initializer(name);
    ++removed.initializers;
  }
  if (inputs_change) {
    NameTable gone(unused.size());
    for (const std::string_view name : unused) gone.add(name);
    std::vector<ValueInfo> inputs = graph.inputs;
    std::erase_if(inputs, [&](const ValueInfo& input) { return gone.contains(input.name); });
    editor.set_graph_inputs(std::move(inputs));
  }
  std::vector<std::string_view> infos;
  for (const ValueInfo& info : graph.value_info)
    if (!editor.is_defined(info.name) && !editor.is_used(info.name)) infos.push_back(info.name);
  for (const std::string_view name : infos) {
    editor.remove_value_info(name);
    ++removed.value_infos;
  }
  return removed;
}

CleanupReport cleanup(Model& model, const CleanupOptions& options) {
  CleanupReport report;
  clean_graph(model, model.graph, report);
  for (Function& function : model.functions) {
    FunctionBody body(function);
    clean_graph(model, body.graph(), report);
  }
  if (options.unused_inputs) remove_unused_inputs(model, report);
  if (options.unused_functions) report.functions = remove_unused_functions(model);
  return report;
}

}  // namespace polygraph::onnx::passes
