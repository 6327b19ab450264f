#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>

#include <algorithm>

#include "onnx/captures.h"
#include "onnx/editor_state.h"

namespace polygraph::onnx {
namespace {

/// Renames what is known by names outside of the graph's nodes, inputs, outputs and initializers.
void rename_annotations(Graph& graph, std::string_view from, std::string_view to) {
  for (QuantizationAnnotation& annotation : graph.quantization_annotations) {
    if (annotation.tensor_name == from) annotation.tensor_name = to;
    for (StringEntry& parameter : annotation.parameters)
      if (parameter.value == from) parameter.value = to;
  }
}

void rename_in_training(Model& model, std::string_view from, std::string_view to) {
  for (TrainingInfo& training : model.training_info) {
    for (std::vector<StringEntry>* bindings : {&training.initialization_bindings, &training.update_bindings})
      for (StringEntry& binding : *bindings)
        if (binding.key == from) binding.key = to;
    if (training.initialization) rename_captures(*training.initialization, from, to);
    if (training.algorithm) rename_captures(*training.algorithm, from, to);
  }
}

}  // namespace

void GraphEditor::rename(std::string_view from, std::string_view to) {
  if (from == to) return;
  const auto fail = [&](const std::string& why) {
    throw InputError(fmt::format("Cannot rename the value '{}' to '{}': {}.", from, to, why),
                     "Take another name; `unique_name` finds one.");
  };
  State& state = *state_;
  if (from.empty() || to.empty()) fail("a value has a name that is not empty");
  const std::uint32_t old = state.find(from);
  if (old == State::none || !(state.is_defined(state.values[old]) || state.is_used(state.values[old])))
    fail("there is no such value");
  const std::uint32_t taken = state.id(to);
  if (state.is_defined(state.values[taken]) || state.is_used(state.values[taken]))
    fail("there is a value of that name");
  if (!state.can_be_captured_as(old, taken)) fail("a sub-graph that takes it has a value of that name");
  if (state.names_reserved) state.reserved.add(state.names[taken]);

  const std::string_view old_name = state.names[old];
  const std::string_view new_name = state.names[taken];
  remove_value_info(new_name);  // left over from a value that is gone
  state.names.exchange(old, taken);
  State::ValueState& value = state.values[old];
  if (value.producer != State::none)
    std::ranges::replace(state.nodes[value.producer].outputs, old_name, new_name);
  for (std::uint32_t i = 0; i < value.uses.count; ++i) {
    const Use& use = state.uses[value.uses.begin + i];
    Node& node = state.nodes[static_cast<std::uint32_t>(use.node)];
    if (use.input == Use::captured)
      rename_captures(node, old_name, new_name);
    else
      node.inputs[use.input] = new_name;
  }
  if (value.input != State::none) state.graph.inputs[value.input].name = new_name;
  if (value.output != State::none) state.graph.outputs[value.output].name = new_name;
  if (value.initializer != State::none) state.initializers[value.initializer].name = new_name;
  if (value.sparse_initializer != State::none)
    state.sparse_initializers[value.sparse_initializer].values.name = new_name;
  if (value.info != State::none) state.infos[value.info].name = new_name;
  rename_annotations(state.graph, old_name, new_name);
  if (value.held) rename_in_training(state.model, old_name, new_name);
}

bool GraphEditor::replace(std::string_view from, std::string_view to) {
  if (from == to) return true;
  State& state = *state_;
  if (from.empty() || to.empty()) return false;
  const std::uint32_t old = state.id(from);
  const std::uint32_t other = state.id(to);
  const std::string_view old_name = state.names[old];
  if (state.values[old].held) return false;

  if (state.values[old].output == State::none) {
    if (!state.can_be_captured_as(old, other)) return false;
    while (state.values[old].uses.count > 0)
      state.redirect(state.uses[state.values[old].uses.begin], old, other);
    return true;
  }

  // The graph's output keeps its name, so `to` takes it.
  const State::ValueState& target = state.values[other];
  if (target.producer == State::none || target.output != State::none || target.held) return false;
  const std::uint32_t maker = state.values[old].producer;
  if (maker == State::none && state.is_defined(state.values[old])) return false;  // an input, an initializer
  if (!state.can_be_captured_as(other, old)) return false;
  if (maker != State::none) {
    std::ranges::replace(state.nodes[maker].outputs, old_name, std::string_view(""));
    state.values[old].producer = State::none;
    const auto unused = [&](std::string_view output) { return output.empty() || !is_used(output); };
    if (maker != target.producer && std::ranges::all_of(state.nodes[maker].outputs, unused))
      state.remove(maker);
  }
  while (state.values[other].uses.count > 0)
    state.redirect(state.uses[state.values[other].uses.begin], other, old);
  const std::uint32_t producer = state.values[other].producer;
  std::ranges::replace(state.nodes[producer].outputs, state.names[other], old_name);
  state.values[old].producer = producer;
  state.values[other].producer = State::none;
  remove_value_info(state.names[other]);
  rename_annotations(state.graph, state.names[other], old_name);
  return true;
}

bool GraphEditor::bypass(NodeId node, std::size_t input) {
  const Node& bypassed = this->node(node);
  if (input >= bypassed.inputs.size() || bypassed.inputs[input].empty() || bypassed.outputs.empty())
    return false;
  for (std::size_t i = 1; i < bypassed.outputs.size(); ++i)
    if (!bypassed.outputs[i].empty() && is_used(bypassed.outputs[i])) return false;
  const std::string_view output = bypassed.outputs[0];
  if (!output.empty() && !replace(output, bypassed.inputs[input])) return false;
  if (contains(node)) remove(node);
  return true;
}

}  // namespace polygraph::onnx
