#include "onnx/node_prints.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "onnx/captures.h"
#include "onnx/graphs.h"
#include "onnx/name_table.h"

namespace polygraph::onnx {
namespace {

constexpr std::size_t longest_list = 64;

class Print {
 public:
  void add(std::uint64_t value) { state_ = (state_ ^ value) * 0x9e3779b97f4a7c15u + (state_ >> 29); }
  void add(std::string_view text) {
    add(XXH3_64bits(text.data(), text.size()));
    add(text.size());
  }
  template <class List>
  bool add_list(const List& list) {
    if (list.size() > longest_list) return false;
    add(list.size());
    for (const auto& element : list) {
      if constexpr (std::is_same_v<std::decay_t<decltype(element)>, float>)
        add(std::uint64_t{std::bit_cast<std::uint32_t>(element)});
      else if constexpr (std::is_integral_v<std::decay_t<decltype(element)>>)
        add(static_cast<std::uint64_t>(element));
      else
        add(element);
    }
    return true;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

// False for a value that takes long to look at.
bool add_value(Print& print, const Attribute& attribute) {
  print.add(static_cast<std::uint64_t>(attribute.type()));
  if (const auto* number = std::get_if<float>(&attribute.value))
    print.add(std::uint64_t{std::bit_cast<std::uint32_t>(*number)});
  else if (const auto* integer = std::get_if<std::int64_t>(&attribute.value))
    print.add(static_cast<std::uint64_t>(*integer));
  else if (const auto* text = std::get_if<std::string_view>(&attribute.value))
    print.add(*text);
  else if (const auto* floats = std::get_if<std::vector<float>>(&attribute.value))
    return print.add_list(*floats);
  else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute.value))
    return print.add_list(*integers);
  else if (const auto* texts = std::get_if<std::vector<std::string_view>>(&attribute.value))
    return print.add_list(*texts);
  else
    return std::holds_alternative<std::monostate>(attribute.value);
  return true;
}

std::optional<std::uint64_t> print_of(const Node& node) {
  Print print;
  print.add(node.op_type);
  print.add(node.domain);
  print.add(node.overload);
  for (const auto* list : {&node.inputs, &node.outputs}) {
    print.add(list->size());
    for (const std::string_view value : *list) print.add(value);
  }
  for (const Attribute& attribute : node.attributes) {
    print.add(attribute.name);
    print.add(attribute.ref_attr_name);
    if (!add_value(print, attribute)) return std::nullopt;
  }
  return print.value() | 1;  // never 0
}

// Of any type: without shape inference the library asks only that there is one, with a shape.
ValueInfo placeholder(std::string_view name) {
  ValueInfo info;
  info.name = name;
  Type type;
  type.kind = Type::Kind::tensor;
  type.element_type = element_type_of(DataType::float32);
  type.shape = ShapeInfo();
  info.type = std::move(type);
  return info;
}

// Looks at the order of the nodes, as the library does.
std::vector<CheckFinding> check_order(const Graph& graph) {
  std::vector<CheckFinding> findings;
  NameTable made(graph.nodes.size() * 2 + graph.initializers.size());
  for (const ValueInfo& input : graph.inputs) made.add(input.name);
  for (const TensorData& tensor : graph.initializers) made.add(tensor.name);
  for (const SparseTensor& tensor : graph.sparse_initializers) made.add(tensor.values.name);
  std::size_t known = made.size();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const auto look_at = [&](std::string_view input) {
      if (input.empty() || made.contains(input)) return;
      findings.push_back({fmt::format("Nodes in a graph must be topologically sorted, however input '{}' of "
                                      "node {} '{}' [Op: {}] is not made before it.",
                                      input, i, node.name, node.op_type),
                          std::string(node.name)});
    };
    for (const std::string_view input : node.inputs) look_at(input);
    if (has_subgraphs(node))
      for (const std::string_view captured : captures_of(node)) look_at(captured);
    for (const std::string_view output : node.outputs) {
      if (output.empty()) continue;
      made.add(output);
      if (made.size() == known)
        findings.push_back({fmt::format("Node {} '{}' [Op: {}] makes '{}', which is made before it.", i,
                                        node.name, node.op_type, output),
                            std::string(node.name)});
      known = made.size();
    }
  }
  return findings;
}

}  // namespace

NodePrints::NodePrints(const Model& model) {
  prints_.reserve(model.graph.nodes.size());
  for (const Node& node : model.graph.nodes) prints_.push_back(print_of(node).value_or(0));
}

std::vector<bool> NodePrints::known(const std::vector<Node>& nodes) const {
  // Most edits leave most nodes in their order.
  constexpr std::size_t farthest = 32;
  std::vector<bool> result(nodes.size(), false);
  std::vector<std::pair<std::size_t, std::uint64_t>> elsewhere;
  std::size_t at = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::optional<std::uint64_t> print = print_of(nodes[i]);
    if (!print) continue;
    const std::size_t end = std::min(at + farthest, prints_.size());
    const std::size_t found =
        static_cast<std::size_t>(std::find(prints_.begin() + static_cast<std::ptrdiff_t>(at),
                                           prints_.begin() + static_cast<std::ptrdiff_t>(end), *print) -
                                 prints_.begin());
    if (found == end) {
      elsewhere.emplace_back(i, *print);
      continue;
    }
    result[i] = true;
    at = found + 1;
  }
  if (elsewhere.empty()) return result;
  std::vector<std::uint64_t> sorted = prints_;
  std::ranges::sort(sorted);
  for (const auto& [i, print] : elsewhere) result[i] = std::ranges::binary_search(sorted, print);
  return result;
}

std::vector<CheckFinding> check_edited_model(const Model& model, const NodePrints& before) {
  Model part;
  part.ir_version = model.ir_version;
  part.opset_imports = model.opset_imports;
  part.functions = model.functions;
  part.storage = model.storage;
  Graph& graph = part.graph;
  graph.name = model.graph.name;
  graph.inputs = model.graph.inputs;
  graph.initializers = model.graph.initializers;
  graph.sparse_initializers = model.graph.sparse_initializers;
  const std::vector<bool> known = before.known(model.graph.nodes);
  for (std::size_t i = 0; i < known.size(); ++i)
    if (!known[i]) graph.nodes.push_back(model.graph.nodes[i]);

  NameTable defined(graph.nodes.size() * 2 + graph.initializers.size() + graph.inputs.size());
  for (const ValueInfo& input : graph.inputs) defined.add(input.name);
  for (const TensorData& tensor : graph.initializers) defined.add(tensor.name);
  for (const SparseTensor& tensor : graph.sparse_initializers) defined.add(tensor.values.name);
  for (const Node& node : graph.nodes)
    for (const std::string_view output : node.outputs) defined.add(output);
  // What unchanged nodes make comes in from outside.
  const auto bring_in = [&](std::string_view value) {
    if (value.empty() || defined.contains(value)) return;
    defined.add(value);
    graph.inputs.push_back(placeholder(value));
  };
  for (const Node& node : graph.nodes) {
    for (const std::string_view input : node.inputs) bring_in(input);
    for (const std::string_view captured : captures_of(node)) bring_in(captured);
  }
  for (const ValueInfo& output : model.graph.outputs) {
    bring_in(output.name);
    graph.outputs.push_back(output);
  }

  std::vector<CheckFinding> findings = check_order(model.graph);
  for (CheckFinding& finding : check_model(part)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace polygraph::onnx
