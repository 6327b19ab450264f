#include "onnx/fold_graph.h"

#include <polygraph/core/error.h>

#include <algorithm>
#include <array>

#include "core/log_format.h"
#include "onnx/attributes.h"
#include "onnx/captures.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

/// Quantisation has to stay visible to the engines that a model is made for.
bool is_quantisation(const Node& node) {
  return node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear" ||
         node.op_type == "DynamicQuantizeLinear" || node.op_type.starts_with("TRT_");
}

Tensor tensor_of(const PartialTensor& partial) {
  Tensor wide(DataType::int64, Shape(partial.dims));
  std::ranges::transform(partial.elements, wide.mutable_values<std::int64_t>().begin(), &PartialInt::value);
  return wide.cast(data_type_of(partial.element_type).value_or(DataType::int64));
}

/// What a Constant node holds in an attribute other than `value` and `sparse_value`.
std::optional<Tensor> plain_value(const Attribute& attribute) {
  const auto count = [](const auto& values) { return Shape{static_cast<std::int64_t>(values.size())}; };
  if (const auto* value = std::get_if<float>(&attribute.value)) return Tensor::full(Shape{}, *value);
  if (const auto* value = std::get_if<std::int64_t>(&attribute.value)) return Tensor::full(Shape{}, *value);
  if (const auto* values = std::get_if<std::vector<float>>(&attribute.value))
    return Tensor::from<float>(*values, count(*values));
  if (const auto* values = std::get_if<std::vector<std::int64_t>>(&attribute.value))
    return Tensor::from<std::int64_t>(*values, count(*values));
  if (const auto* text = std::get_if<std::string_view>(&attribute.value)) {
    Tensor tensor(DataType::string, Shape{});
    tensor.mutable_strings()[0] = *text;
    return tensor;
  }
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(&attribute.value)) {
    Tensor tensor(DataType::string, count(*texts));
    std::ranges::copy(*texts, tensor.mutable_strings().begin());
    return tensor;
  }
  return std::nullopt;
}

}  // namespace

GraphFolder::GraphFolder(Model& model, const FoldOptions& options, const Evaluators& evaluators,
                         FoldReport& report)
    : model_(model), options_(options), evaluators_(evaluators), report_(report), random_(model) {}

bool GraphFolder::run() {
  const auto folded = [&] {
    return report_.lowered + report_.computed + report_.evaluated + report_.branches + report_.reshapes;
  };
  const std::size_t before = folded();
  report_.left.clear();
  // Before IR version 4 an initializer had to be an input, too.
  has_initializers_ = model_.ir_version.value_or(0) >= 4;
  has_engines_ = !evaluators_.empty();
  opset_ = model_.opset().value_or(1);
  numbers_ = {};
  fold(model_.graph, nullptr);
  for (Function& function : model_.functions) fold(function);
  return folded() != before;
}

void GraphFolder::fold(Graph& graph, ValueScope* outer) {
  GraphEditor editor(model_, graph);
  ValueScope scope(editor, outer, numbers_, options_.fold_shapes);
  const std::vector<NodeId> nodes = editor.nodes();
  std::optional<NodeId> next;
  if (!nodes.empty()) next = nodes.front();
  while (next) next = visit(scope, *next);
}

void GraphFolder::fold(Function& function) {
  std::optional<std::int64_t> opset;
  for (const OpsetImport& import : function.opset_imports)
    if (import.is_standard()) opset = import.version;
  has_initializers_ = false;
  opset_ = opset.value_or(model_.opset().value_or(1));
  // Engines are asked to understand nodes as the model does.
  has_engines_ = !evaluators_.empty() && opset_ == model_.opset();
  numbers_ = {};

  Graph graph;
  graph.nodes = std::move(function.nodes);
  graph.value_info = std::move(function.value_info);
  const auto infos = [](const std::vector<std::string_view>& names) {
    std::vector<ValueInfo> result(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) result[i].name = names[i];
    return result;
  };
  graph.inputs = infos(function.inputs);
  graph.outputs = infos(function.outputs);
  fold(graph, nullptr);
  function.nodes = std::move(graph.nodes);
  function.value_info = std::move(graph.value_info);
}

std::optional<NodeId> GraphFolder::visit(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  std::optional<NodeId> next = editor.next(id);
  const Node& node = editor.node(id);
  if (has_attribute_references(node)) return next;
  if (is_standard(node, "Constant")) {
    lower_constant(scope, id);
    return next;
  }
  if (is_standard(node, "If") && take_branch(scope, id, next)) return next;
  if (has_subgraphs(node)) {
    for_each_subgraph(editor.edit(id), [&](Graph& graph) { fold(graph, &scope); });
    editor.refresh_captures(id);
  }
  if (fold_by_arithmetic(scope, id) || forward_constant(scope, id)) return next;
  fold_reshape(scope, id);
  fold_by_engine(scope, id);
  return next;
}

// Constants

void GraphFolder::lower_constant(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  Node& node = editor.edit(id);
  if (!has_initializers_ || node.attributes.size() != 1 || node.outputs.size() != 1) return;
  const std::string_view output = node.outputs[0];
  if (output.empty() || editor.is_graph_output(output)) return;
  TensorData data;
  Attribute& attribute = node.attributes[0];
  if (auto* tensor = std::get_if<Box<TensorData>>(&attribute.value); tensor && *tensor) {
    data = std::move(**tensor);
  } else if (const auto value = plain_value(attribute)) {
    set_data(data, *value, model_.storage);
  } else {
    return;
  }
  data.name = output;
  editor.remove(id);
  editor.remove_value_info(output);
  editor.add_initializer(std::move(data));
  ++report_.lowered;
}

void GraphFolder::store(ValueScope& scope, std::optional<NodeId>& previous, TensorData data,
                        std::string_view node_name) {
  GraphEditor& editor = scope.editor();
  if (has_initializers_ && !editor.is_graph_output(data.name)) {
    editor.remove_value_info(data.name);
    editor.add_initializer(std::move(data));
    return;
  }
  Node node{.name = node_name, .op_type = "Constant", .outputs = {data.name}};
  data.name = {};
  Attribute& value = node.attributes.emplace_back();
  value.name = "value";
  value.declared_type = static_cast<std::int32_t>(AttributeType::tensor);
  value.value = Box<TensorData>(std::move(data));
  previous = previous ? editor.insert_after(*previous, std::move(node)) : editor.prepend(std::move(node));
}

void GraphFolder::replace_by_constants(ValueScope& scope, NodeId id, const Outputs& outputs) {
  GraphEditor& editor = scope.editor();
  const std::vector<std::string_view> names = editor.node(id).outputs;
  const std::string_view node_name = editor.node(id).name;
  std::optional<NodeId> previous = editor.previous(id);
  editor.remove(id);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || !editor.is_used(names[i])) continue;
    TensorData data;
    data.name = names[i];
    set_data(data, *outputs[i], model_.storage);
    store(scope, previous, std::move(data), node_name);
  }
}

std::string_view GraphFolder::fresh_name(ValueScope& scope, std::string_view wish) const {
  const auto is_taken_outside = [&](std::string_view name) {
    for (ValueScope* outer = scope.outer(); outer; outer = outer->outer())
      if (outer->editor().is_defined(name) || outer->editor().is_used(name)) return true;
    return false;
  };
  std::string_view name = scope.editor().unique_name(wish);
  while (is_taken_outside(name)) name = scope.editor().unique_name(wish);
  return name;
}

// Arithmetic of shapes

bool GraphFolder::fold_by_arithmetic(ValueScope& scope, NodeId id) {
  const Node& node = scope.editor().node(id);
  if (!is_shape_arithmetic(node)) return false;
  std::vector<const ValueFacts*> inputs;
  for (const std::string_view input : node.inputs) inputs.push_back(scope.facts(input));
  const std::vector<ValueFacts> results = propagate_shape_values(node, opset_, inputs);
  if (results.empty()) return false;

  Outputs outputs(node.outputs.size());
  bool is_known = true;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (i < results.size() && results[i].value && results[i].value->is_known())
      outputs[i] = tensor_of(*results[i].value);
    else
      is_known = false;
    if (i < results.size()) scope.learn(node.outputs[i], results[i]);
    if (outputs[i] && options_.size_threshold &&
        outputs[i]->nbytes() > static_cast<std::uint64_t>(*options_.size_threshold))
      is_known = false;
  }
  if (!is_known) return false;
  replace_by_constants(scope, id, outputs);
  ++report_.computed;
  return true;
}

void GraphFolder::fold_reshape(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  const Node& node = editor.node(id);
  if (!options_.fold_shapes || !is_standard(node, "Reshape") || node.inputs.size() != 2 ||
      scope.is_constant(node.inputs[1]))
    return;
  const ValueFacts* shape = scope.facts(node.inputs[1]);
  const ValueFacts* data = scope.facts(node.inputs[0]);
  if (!shape || !shape->value) return;
  const bool copies_zeros = int_attribute(node, "allowzero", 0) == 0;
  const auto folded = constant_reshape(*shape->value, data, copies_zeros);
  if (!folded) return;

  TensorData constant;
  constant.name = fresh_name(scope, editor.intern(std::string(node.inputs[1]) + "_folded"));
  set_data(constant, Tensor::from<std::int64_t>(*folded, Shape{static_cast<std::int64_t>(folded->size())}),
           model_.storage);
  const std::string_view name = constant.name;
  std::optional<NodeId> previous = editor.previous(id);
  store(scope, previous, std::move(constant), {});
  editor.set_input(id, 1, name);
  ++report_.reshapes;
}

bool GraphFolder::forward_constant(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  const Node& node = editor.node(id);
  if (!is_standard(node, "Identity") || node.inputs.size() != 1 || node.outputs.size() != 1) return false;
  const TensorData* data = scope.constant_data(node.inputs[0]);
  if (!data) return false;
  TensorData copy = *data;
  copy.name = node.outputs[0];
  const std::string_view node_name = node.name;
  std::optional<NodeId> previous = editor.previous(id);
  editor.remove(id);
  store(scope, previous, std::move(copy), node_name);
  ++report_.computed;
  return true;
}

// Engines

bool GraphFolder::may_be_evaluated(ValueScope& scope, NodeId id) const {
  constexpr std::int64_t longest_loop = 100'000;  // a loop without end would be evaluated without end
  GraphEditor& editor = scope.editor();
  const Node& node = editor.node(id);
  if (!has_engines_ || is_quantisation(node) || random_.is_random(node)) return false;
  const auto is_given = [](std::string_view name) { return !name.empty(); };
  if (std::ranges::none_of(node.inputs, is_given) || std::ranges::none_of(node.outputs, is_given))
    return false;
  const auto is_constant = [&](std::string_view name) { return name.empty() || scope.is_constant(name); };
  if (!std::ranges::all_of(node.inputs, is_constant)) return false;
  if (!has_subgraphs(node)) return true;
  if (is_standard(node, "Loop")) {
    const ValueFacts* count = node.inputs[0].empty() ? nullptr : scope.facts(node.inputs[0]);
    if (!count || !count->value || count->value->elements.size() != 1) return false;
    const PartialInt trips = count->value->elements[0];
    if (!trips.is_number() || trips.value > longest_loop) return false;
  }
  return std::ranges::all_of(editor.captures(id), is_constant);
}

std::string GraphFolder::too_large(ValueScope& scope, const Node& node) const {
  constexpr std::uint64_t largest_result = std::uint64_t{2} << 30;
  constexpr std::uint64_t cheap_result = std::uint64_t{64} << 20;
  const std::uint64_t limit =
      options_.size_threshold ? std::max(static_cast<std::uint64_t>(*options_.size_threshold), cheap_result)
                              : largest_result;
  for (const std::string_view output : node.outputs) {
    const ValueFacts* facts = output.empty() ? nullptr : scope.facts(output);
    const auto dtype = facts ? data_type_of(facts->element_type) : std::nullopt;
    if (!dtype || *dtype == DataType::string || !facts->has_static_shape()) continue;
    std::vector<std::int64_t> dims;
    for (const PartialInt& dim : *facts->shape) dims.push_back(dim.value);
    try {
      const std::uint64_t size = packed_size(*dtype, Shape(std::move(dims)).element_count());
      if (size > limit)
        return fmt::format("its result would have {} bytes, and {} are the limit", size, limit);
    } catch (const InputError&) {
      return "the size of its result is more than fits into 64 bits";
    }
  }
  return {};
}

GraphFolder::Outputs GraphFolder::evaluate(ValueScope& scope, NodeId id) const {
  const Node* node = &scope.editor().node(id);
  std::vector<std::optional<Tensor>> inputs;
  for (const std::string_view input : node->inputs)
    inputs.push_back(input.empty() ? std::nullopt : scope.constant(input));

  // What sub-graphs take from outside becomes part of them.
  Node with_captures;
  Storage scratch;
  if (has_subgraphs(*node)) {
    with_captures = *node;
    for_each_subgraph(with_captures, [&](Graph& graph) {
      for (const std::string_view name : captures_of(graph)) {
        const std::optional<Tensor> value = scope.constant(name);
        if (!value) continue;
        TensorData& data = graph.initializers.emplace_back();
        data.name = name;
        set_data(data, *value, scratch);
      }
    });
    node = &with_captures;
  }

  std::string reasons;
  for (const auto& evaluator : evaluators_) {
    try {
      Outputs outputs = evaluator->evaluate({*node, model_, inputs});
      outputs.resize(node->outputs.size());
      bool is_complete = true;
      for (std::size_t i = 0; i < outputs.size(); ++i)
        is_complete = is_complete && (outputs[i] || node->outputs[i].empty());
      if (is_complete) return outputs;
      reasons += fmt::format("{}{}: its result is no tensor", reasons.empty() ? "" : "; ", evaluator->name());
    } catch (const Error& error) {
      reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", evaluator->name(), error.problem());
    }
  }
  throw BackendError(
      fmt::format("Cannot fold {}: no engine computes it ({}).", scope.editor().describe(id), reasons),
      "Leave it in the model (error_ok), or give an engine that has the operator.");
}

void GraphFolder::leave(const Node& node, std::string description, std::string reason) {
  const auto [failure, is_new] = failures_.emplace(node.outputs[0], std::move(reason));
  if (is_new) log_verbose("Not folded: {}: {}", description, failure->second);
  report_.left.push_back({std::move(description), failure->second});
}

void GraphFolder::fold_by_engine(ValueScope& scope, NodeId id) {
  GraphEditor& editor = scope.editor();
  const Node& node = editor.node(id);
  if (!may_be_evaluated(scope, id)) return;
  if (failures_.contains(node.outputs[0])) return leave(node, editor.describe(id), {});
  if (std::string reason = too_large(scope, node); !reason.empty())
    return leave(node, editor.describe(id), std::move(reason));

  Outputs outputs;
  try {
    outputs = evaluate(scope, id);
  } catch (const Error& error) {
    if (!options_.error_ok) throw;
    return leave(node, editor.describe(id), error.problem());
  }
  std::uint64_t largest = 0;
  for (const auto& output : outputs)
    if (output) largest = std::max<std::uint64_t>(largest, output->nbytes());
  if (options_.size_threshold && largest > static_cast<std::uint64_t>(*options_.size_threshold)) {
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] && !node.outputs[i].empty()) scope.keep(node.outputs[i], *outputs[i]);
    report_.left.push_back({editor.describe(id), fmt::format("its result has {} bytes, and {} are the limit",
                                                             largest, *options_.size_threshold)});
    return;
  }
  replace_by_constants(scope, id, outputs);
  ++report_.evaluated;
}

}  // namespace polygraph::onnx
