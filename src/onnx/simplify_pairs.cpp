#include <algorithm>
#include <array>

#include "onnx/attributes.h"
#include "onnx/simplify_graph.h"

namespace polygraph::onnx {
namespace {

using Ints = std::vector<std::int64_t>;

/// The node, and the one that makes its first input.
struct Pair {
  const Rewrite& second;
  const Node& first;
  NodeId first_id;
};

/// Lets the second node take what the first one takes. What then makes nothing of use goes at once.
void skip_first(const Pair& pair) {
  GraphEditor& editor = pair.second.scope.editor();
  const std::string_view between = pair.second.node().inputs[0];
  editor.set_input(pair.second.id, 0, pair.first.inputs[0]);
  if (!editor.is_used(between)) editor.remove(pair.first_id);
}

/// Replaces the second node by what goes into the first one.
bool undo(const Pair& pair) {
  GraphEditor& editor = pair.second.scope.editor();
  const std::string_view between = pair.second.node().inputs[0];
  if (!editor.replace(pair.second.node().outputs[0], pair.first.inputs[0])) return false;
  if (editor.contains(pair.second.id)) editor.remove(pair.second.id);
  if (editor.contains(pair.first_id) && !editor.is_used(between)) editor.remove(pair.first_id);
  return true;
}

std::optional<Ints> order_of(const Node& node, ValueScope& scope) {
  if (const auto* order = attribute_value<Ints>(node, "perm")) return *order;
  const ValueFacts* facts = scope.facts(node.inputs[0]);
  if (!facts || !facts->shape) return std::nullopt;
  Ints order(facts->shape->size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(order.size() - 1 - i);
  return order;
}

bool join_transposes(const Pair& pair) {
  ValueScope& scope = pair.second.scope;
  const auto first = order_of(pair.first, scope);
  const auto second = order_of(pair.second.node(), scope);
  if (!first || !second || first->size() != second->size()) return false;
  Ints joined;
  bool is_identity = true;
  for (const std::int64_t axis : *second) {
    if (axis < 0 || static_cast<std::size_t>(axis) >= first->size()) return false;
    joined.push_back((*first)[static_cast<std::size_t>(axis)]);
    is_identity = is_identity && joined.back() == static_cast<std::int64_t>(joined.size() - 1);
  }
  if (is_identity && undo(pair)) return true;
  Node& node = scope.editor().edit(pair.second.id);
  if (Attribute* perm = find_attribute(node, "perm")) {
    perm->value = std::move(joined);
  } else {
    Attribute& added = node.attributes.emplace_back();
    added.name = "perm";
    added.declared_type = static_cast<std::int32_t>(AttributeType::ints);
    added.value = std::move(joined);
  }
  skip_first(pair);
  return true;
}

bool only_changes_shape(const Node& node) {
  constexpr std::array<std::string_view, 4> operators = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
  return is_standard_domain(node.domain) && std::ranges::find(operators, node.op_type) != operators.end();
}

/// A Reshape to sizes of its own does not care for the shape that it gets.
bool join_reshape(const Pair& pair) {
  std::optional<Ints> target;
  if (!pair.second.list("shape", 1, target) || !target) return false;
  const bool copies = int_attribute(pair.second.node(), "allowzero", 0) == 0;
  if (copies && std::ranges::find(*target, 0) != target->end()) return false;
  skip_first(pair);
  return true;
}

bool are_opposites(const Pair& pair) {
  const Rewrite first{pair.second.scope, pair.first_id, pair.second.opset};
  const Node& second = pair.second.node();
  if (!(pair.first.op_type == "Squeeze" && second.op_type == "Unsqueeze") &&
      !(pair.first.op_type == "Unsqueeze" && second.op_type == "Squeeze"))
    return false;
  std::optional<Ints> added;
  std::optional<Ints> removed;
  if (!first.list("axes", 1, added) || !pair.second.list("axes", 1, removed) || !added || !removed)
    return false;
  std::ranges::sort(*added);
  std::ranges::sort(*removed);
  // Negative axes count from ends that differ, unless there is only one.
  const auto is_negative = [](std::int64_t axis) { return axis < 0; };
  return *added == *removed && (added->size() == 1 || std::ranges::none_of(*added, is_negative));
}

bool join_layouts(const Pair& pair) {
  const std::string_view output = pair.second.node().outputs[0];
  if ((are_opposites(pair) || have_same_shape(pair.second.scope, pair.first.inputs[0], output)) && undo(pair))
    return true;
  return is_standard(pair.second.node(), "Reshape") && join_reshape(pair);
}

/// Whether every value of one type is a value of the other.
bool is_contained(DataType from, DataType in) {
  if (from == in) return true;
  const auto is_number = [](DataType type) { return is_integral(type) || is_floating(type); };
  if (from == DataType::boolean) return is_number(in) && bit_width(in) >= 8 && in != DataType::float8e8m0;
  const bool is_unsigned = from == DataType::uint8 || from == DataType::uint16 || from == DataType::uint32;
  const bool is_signed = from == DataType::int8 || from == DataType::int16 || from == DataType::int32;
  if (is_unsigned || is_signed) {
    if (in == DataType::float64) return true;
    if (in == DataType::float32) return bit_width(from) <= 16;
    if (!is_integral(in) || bit_width(in) <= bit_width(from)) return false;
    const bool into_signed = in == DataType::int16 || in == DataType::int32 || in == DataType::int64;
    return is_unsigned || into_signed;
  }
  if (from == DataType::float32) return in == DataType::float64;
  if (from == DataType::float16 || from == DataType::bfloat16)
    return in == DataType::float32 || in == DataType::float64;
  return false;
}

bool join_casts(const Pair& pair) {
  const auto type = [](std::int64_t number) {
    return number > 0 && number < INT32_MAX ? data_type_of(static_cast<std::int32_t>(number)) : std::nullopt;
  };
  const ValueFacts* source = pair.second.scope.facts(pair.first.inputs[0]);
  const auto from = type(source ? source->element_type : 0);
  const auto between = type(int_attribute(pair.first, "to", 0));
  const auto to = type(int_attribute(pair.second.node(), "to", 0));
  if (!from || !between || !to) return false;
  if (!is_contained(*from, *between) || *to == DataType::string) return false;
  if (*to == *from) return undo(pair);
  // What does not fit into an integer differs between conversions.
  if (is_floating(*from) && !is_floating(*to)) return false;
  skip_first(pair);
  return true;
}

}  // namespace

bool join_with_producer(const Rewrite& rewrite) {
  if (!rewrite.has_input(0)) return false;
  GraphEditor& editor = rewrite.scope.editor();
  const auto producer = editor.producer(rewrite.node().inputs[0]);
  if (!producer) return false;
  const Node& first = editor.node(*producer);
  if (!is_standard_domain(first.domain) || has_attribute_references(first) || first.inputs.empty() ||
      first.inputs[0].empty() || first.outputs.empty() || first.outputs[0] != rewrite.node().inputs[0])
    return false;
  const Pair pair{rewrite, first, *producer};
  const auto both = [&](std::string_view op_type) {
    return first.op_type == op_type && rewrite.node().op_type == op_type;
  };
  if (both("Transpose")) return join_transposes(pair);
  if (both("Cast")) return join_casts(pair);
  return only_changes_shape(first) && only_changes_shape(rewrite.node()) && join_layouts(pair);
}

}  // namespace polygraph::onnx
