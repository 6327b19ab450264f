#include "onnx/simplify_graph.h"

#include <algorithm>

#include "onnx/attributes.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {

GraphSimplifier::GraphSimplifier(Model& model, const SimplifyOptions& options, SimplifyReport& report)
    : model_(model), options_(options), report_(report), random_(model) {}

bool GraphSimplifier::run() {
  const auto done = [&] {
    return report_.no_ops + report_.pairs + report_.duplicates + report_.duplicate_weights;
  };
  const std::size_t before = done();
  opset_ = model_.opset().value_or(1);
  numbers_ = {};
  simplify(model_.graph, nullptr);
  return done() != before;
}

void GraphSimplifier::simplify(Graph& graph, ValueScope* outer) {
  GraphEditor editor(model_, graph);
  ValueScope scope(editor, outer, numbers_, true);
  for (const NodeId id : editor.nodes()) {
    if (!editor.contains(id)) continue;
    if (has_subgraphs(editor.node(id))) {
      for_each_subgraph(editor.edit(id), [&](Graph& inner) { simplify(inner, &scope); });
      editor.refresh_captures(id);
    }
    visit(scope, id);
  }
  if (options_.duplicate_weights) {
    const JoinedWeights joined = join_duplicate_weights(editor);
    report_.duplicate_weights += joined.count;
    report_.duplicate_bytes += joined.bytes;
  }
  if (options_.duplicates) report_.duplicates += join_duplicates(editor, random_);
}

void GraphSimplifier::visit(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  const Node& node = editor.node(id);
  if (!is_standard_domain(node.domain) || has_attribute_references(node) || node.outputs.empty() ||
      node.outputs[0].empty() || random_.is_random(node))
    return;
  const Rewrite rewrite{scope, id, opset_};
  if (options_.pairs && join_with_producer(rewrite)) {
    ++report_.pairs;
    if (!editor.contains(id)) return;
  }
  if (!options_.no_ops) return;
  if (const auto input = passed_input(rewrite); input && editor.bypass(id, *input)) ++report_.no_ops;
}

bool Rewrite::list(std::string_view attribute, std::size_t input,
                   std::optional<std::vector<std::int64_t>>& result) const {
  result.reset();
  if (const auto* ints = attribute_value<std::vector<std::int64_t>>(node(), attribute)) {
    result = *ints;
    return true;
  }
  if (!has_input(input)) return true;
  const ValueFacts* facts = scope.facts(node().inputs[input]);
  if (!facts || !facts->value || !facts->value->is_known()) return false;
  result.emplace(facts->value->elements.size());
  std::ranges::transform(facts->value->elements, result->begin(), &PartialInt::value);
  return true;
}

bool have_same_shape(ValueScope& scope, std::string_view a, std::string_view b) {
  const ValueFacts* first = scope.facts(a);
  const ValueFacts* second = scope.facts(b);
  if (!first || !second || !first->shape || !second->shape) return false;
  return std::ranges::equal(*first->shape, *second->shape,
                            [](const PartialInt& x, const PartialInt& y) { return x.surely_equals(y); });
}

}  // namespace polygraph::onnx
