#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>

#include <algorithm>

#include "core/names.h"
#include "onnx/attributes.h"
#include "onnx/editor_state.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {

GraphEditor::GraphEditor(Model& model) : GraphEditor(model, model.graph) {}
GraphEditor::GraphEditor(Model& model, Graph& graph) : state_(std::make_unique<State>(model, graph)) {}
GraphEditor::~GraphEditor() {
  state_->settle();
}

Model& GraphEditor::model() {
  return state_->model;
}
const Model& GraphEditor::model() const {
  return state_->model;
}
Graph& GraphEditor::graph() {
  return state_->graph;
}
const Graph& GraphEditor::graph() const {
  return state_->graph;
}
std::string_view GraphEditor::intern(std::string_view text) {
  return state_->lasting(text);
}

// Nodes

std::size_t GraphEditor::node_count() const {
  return state_->nodes.count();
}

std::vector<NodeId> GraphEditor::nodes() const {
  std::vector<NodeId> result;
  result.reserve(node_count());
  for (std::uint32_t i = state_->first; i != State::none; i = state_->node_states[i].next)
    result.push_back(NodeId{i});
  return result;
}

std::optional<NodeId> GraphEditor::next(NodeId node) const {
  const std::uint32_t found = state_->node_states[state_->checked(node)].next;
  return found == State::none ? std::nullopt : std::optional(NodeId{found});
}

std::optional<NodeId> GraphEditor::previous(NodeId node) const {
  const std::uint32_t found = state_->node_states[state_->checked(node)].previous;
  return found == State::none ? std::nullopt : std::optional(NodeId{found});
}

bool GraphEditor::contains(NodeId node) const {
  return state_->nodes.contains(static_cast<std::uint32_t>(node));
}

const Node& GraphEditor::node(NodeId node) const {
  return std::as_const(state_->nodes)[state_->checked(node)];
}

Node& GraphEditor::edit(NodeId node) {
  return state_->nodes[state_->checked(node)];
}

std::string GraphEditor::describe(NodeId node) const {
  return state_->describe(state_->checked(node));
}

std::vector<NodeId> GraphEditor::find(const Query& query) const {
  const auto fits = [](std::string_view text, const std::string& pattern) {
    return pattern == "*" || text == pattern || (is_wildcard(pattern) && matches(text, pattern));
  };
  std::vector<NodeId> found;
  for (std::uint32_t i = state_->first; i != State::none; i = state_->node_states[i].next) {
    const Node& node = state_->nodes[i];
    if (!fits(node.name, query.name)) continue;
    if (is_standard_domain(node.domain)
            ? fits(node.op_type, query.op_type)
            : query.op_type == "*" || fits(fmt::format("{}::{}", node.domain, node.op_type), query.op_type))
      found.push_back(NodeId{i});
  }
  return found;
}

NodeId GraphEditor::append(Node node) {
  return NodeId{state_->add(std::move(node), State::none)};
}

NodeId GraphEditor::prepend(Node node) {
  return NodeId{state_->add(std::move(node), state_->first)};
}

NodeId GraphEditor::insert_before(NodeId place, Node node) {
  return NodeId{state_->add(std::move(node), state_->checked(place))};
}

NodeId GraphEditor::insert_after(NodeId place, Node node) {
  return NodeId{state_->add(std::move(node), state_->node_states[state_->checked(place)].next)};
}

void GraphEditor::remove(NodeId node) {
  state_->remove(state_->checked(node));
}

void GraphEditor::set_input(NodeId node, std::size_t input, std::string_view value) {
  const std::uint32_t number = state_->checked(node);
  std::vector<std::string_view>& inputs = state_->nodes[number].inputs;
  if (input >= inputs.size()) {
    std::vector<std::string_view> longer = inputs;
    longer.resize(input + 1, "");
    longer[input] = value;
    set_inputs(node, std::move(longer));
    return;
  }
  const std::uint32_t link = state_->node_states[number].links.begin + static_cast<std::uint32_t>(input);
  state_->disconnect(link);
  state_->links[link].value = value.empty() ? State::none : state_->id(value);
  inputs[input] = value.empty() ? "" : state_->names[state_->links[link].value];
  state_->connect(number, link);
}

void GraphEditor::set_inputs(NodeId node, std::vector<std::string_view> values) {
  const std::uint32_t number = state_->checked(node);
  for (std::string_view& value : values) value = value.empty() ? "" : state_->names[state_->id(value)];
  state_->unlink_all(number);
  state_->nodes[number].inputs = std::move(values);
  state_->link_all(number);
}

void GraphEditor::set_output(NodeId node, std::size_t output, std::string_view value) {
  const std::uint32_t number = state_->checked(node);
  std::vector<std::string_view>& outputs = state_->nodes[number].outputs;
  if (output < outputs.size() && outputs[output] == value) return;
  if (!value.empty()) state_->check_free_to_make(value, describe(node));
  if (output >= outputs.size()) outputs.resize(output + 1, "");
  if (!outputs[output].empty()) state_->values[state_->id(outputs[output])].producer = State::none;
  if (value.empty()) {
    outputs[output] = "";
    return;
  }
  const std::uint32_t made = state_->id(value);
  outputs[output] = state_->names[made];
  state_->values[made].producer = number;
}

void GraphEditor::refresh_captures(NodeId node) {
  const std::uint32_t number = state_->checked(node);
  state_->unlink_all(number);
  state_->link_all(number);
}

std::vector<std::string_view> GraphEditor::captures(NodeId node) const {
  const State::NodeState& state = state_->node_states[state_->checked(node)];
  std::vector<std::string_view> names;
  for (std::uint32_t k = state.links.count - state.captures; k < state.links.count; ++k)
    names.push_back(state_->names[state_->links[state.links.begin + k].value]);
  return names;
}

void GraphEditor::reorder(std::span<const NodeId> order) {
  std::vector<bool> seen(state_->nodes.size());
  for (const NodeId node : order) {
    const std::uint32_t number = state_->checked(node);
    if (seen[number])
      throw UsageError(fmt::format("Reordering nodes: {} is named twice.", describe(node)),
                       "Name every node once.");
    seen[number] = true;
  }
  if (order.size() != node_count())
    throw UsageError(fmt::format("Reordering nodes: {} of {} nodes are named.", order.size(), node_count()),
                     "Name every node once.");
  state_->first = state_->last = State::none;
  for (const NodeId node : order) state_->insert(static_cast<std::uint32_t>(node), State::none);
  state_->reordered = true;
}

// Values

std::optional<NodeId> GraphEditor::producer(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  if (!found || found->producer == State::none) return std::nullopt;
  return NodeId{found->producer};
}

std::span<const Use> GraphEditor::consumers(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  if (!found) return {};
  return std::span<const Use>(state_->uses).subspan(found->uses.begin, found->uses.count);
}

bool GraphEditor::is_graph_input(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  return found && found->input != State::none;
}

bool GraphEditor::is_graph_output(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  return found && found->output != State::none;
}

bool GraphEditor::is_used(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  return found && state_->is_used(*found);
}

bool GraphEditor::is_defined(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  return found && state_->is_defined(*found);
}

void GraphEditor::set_graph_inputs(std::vector<ValueInfo> inputs) {
  for (const ValueInfo& old : state_->graph.inputs) state_->values[state_->id(old.name)].input = State::none;
  for (std::uint32_t i = 0; i < inputs.size(); ++i) {
    const std::uint32_t number = state_->id(inputs[i].name);
    inputs[i].name = state_->names[number];
    state_->values[number].input = i;
  }
  state_->graph.inputs = std::move(inputs);
}

void GraphEditor::set_graph_outputs(std::vector<ValueInfo> outputs) {
  for (const ValueInfo& old : state_->graph.outputs)
    state_->values[state_->id(old.name)].output = State::none;
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    const std::uint32_t number = state_->id(outputs[i].name);
    outputs[i].name = state_->names[number];
    state_->values[number].output = i;
  }
  state_->graph.outputs = std::move(outputs);
}

const TensorData* GraphEditor::initializer(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  if (!found || found->initializer == State::none) return nullptr;
  return &std::as_const(state_->initializers)[found->initializer];
}

std::vector<std::string_view> GraphEditor::initializers() const {
  std::vector<std::string_view> names;
  for (std::uint32_t i = 0; i < state_->initializers.size(); ++i)
    if (state_->initializers.contains(i)) names.push_back(state_->initializers[i].name);
  for (std::uint32_t i = 0; i < state_->sparse_initializers.size(); ++i)
    if (state_->sparse_initializers.contains(i)) names.push_back(state_->sparse_initializers[i].values.name);
  return names;
}

const TensorData* GraphEditor::constant(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  if (!found || found->input != State::none) return nullptr;
  if (found->initializer != State::none) return &std::as_const(state_->initializers)[found->initializer];
  if (found->producer == State::none) return nullptr;
  const Node& node = std::as_const(state_->nodes)[found->producer];
  if (!is_standard(node, "Constant")) return nullptr;
  const auto* tensor = attribute_value<Box<TensorData>>(node, "value");
  return tensor ? tensor->get() : nullptr;
}

const ValueInfo* GraphEditor::value_info(std::string_view value) const {
  const State::ValueState* found = state_->value(value);
  if (!found) return nullptr;
  if (found->input != State::none) return &state_->graph.inputs[found->input];
  if (found->output != State::none) return &state_->graph.outputs[found->output];
  return found->info == State::none ? nullptr : &std::as_const(state_->infos)[found->info];
}

std::string_view GraphEditor::unique_name(std::string_view wish) {
  state_->reserve_names();
  const auto is_free = [&](std::string_view name) {
    const State::ValueState* value = state_->value(name);
    return !state_->reserved.contains(name) &&
           (!value || !(state_->is_defined(*value) || state_->is_used(*value)));
  };
  std::string name(wish);
  if (wish.empty() || !is_free(name)) {
    std::uint32_t& suffix = state_->last_suffix[std::string(wish)];
    do {
      name = fmt::format("{}_{}", wish, ++suffix);
    } while (!is_free(name));
  }
  const std::string_view kept = state_->model.storage.intern(std::string_view(name));
  state_->reserved.add(kept);
  return kept;
}

void GraphEditor::add_initializer(TensorData tensor) {
  const std::uint32_t number = state_->id(tensor.name);
  const State::ValueState& value = state_->values[number];
  if (value.producer != State::none || value.initializer != State::none ||
      value.sparse_initializer != State::none)
    throw InputError(
        fmt::format("Cannot add the initializer '{}': {}.", tensor.name,
                    value.producer != State::none ? state_->describe(value.producer) + " makes that value"
                                                  : "there is one of that name"),
        "Take another name (`unique_name`), or remove what makes the value first.");
  tensor.name = state_->names[number];
  state_->values[number].initializer = state_->initializers.add(std::move(tensor));
}

void GraphEditor::remove_initializer(std::string_view name) {
  const std::uint32_t number = state_->find(name);
  if (number == State::none) return;
  State::ValueState& value = state_->values[number];
  if (value.initializer != State::none) state_->initializers.remove(value.initializer);
  if (value.sparse_initializer != State::none) state_->sparse_initializers.remove(value.sparse_initializer);
  value.initializer = value.sparse_initializer = State::none;
}

void GraphEditor::set_value_info(ValueInfo info) {
  const std::uint32_t number = state_->id(info.name);
  info.name = state_->names[number];
  State::ValueState& value = state_->values[number];
  if (value.input != State::none) state_->graph.inputs[value.input] = info;
  if (value.output != State::none) state_->graph.outputs[value.output] = info;
  if (value.info != State::none)
    state_->infos[value.info] = std::move(info);
  else if (value.input == State::none && value.output == State::none)
    value.info = state_->infos.add(std::move(info));
}

void GraphEditor::remove_value_info(std::string_view name) {
  const std::uint32_t number = state_->find(name);
  if (number == State::none || state_->values[number].info == State::none) return;
  state_->infos.remove(state_->values[number].info);
  state_->values[number].info = State::none;
}

}  // namespace polygraph::onnx
