#include <unordered_map>
#include <vector>

#include "onnx/attributes.h"
#include "onnx/fold_graph.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

/// The one number that a value is known to be.
std::optional<std::int64_t> known_number(ValueScope& scope, std::string_view value) {
  const ValueFacts* facts = scope.facts(value);
  if (!facts || !facts->value || facts->value->elements.size() != 1) return std::nullopt;
  const PartialInt element = facts->value->elements[0];
  return element.is_number() ? std::optional(element.value) : std::nullopt;
}

}  // namespace

// The branch's own values get names that are free everywhere, since its names may be used in other graphs,
// too. Its outputs get the names of the If's outputs where a node of the branch makes them; an Identity node
// passes on the others: constants, values from outside, and values that are two outputs at once.
bool GraphFolder::take_branch(ValueScope& scope, NodeId id, std::optional<NodeId>& next) {
  GraphEditor& editor = scope.editor();
  Node& node = editor.edit(id);
  if (node.inputs.size() != 1) return false;
  const auto condition = known_number(scope, node.inputs[0]);
  if (!condition) return false;
  Attribute* attribute = find_attribute(node, *condition != 0 ? "then_branch" : "else_branch");
  auto* box = attribute ? std::get_if<Box<Graph>>(&attribute->value) : nullptr;
  if (!box || !*box || (*box)->outputs.size() != node.outputs.size() || !(*box)->sparse_initializers.empty())
    return false;

  Graph branch = std::move(**box);
  const std::vector<std::string_view> outputs = node.outputs;
  {
    GraphEditor inner(model_, branch);
    std::vector<std::string_view> definitions;
    for (const std::string_view name : inner.initializers()) definitions.push_back(name);
    for (const NodeId each : inner.nodes())
      for (const std::string_view name : inner.node(each).outputs)
        if (!name.empty()) definitions.push_back(name);
    for (const std::string_view name : definitions) inner.rename(name, fresh_name(scope, name));

    std::unordered_map<std::string_view, std::string_view> renamed;
    std::vector<std::string_view> made;
    for (const ValueInfo& output : inner.graph().outputs) made.push_back(output.name);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].empty()) continue;
      const auto earlier = renamed.find(made[i]);
      if (earlier == renamed.end() && inner.producer(made[i])) {
        inner.rename(made[i], outputs[i]);
        renamed.emplace(made[i], outputs[i]);
      } else {
        const std::string_view source = earlier == renamed.end() ? made[i] : earlier->second;
        inner.append({.op_type = "Identity", .inputs = {source}, .outputs = {outputs[i]}});
      }
    }
  }

  std::optional<NodeId> previous = editor.previous(id);
  editor.remove(id);
  for (TensorData& initializer : branch.initializers) store(scope, previous, std::move(initializer), {});
  std::optional<NodeId> first;
  for (Node& each : branch.nodes) {
    previous = previous ? editor.insert_after(*previous, std::move(each)) : editor.prepend(std::move(each));
    if (!first) first = previous;
  }
  for (ValueInfo& info : branch.value_info)
    if (editor.is_defined(info.name) && !editor.value_info(info.name)) editor.set_value_info(std::move(info));
  auto& annotations = editor.graph().quantization_annotations;
  for (QuantizationAnnotation& annotation : branch.quantization_annotations)
    annotations.push_back(std::move(annotation));
  if (first) next = first;
  ++report_.branches;
  return true;
}

}  // namespace polygraph::onnx
