#include "onnx/editor_state.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <array>

#include "onnx/captures.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

/// So many that the memory can answer while others are asked for, so few that the answers stay in the cache.
constexpr std::uint32_t prefetched_nodes = 64;
constexpr std::string_view one_producer_remedy = "Every value of a graph needs a name of its own.";

}  // namespace

GraphEditor::State::State(Model& whole, Graph& edited)
    : model(whole),
      graph(edited),
      is_main(&edited == &whole.graph),
      names(edited.nodes.size() + edited.initializers.size() + edited.inputs.size()),
      nodes(edited.nodes),
      node_states(edited.nodes.size()),
      initializers(edited.initializers),
      sparse_initializers(edited.sparse_initializers),
      infos(edited.value_info) {
  const auto known = [&](std::string_view name) -> ValueState& {
    const std::uint32_t number = names.add(name);
    if (number >= values.size()) values.resize(number + 1);
    return values[number];
  };
  values.reserve(edited.nodes.size() + edited.initializers.size() + edited.inputs.size());
  for (std::uint32_t i = 0; i < graph.inputs.size(); ++i) known(graph.inputs[i].name).input = i;
  for (std::uint32_t i = 0; i < initializers.size(); ++i) known(initializers[i].name).initializer = i;
  for (std::uint32_t i = 0; i < sparse_initializers.size(); ++i)
    known(sparse_initializers[i].values.name).sparse_initializer = i;

  // First who takes what, to know how many there are of each; then the places.
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (i % prefetched_nodes == 0) prefetch(i);
    const Node& node = nodes[i];
    NodeState& state = node_states[i];
    state.previous = i == 0 ? none : i - 1;
    state.next = i + 1 == nodes.size() ? none : i + 1;
    state.links.begin = static_cast<std::uint32_t>(links.size());
    for (const std::string_view input : node.inputs) {
      if (!input.empty()) ++known(input).uses.capacity;
      links.push_back({input.empty() ? none : names.find(input), 0});
    }
    if (has_subgraphs(node)) {
      for (const std::string_view name : captures_of(node)) {
        ++known(name).uses.capacity;
        links.push_back({names.find(name), 0});
        ++state.captures;
      }
      std::sort(links.end() - state.captures, links.end(),
                [](const Link& a, const Link& b) { return a.value < b.value; });
    }
    state.links.count = state.links.capacity = static_cast<std::uint32_t>(links.size()) - state.links.begin;
    for (const std::string_view output : node.outputs) {
      if (output.empty()) continue;
      ValueState& made = known(output);
      if (made.producer != none)
        throw InputError(fmt::format("Cannot edit the graph '{}': {} and {} both make the value '{}'.",
                                     graph.name, describe(made.producer), describe(i), output),
                         std::string(one_producer_remedy));
      if (is_defined(made)) check_free_to_make(output, describe(i));
      made.producer = i;
    }
  }
  if (nodes.size() > 0) {
    first = 0;
    last = nodes.size() - 1;
  }
  for (std::uint32_t i = 0; i < graph.outputs.size(); ++i) known(graph.outputs[i].name).output = i;
  for (std::uint32_t i = 0; i < infos.size(); ++i) known(infos[i].name).info = i;
  if (is_main) {
    for (const TrainingInfo& training : model.training_info) {
      for (const Box<Graph>* each : {&training.initialization, &training.algorithm})
        if (*each)
          for (const std::string_view name : captures_of(**each)) known(name).held = true;
      for (const StringEntry& binding : training.initialization_bindings) known(binding.key).held = true;
      for (const StringEntry& binding : training.update_bindings) known(binding.key).held = true;
    }
  }

  std::uint32_t begin = 0;
  for (ValueState& each : values) {
    each.uses.begin = begin;
    begin += each.uses.capacity;
  }
  uses.resize(begin);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    // Values are anywhere in memory: theirs and that of their uses is asked for some nodes ahead.
    if (i + 16 < nodes.size())
      for (const Link& link : links_of(i + 16))
        if (link.value != none) __builtin_prefetch(&values[link.value], 1);
    if (i + 8 < nodes.size())
      for (const Link& link : links_of(i + 8))
        if (link.value != none) __builtin_prefetch(&uses[values[link.value].uses.begin], 1);
    for (std::uint32_t k = 0; k < node_states[i].links.count; ++k) connect(i, node_states[i].links.begin + k);
  }
}

void GraphEditor::State::prefetch(std::uint32_t first_node) const {
  std::array<std::string_view, 6 * prefetched_nodes> ahead;
  std::array<std::uint32_t, 6 * prefetched_nodes> guesses{};
  std::size_t count = 0;
  for (std::uint32_t i = first_node; i < std::min(first_node + prefetched_nodes, nodes.size()); ++i)
    for (const std::vector<std::string_view>* list : {&nodes[i].inputs, &nodes[i].outputs})
      for (const std::string_view name : *list)
        if (!name.empty() && count < ahead.size()) ahead[count++] = name;
  names.prefetch(std::span(ahead).first(count), guesses);
  for (const std::uint32_t guess : std::span(guesses).first(count))
    if (guess != none) __builtin_prefetch(&values[guess], 1);
}

void GraphEditor::State::settle() {
  if (reordered) {
    std::vector<std::uint32_t> order;
    order.reserve(nodes.count());
    for (std::uint32_t i = first; i != none; i = node_states[i].next) order.push_back(i);
    nodes.settle(order);
  } else {
    nodes.settle();
  }
  initializers.settle();
  sparse_initializers.settle();
  infos.settle();
}

std::uint32_t GraphEditor::State::id(std::string_view name) {
  std::uint32_t number = names.find(name);
  if (number == none) number = names.add(lasting(name));
  if (number >= values.size()) values.resize(number + 1);
  return number;
}

const GraphEditor::State::ValueState* GraphEditor::State::value(std::string_view name) const {
  const std::uint32_t number = names.find(name);
  return number == none ? nullptr : &values[number];
}

std::string_view GraphEditor::State::lasting(std::string_view text) {
  if (text.data() == nullptr || model.storage.offset_of(std::as_bytes(std::span(text)))) return text;
  return model.storage.intern(text);
}

void GraphEditor::State::make_lasting(Node& node) {
  for (std::string_view* text : {&node.name, &node.op_type, &node.domain, &node.overload, &node.doc_string})
    *text = lasting(*text);
  for (std::string_view& input : node.inputs) input = input.empty() ? "" : names[id(input)];
  for (std::string_view& output : node.outputs) output = output.empty() ? "" : names[id(output)];
  for (Attribute& attribute : node.attributes) {
    attribute.name = lasting(attribute.name);
    attribute.ref_attr_name = lasting(attribute.ref_attr_name);
    if (auto* text = std::get_if<std::string_view>(&attribute.value)) *text = lasting(*text);
    if (auto* texts = std::get_if<std::vector<std::string_view>>(&attribute.value))
      for (std::string_view& each : *texts) each = lasting(each);
  }
}

bool GraphEditor::State::is_defined(const ValueState& value) const {
  return value.producer != none || value.input != none || value.initializer != none ||
         value.sparse_initializer != none;
}

bool GraphEditor::State::is_used(const ValueState& value) const {
  return value.uses.count > 0 || value.output != none || value.held;
}

std::uint32_t GraphEditor::State::checked(NodeId node) const {
  const auto number = static_cast<std::uint32_t>(node);
  if (!nodes.contains(number))
    throw UsageError(fmt::format("Editing the graph '{}': there is no node {}{}.", graph.name, number,
                                 number < nodes.size() ? " any more" : ""),
                     "Use a NodeId of this editor, of a node that has not been removed.");
  return number;
}

std::string GraphEditor::State::describe(std::uint32_t node) const {
  const Node& described = nodes[node];
  const std::string name = described.name.empty() ? "" : fmt::format(" '{}'", described.name);
  return fmt::format("Node {}{} [Op: {}]", node, name, described.op_type);
}

void GraphEditor::State::insert(std::uint32_t node, std::uint32_t before) {
  const std::uint32_t after = before == none ? last : node_states[before].previous;
  node_states[node].previous = after;
  node_states[node].next = before;
  (after == none ? first : node_states[after].next) = node;
  (before == none ? last : node_states[before].previous) = node;
}

void GraphEditor::State::take_out(std::uint32_t node) {
  const std::uint32_t previous = node_states[node].previous;
  const std::uint32_t next = node_states[node].next;
  (previous == none ? first : node_states[previous].next) = next;
  (next == none ? last : node_states[next].previous) = previous;
}

std::uint32_t GraphEditor::State::add(Node node, std::uint32_t before) {
  const std::string maker = fmt::format("a node '{}' [Op: {}]", node.name, node.op_type);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    check_free_to_make(node.outputs[i], maker);
    if (std::count(node.outputs.begin(), node.outputs.end(), node.outputs[i]) > 1)
      throw InputError(fmt::format("Cannot add {}: it makes '{}' twice.", maker, node.outputs[i]),
                       std::string(one_producer_remedy));
  }
  make_lasting(node);
  if (names_reserved && !node.name.empty()) reserved.add(node.name);
  const std::uint32_t number = nodes.add(std::move(node));
  node_states.emplace_back();
  reordered |= before != none;
  insert(number, before);
  link_all(number);
  for (const std::string_view output : nodes[number].outputs)
    if (!output.empty()) set_producer(id(output), number);
  return number;
}

void GraphEditor::State::remove(std::uint32_t node) {
  unlink_all(node);
  for (const std::string_view output : nodes[node].outputs)
    if (!output.empty()) set_producer(id(output), none);
  take_out(node);
  nodes.remove(node);
}

std::uint32_t GraphEditor::State::link_of(const Use& use, std::uint32_t value) const {
  const NodeState& node = node_states[static_cast<std::uint32_t>(use.node)];
  if (use.input != Use::captured) return node.links.begin + use.input;
  const auto begin = links.begin() + node.links.begin + input_count(node);
  const auto found =
      std::lower_bound(begin, begin + node.captures, value,
                       [](const Link& link, std::uint32_t number) { return link.value < number; });
  return static_cast<std::uint32_t>(found - links.begin());
}

void GraphEditor::State::connect(std::uint32_t node, std::uint32_t link) {
  const std::uint32_t number = links[link].value;
  if (number == none) return;
  const NodeState& state = node_states[node];
  const std::uint32_t input = link - state.links.begin;
  Range& range = values[number].uses;
  grow(uses, range) = {NodeId{node}, input < input_count(state) ? input : Use::captured};
  links[link].place = range.count - 1;
}

// The last use takes the place of the one that goes.
void GraphEditor::State::disconnect(std::uint32_t link) {
  const auto [number, place] = links[link];
  if (number == none) return;
  Range& range = values[number].uses;
  const Use moved = uses[range.begin + range.count - 1];
  links[link_of(moved, number)].place = place;
  uses[range.begin + place] = moved;
  --range.count;
}

void GraphEditor::State::link_all(std::uint32_t node) {
  NodeState& state = node_states[node];
  std::vector<std::uint32_t> captured;
  if (has_subgraphs(nodes[node]))
    for (const std::string_view name : captures_of(nodes[node])) captured.push_back(id(name));
  std::ranges::sort(captured);
  state.links.count = 0;
  for (const std::string_view input : nodes[node].inputs)
    grow(links, state.links) = {input.empty() ? none : id(input), 0};
  for (const std::uint32_t value : captured) grow(links, state.links) = {value, 0};
  state.captures = static_cast<std::uint32_t>(captured.size());
  for (std::uint32_t k = 0; k < state.links.count; ++k) connect(node, state.links.begin + k);
}

void GraphEditor::State::unlink_all(std::uint32_t node) {
  const Range range = node_states[node].links;
  for (std::uint32_t k = 0; k < range.count; ++k) disconnect(range.begin + k);
}

void GraphEditor::State::set_producer(std::uint32_t value, std::uint32_t node) {
  values[value].producer = node;
}

void GraphEditor::State::check_free_to_make(std::string_view name, const std::string& maker) const {
  const ValueState* found = value(name);
  if (!found || !is_defined(*found)) return;
  const std::string other = found->producer != none ? describe(found->producer) + " makes it already"
                            : found->input != none  ? std::string("it is an input of the graph")
                                                    : std::string("it is an initializer");
  throw InputError(fmt::format("Cannot let {} make the value '{}': {}.", maker, name, other),
                   std::string(one_producer_remedy));
}

void GraphEditor::State::redirect(Use use, std::uint32_t from, std::uint32_t to) {
  const auto node = static_cast<std::uint32_t>(use.node);
  if (use.input == Use::captured) {
    unlink_all(node);
    rename_captures(nodes[node], names[from], names[to]);
    link_all(node);
    return;
  }
  const std::uint32_t link = link_of(use, from);
  disconnect(link);
  links[link].value = to;
  nodes[node].inputs[use.input] = names[to];
  connect(node, link);
}

bool GraphEditor::State::can_be_captured_as(std::uint32_t from, std::uint32_t to) const {
  const Range range = values[from].uses;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    const Use& use = uses[range.begin + i];
    if (use.input == Use::captured &&
        would_be_hidden(nodes[static_cast<std::uint32_t>(use.node)], names[from], names[to]))
      return false;
  }
  if (is_main && values[from].held)
    for (const TrainingInfo& training : model.training_info)
      for (const Box<Graph>* each : {&training.initialization, &training.algorithm})
        if (*each && would_be_hidden(**each, names[from], names[to])) return false;
  return true;
}

void GraphEditor::State::reserve_names() {
  if (names_reserved) return;
  names_reserved = true;
  const auto reserve = [&](std::string_view name) {
    if (!name.empty()) reserved.add(name);
  };
  for_each_graph(std::as_const(model), [&](const Graph& each) {
    for (const ValueInfo& output : each.outputs) reserve(output.name);
    for (const Node& node : each.nodes) {
      reserve(node.name);
      if (&each == &graph) continue;
      for (const std::string_view input : node.inputs) reserve(input);
    }
    if (&each != &graph) for_each_definition(each, reserve);
  });
  for (std::uint32_t i = first; i != none; i = node_states[i].next) reserve(nodes[i].name);
}

}  // namespace polygraph::onnx
