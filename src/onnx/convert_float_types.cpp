#include <algorithm>
#include <array>

#include "onnx/attributes.h"
#include "onnx/convert_float_plan.h"
#include "onnx/graphs.h"

// Which values are float32.

namespace polygraph::onnx {
namespace {

constexpr std::int64_t float_number = 1;  // TensorProto.FLOAT

ElementKind kind_of(std::int64_t element_type) {
  if (element_type == 0) return ElementKind::unknown;
  return element_type == float_number ? ElementKind::float32 : ElementKind::other;
}

/// What a declaration says; types that are no tensors are never float32.
ElementKind kind_of(const ValueInfo* info) {
  if (!info || !info->type || info->type->kind == Type::Kind::none) return ElementKind::unknown;
  if (info->type->kind != Type::Kind::tensor && info->type->kind != Type::Kind::sparse_tensor)
    return ElementKind::other;
  return kind_of(info->type->element_type.value_or(0));
}

/// What a Constant node makes.
ElementKind kind_of_constant(const Node& node) {
  if (node.attributes.size() != 1) return ElementKind::unknown;
  const Attribute& attribute = node.attributes[0];
  if (const auto* tensor = std::get_if<Box<TensorData>>(&attribute.value))
    return *tensor ? kind_of((*tensor)->data_type) : ElementKind::unknown;
  if (attribute.type() == AttributeType::float_value || attribute.type() == AttributeType::floats)
    return ElementKind::float32;
  if (const auto* sparse = std::get_if<Box<SparseTensor>>(&attribute.value))
    return *sparse ? kind_of((*sparse)->values.data_type) : ElementKind::unknown;
  return ElementKind::other;
}

bool is_one_of(std::string_view op_type, std::initializer_list<std::string_view> operators) {
  return std::ranges::find(operators, op_type) != operators.end();
}

}  // namespace

bool is_control_flow(const Node& node) {
  return is_standard_domain(node.domain) && is_one_of(node.op_type, {"If", "Loop", "Scan"});
}

FloatValue* FloatScope::find(std::string_view name) {
  if (name.empty()) return nullptr;
  for (FloatScope* scope = this; scope; scope = scope->outer) {
    const auto found = scope->values.find(name);
    if (found != scope->values.end()) return &found->second;
  }
  return nullptr;
}

void FloatPlan::define(FloatScope& scope, std::string_view name, ElementKind kind,
                       std::optional<NodeId> producer) {
  if (name.empty()) return;
  FloatValue& value = scope.values[name];
  value.name = value.home_name = name;
  value.scope = &scope;
  value.producer = producer;
  value.kind = kind;
  names_.insert(name);
}

/// Opens a graph and those in it. The editor of a graph takes its nodes over:
/// sub-graphs come after.
std::unique_ptr<FloatScope> FloatPlan::open(Graph& graph, FloatScope* outer, NodePlan* owner) {
  auto scope = std::make_unique<FloatScope>(model_, graph, outer);
  scope->owner = owner;
  GraphEditor& editor = scope->editor;
  for (const ValueInfo& input : editor.graph().inputs)
    define(*scope, input.name, kind_of(&input), std::nullopt);
  const bool may_be_replaced = model_.ir_version.value_or(0) >= 4 && options_.keep_io_types;
  for (const std::string_view name : editor.initializers()) {
    const TensorData* data = editor.initializer(name);
    const bool is_input = editor.is_graph_input(name);
    // Sparse ones stay as they are.
    const ElementKind kind = data ? kind_of(data->data_type) : kind_of(editor.value_info(name));
    define(*scope, name, data ? kind : ElementKind::unknown, std::nullopt);
    scope->values[name].is_constant = data && !(is_input && may_be_replaced);
  }
  const std::vector<NodeId> ids = editor.nodes();
  scope->nodes.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    NodePlan& plan = scope->nodes[i];
    plan.id = ids[i];
    Node& node = editor.edit(plan.id);
    names_.insert(node.name);
    if (is_standard_domain(node.domain)) plan.op = find_float_operator(node.op_type, opset_);
    for_each_subgraph(node, [&](Graph& inner) { plan.inner.push_back(open(inner, scope.get(), &plan)); });
  }
  return scope;
}

void FloatPlan::infer_types(FloatScope& scope) {
  for (NodePlan& plan : scope.nodes) infer_types(scope, plan);
}

void FloatPlan::infer_types(FloatScope& scope, NodePlan& plan) {
  const Node& node = scope.editor.node(plan.id);
  if (!plan.inner.empty()) {
    infer_body_inputs(scope, node, plan);
    for (const auto& inner : plan.inner) infer_types(*inner);
  }
  // Inputs that share a type variable share a type, also where nothing else
  // says it.
  if (plan.op) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      FloatValue* value = scope.find(node.inputs[i]);
      const char letter = FloatOperator::letter(plan.op->inputs, i);
      if (value && value->kind == ElementKind::unknown && plan.op->is_variable(letter) &&
          !plan.op->inputs.ends_with('*'))
        value->kind = kind_of_letter(scope, plan, letter);
    }
  }
  const bool sizes = computes_sizes(scope, node);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string_view name = node.outputs[i];
    if (name.empty()) continue;
    ElementKind kind = kind_of(scope.editor.value_info(name));
    if (kind == ElementKind::unknown) kind = output_kind(scope, plan, i);
    define(scope, name, kind, plan.id);
    FloatValue& value = scope.values[name];
    value.is_size = sizes;
    value.is_constant = is_standard(node, "Constant") && kind == ElementKind::float32 &&
                        kind_of_constant(node) == ElementKind::float32 &&
                        !std::holds_alternative<Box<SparseTensor>>(node.attributes[0].value);
  }
}

/// Bodies of loops may leave out the types of their inputs, which are those of
/// the node's.
void FloatPlan::infer_body_inputs(FloatScope& scope, const Node& node, NodePlan& plan) {
  if (!is_standard(node, "Loop") && !is_standard(node, "Scan")) return;
  for (const auto& inner : plan.inner) {
    const std::vector<ValueInfo>& inputs = inner->editor.graph().inputs;
    for (std::size_t i = 0; i < inputs.size() && i < node.inputs.size(); ++i) {
      FloatValue& value = inner->values[inputs[i].name];
      const FloatValue* given = scope.find(node.inputs[i]);
      if (value.kind == ElementKind::unknown && given) value.kind = given->kind;
    }
  }
}

ElementKind FloatPlan::kind_of_letter(FloatScope& scope, const NodePlan& plan, char letter) {
  const Node& node = scope.editor.node(plan.id);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const FloatValue* value = scope.find(node.inputs[i]);
    if (value && value->kind != ElementKind::unknown && FloatOperator::letter(plan.op->inputs, i) == letter)
      return value->kind;
  }
  return ElementKind::unknown;
}

ElementKind FloatPlan::output_kind(FloatScope& scope, const NodePlan& plan, std::size_t output) {
  const Node& node = scope.editor.node(plan.id);
  if (!plan.op) return ElementKind::unknown;
  if (is_control_flow(node)) {
    const std::size_t offset = node.op_type == "Loop" ? 1 : 0;  // the condition comes first
    for (const auto& inner : plan.inner) {
      const std::vector<ValueInfo>& outputs = inner->editor.graph().outputs;
      if (output + offset >= outputs.size()) continue;
      const FloatValue* value = inner->find(outputs[output + offset].name);
      if (value && value->kind != ElementKind::unknown) return value->kind;
    }
    return ElementKind::unknown;
  }
  if (node.op_type == "Constant") return kind_of_constant(node);
  if (node.op_type == "Cast") return kind_of(int_attribute(node, "to", 0));
  if (node.op_type == "ConstantOfShape") {
    const auto* value = attribute_value<Box<TensorData>>(node, "value");
    return value && *value ? kind_of((*value)->data_type) : ElementKind::float32;
  }
  if (is_one_of(node.op_type, {"RandomNormal", "RandomUniform", "BlackmanWindow", "HammingWindow",
                               "HannWindow", "MelWeightMatrix"}))
    return kind_of(int_attribute(node, "dtype", int_attribute(node, "output_datatype", float_number)));
  const char letter = FloatOperator::letter(plan.op->outputs, output);
  if (is_one_of(node.op_type,
                {"EyeLike", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"})) {
    if (find_attribute(node, "dtype")) return kind_of(int_attribute(node, "dtype", 0));
    return node.op_type == "Multinomial" ? ElementKind::other : kind_of_letter(scope, plan, 'a');
  }
  if (letter == 'F') return ElementKind::float32;
  if (!plan.op->is_variable(letter)) return ElementKind::other;
  if (plan.op->inputs.find(letter) == std::string_view::npos) {
    const bool is_stashed = is_one_of(node.op_type, {"LayerNormalization"});
    return is_stashed ? kind_of(int_attribute(node, "stash_type", float_number)) : ElementKind::unknown;
  }
  return kind_of_letter(scope, plan, letter);
}

/// Whether the node computes with nothing but sizes of tensors and constants.
bool FloatPlan::computes_sizes(FloatScope& scope, const Node& node) {
  if (is_standard(node, "Shape") || is_standard(node, "Size")) return true;
  if (!is_standard_domain(node.domain) || has_subgraphs(node)) return false;
  // These take sizes, but do not compute with them.
  if (is_one_of(node.op_type,
                {"Constant", "ConstantOfShape", "EyeLike", "RandomNormalLike", "RandomUniformLike"}))
    return false;
  const bool only_first =
      is_one_of(node.op_type, {"Expand", "Reshape", "Tile", "Pad", "Resize", "Slice", "Split"});
  bool any = false;
  for (std::size_t i = 0; i < node.inputs.size() && (i == 0 || !only_first); ++i) {
    if (node.inputs[i].empty()) continue;
    const FloatValue* value = scope.find(node.inputs[i]);
    if (!value ||
        !(value->is_size || value->is_constant ||
          (value->producer && is_standard(value->scope->editor.node(*value->producer), "Constant"))))
      return false;
    any = any || value->is_size;
  }
  return any;
}

}  // namespace polygraph::onnx
