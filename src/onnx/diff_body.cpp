#include "onnx/diff_body.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "onnx/attributes.h"

namespace polygraph::onnx {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9e37'79b9'7f4a'7c15 + (hash << 6) + (hash >> 2);
  hash = (hash ^ (hash >> 30)) * 0xbf58'476d'1ce4'e5b9;
  return hash ^ (hash >> 29);
}

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

std::uint64_t hash_of(const std::vector<std::int64_t>& dims) {
  std::uint64_t hash = dims.size();
  for (const std::int64_t dim : dims) hash = mix(hash, static_cast<std::uint64_t>(dim));
  return hash;
}

/// Values of attributes; tensors count by their shapes: their values are compared later.
struct AttributeHash {
  std::uint64_t operator()(std::monostate) const { return 0; }
  std::uint64_t operator()(float value) const { return std::hash<float>()(value); }
  std::uint64_t operator()(std::int64_t value) const { return static_cast<std::uint64_t>(value); }
  std::uint64_t operator()(std::string_view text) const { return hash_of(text); }
  std::uint64_t operator()(const TensorData& tensor) const { return hash_of(tensor.dims); }
  std::uint64_t operator()(const SparseTensor& tensor) const { return hash_of(tensor.dims); }
  std::uint64_t operator()(const Graph& graph) const { return Body(graph).hash(); }
  std::uint64_t operator()(const Type& type) const { return static_cast<std::uint64_t>(type.kind); }
  template <class T>
  std::uint64_t operator()(const Box<T>& box) const {
    return box ? (*this)(*box) : 0;
  }
  template <class T>
  std::uint64_t operator()(const std::vector<T>& list) const {
    std::uint64_t hash = list.size();
    for (const T& element : list) hash = mix(hash, (*this)(element));
    return hash;
  }
};

std::uint64_t hash_of(const Node& node) {
  std::uint64_t hash = mix(hash_of(node.op_type), hash_of(plain_domain(node.domain)));
  hash = mix(hash, node.inputs.size() << 32 | node.outputs.size());
  std::uint64_t attributes = 0;  // a sum: their order has no meaning
  for (const Attribute& attribute : node.attributes) {
    std::uint64_t one = mix(hash_of(attribute.name), hash_of(attribute.ref_attr_name));
    attributes += mix(one, std::visit(AttributeHash(), attribute.value));
  }
  return mix(hash, attributes);
}

bool has_subgraph(const Node& node) {
  return std::ranges::any_of(node.attributes,
                             [](const Attribute& attribute) { return !subgraphs_of(attribute).empty(); });
}

/// Adds what a graph takes from outside of it, each once, in the order of use.
void collect_captures(const Graph& graph, std::vector<std::string_view>& captures,
                      std::unordered_set<std::string_view>& seen) {
  std::unordered_set<std::string_view> own;
  for (const ValueInfo& input : graph.inputs) own.insert(input.name);
  for (const TensorData& tensor : graph.initializers) own.insert(tensor.name);
  for (const SparseTensor& tensor : graph.sparse_initializers) own.insert(tensor.values.name);
  for (const Node& node : graph.nodes) own.insert(node.outputs.begin(), node.outputs.end());
  const auto take = [&](std::string_view name) {
    if (!name.empty() && !own.contains(name) && seen.insert(name).second) captures.push_back(name);
  };
  for (const Node& node : graph.nodes) {
    for (const std::string_view name : node.inputs) take(name);
    for (const Attribute& attribute : node.attributes) {
      for (const Graph& inner : subgraphs_of(attribute)) {
        std::vector<std::string_view> inner_captures;
        std::unordered_set<std::string_view> inner_seen;
        collect_captures(inner, inner_captures, inner_seen);
        for (const std::string_view name : inner_captures) take(name);
      }
    }
  }
  for (const ValueInfo& output : graph.outputs) take(output.name);
}

}  // namespace

Body::Body(const Graph& graph)
    : nodes_(&graph.nodes), graph_(&graph), names_(graph.nodes.size() + graph.initializers.size() + 16) {
  const auto value = [&](std::string_view name) -> Value& {
    const std::uint32_t number = names_.add(name);
    if (number >= values_.size()) values_.resize(number + 1);
    return values_[number];
  };
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    value(graph.inputs[i].name).input = static_cast<std::uint32_t>(i);
    inputs_.push_back(names_.find(graph.inputs[i].name));
  }
  for (std::size_t i = 0; i < graph.initializers.size(); ++i)
    value(graph.initializers[i].name).initializer = static_cast<std::uint32_t>(i);
  for (const SparseTensor& tensor : graph.sparse_initializers) value(tensor.values.name).sparse = true;
  number_values(graph.nodes.size());
  for (const ValueInfo& output : graph.outputs) {
    value(output.name);
    outputs_.push_back(names_.find(output.name));
  }
  number_uses();
  for (const std::uint32_t output : outputs_) values_[output].is_output = true;
  hash_structure();
}

Body::Body(const Function& function) : nodes_(&function.nodes), names_(function.nodes.size() + 16) {
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    const std::uint32_t number = names_.add(function.inputs[i]);
    values_.resize(names_.size());
    values_[number].input = static_cast<std::uint32_t>(i);
    inputs_.push_back(number);
  }
  number_values(function.nodes.size());
  for (const std::string_view output : function.outputs) outputs_.push_back(names_.add(output));
  values_.resize(names_.size());
  number_uses();
  for (const std::uint32_t output : outputs_) values_[output].is_output = true;
  hash_structure();
}

void Body::number_values(std::size_t expected) {
  operand_begin_.reserve(expected + 1);
  result_begin_.reserve(expected + 1);
  operands_.reserve(expected * 2);
  results_.reserve(expected);
  values_.reserve(values_.size() + expected);
  const auto number = [&](std::string_view name) {
    if (name.empty()) return no_index;
    const std::uint32_t found = names_.add(name);
    if (found >= values_.size()) values_.resize(found + 1);
    return found;
  };
  std::vector<std::string_view> captures;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < nodes_->size(); ++i) {
    const Node& node = (*nodes_)[i];
    operand_begin_.push_back(static_cast<std::uint32_t>(operands_.size()));
    result_begin_.push_back(static_cast<std::uint32_t>(results_.size()));
    for (const std::string_view name : node.inputs) operands_.push_back(number(name));
    if (has_subgraph(node)) {
      captures.clear();
      seen.clear();
      for (const Attribute& attribute : node.attributes)
        for (const Graph& graph : subgraphs_of(attribute)) collect_captures(graph, captures, seen);
      for (const std::string_view name : captures) operands_.push_back(number(name));
    }
    for (std::size_t output = 0; output < node.outputs.size(); ++output) {
      const std::uint32_t value = number(node.outputs[output]);
      results_.push_back(value);
      // Of several nodes that make one value (which is not allowed) the first counts.
      if (value == no_index || values_[value].node != no_index) continue;
      values_[value].node = static_cast<std::uint32_t>(i);
      values_[value].output = static_cast<std::uint32_t>(output);
    }
  }
  operand_begin_.push_back(static_cast<std::uint32_t>(operands_.size()));
  result_begin_.push_back(static_cast<std::uint32_t>(results_.size()));
}

void Body::number_uses() {
  use_begin_.assign(values_.size() + 1, 0);
  for (const std::uint32_t value : operands_)
    if (value != no_index) ++use_begin_[value + 1];
  for (std::size_t i = 1; i < use_begin_.size(); ++i) use_begin_[i] += use_begin_[i - 1];
  uses_.resize(use_begin_.back());
  std::vector<std::uint32_t> next(use_begin_.begin(), use_begin_.end() - 1);
  for (std::uint32_t node = 0; node < nodes_->size(); ++node) {
    const std::span<const std::uint32_t> taken = operands(node);
    for (std::uint32_t position = 0; position < taken.size(); ++position)
      if (taken[position] != no_index) uses_[next[taken[position]]++] = {node, position};
  }
}

std::vector<std::uint32_t> Body::topological_order() const {
  const auto count = static_cast<std::uint32_t>(nodes_->size());
  std::vector<std::uint32_t> waiting_for(count, 0);
  bool in_order = true;
  for (std::uint32_t node = 0; node < count; ++node) {
    for (const std::uint32_t value : operands(node)) {
      if (value == no_index || values_[value].node == no_index) continue;
      ++waiting_for[node];
      in_order &= values_[value].node < node;
    }
  }
  std::vector<std::uint32_t> order;
  order.reserve(count);
  if (in_order) {
    for (std::uint32_t node = 0; node < count; ++node) order.push_back(node);
    return order;
  }
  for (std::uint32_t node = 0; node < count; ++node)
    if (waiting_for[node] == 0) order.push_back(node);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const std::uint32_t value : results(order[i])) {
      if (value == no_index || values_[value].node != order[i]) continue;
      for (const Use& use : uses(value))
        if (--waiting_for[use.node] == 0) order.push_back(use.node);
    }
  }
  return order;  // without nodes in and behind cycles
}

void Body::hash_structure() {
  const std::size_t count = nodes_->size();
  const std::vector<std::uint32_t> order = topological_order();
  own_.resize(count);
  for (std::size_t i = 0; i < count; ++i) own_[i] = hash_of((*nodes_)[i]);
  before_ = own_;
  after_ = own_;

  enum : std::uint64_t { left_out = 1, input, constant, outer, result };
  // Inputs count by their position among those that are not initializers.
  std::vector<std::uint32_t> position(values_.size(), 0);
  std::uint32_t next = 0;
  for (const std::uint32_t value : inputs_)
    if (values_[value].initializer == no_index) position[value] = next++;
  const auto origin = [&](std::uint32_t number) -> std::uint64_t {
    if (number == no_index) return left_out;
    const Value& value = values_[number];
    if (value.node != no_index) return mix(result, mix(before_[value.node], value.output));
    if (value.initializer != no_index)
      return mix(constant, hash_of(graph_->initializers[value.initializer].dims));
    if (value.sparse) return constant;
    return value.input != no_index ? mix(input, position[number]) : std::uint64_t{outer};
  };
  for (const std::uint32_t node : order)
    for (const std::uint32_t value : operands(node)) before_[node] = mix(before_[node], origin(value));

  // What becomes of a value: a sum, since the order of its users has no meaning.
  std::vector<std::uint64_t> fate(values_.size(), 0);
  for (std::size_t i = 0; i < outputs_.size(); ++i) fate[outputs_[i]] += mix(input, i);
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    for (const std::uint32_t value : results(*node))
      after_[*node] = mix(after_[*node], value == no_index ? left_out : fate[value]);
    const std::span<const std::uint32_t> taken = operands(*node);
    for (std::size_t i = 0; i < taken.size(); ++i)
      if (taken[i] != no_index) fate[taken[i]] += mix(after_[*node], i);
  }

  hash_ = mix(inputs_.size(), outputs_.size());
  for (const std::uint32_t value : outputs_) hash_ = mix(hash_, origin(value));
  std::uint64_t all = 0;
  for (const std::uint64_t hash : before_) all += hash;
  hash_ = mix(hash_, all);
}

bool same_operator(const Node& a, const Node& b) {
  return a.op_type == b.op_type && plain_domain(a.domain) == plain_domain(b.domain);
}

std::span<const Graph> subgraphs_of(const Attribute& attribute) {
  if (const auto* graph = std::get_if<Box<Graph>>(&attribute.value))
    return *graph ? std::span<const Graph>(graph->get(), 1) : std::span<const Graph>();
  if (const auto* graphs = std::get_if<std::vector<Graph>>(&attribute.value)) return *graphs;
  return {};
}

}  // namespace polygraph::onnx
