#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <utility>

#include "onnx/attributes.h"
#include "onnx/convert_float_plan.h"

namespace polygraph::onnx {
namespace {

using Mode = NodePlan::Mode;

constexpr std::int32_t float_number = 1;  // TensorProto.FLOAT

class Rewriter {
 public:
  Rewriter(Model& model, FloatPlan& plan, ConvertFloatReport& report)
      : model_(model), plan_(plan), report_(report), number_(element_type_of(data_type_of(plan.type()))) {}

  void run() {
    free_output_names();
    rewrite(plan_.main());
  }

 private:
  /// An output of the model that is made in another type than it has: a Cast
  /// makes it, from a value of a new name.
  void free_output_names() {
    FloatScope& scope = plan_.main();
    for (const ValueInfo& output : scope.editor.graph().outputs) {
      FloatValue* value = scope.find(output.name);
      if (!value || value->kind != ElementKind::float32 || !value->producer ||
          value->is_narrow == plan_.gives_narrow(scope) || !value->other_name.empty())
        continue;
      const Node& node = scope.editor.node(*value->producer);
      value->other_name = value->name;
      value->home_name = plan_.fresh_name(with_suffix(value->name, value->is_narrow));
      for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] == value->name) scope.editor.set_output(*value->producer, i, value->home_name);
      insert_cast(*value);
    }
  }

  std::string with_suffix(std::string_view name, bool is_narrow) const {
    const std::string_view narrow = plan_.type() == NarrowType::float16 ? "fp16" : "bf16";
    return fmt::format("{}_{}", name, is_narrow ? narrow : "fp32");
  }

  /// Makes `other_name` of `home_name`.
  void insert_cast(const FloatValue& value) {
    Node cast{.name = plan_.fresh_name(fmt::format("{}_cast", value.other_name)),
              .op_type = "Cast",
              .inputs = {value.home_name},
              .outputs = {value.other_name}};
    Attribute& to = cast.attributes.emplace_back();
    to.name = "to";
    to.declared_type = static_cast<std::int32_t>(AttributeType::int_value);
    to.value = std::int64_t{value.is_narrow ? float_number : number_};
    GraphEditor& editor = value.scope->editor;
    if (value.producer)
      editor.insert_after(*value.producer, std::move(cast));
    else
      editor.prepend(std::move(cast));
    ++report_.casts;
  }

  std::string_view name_of(FloatValue& value, bool is_narrow) {
    if (is_narrow == value.is_narrow) return value.home_name;
    if (value.other_name.empty()) {
      value.other_name = plan_.fresh_name(with_suffix(value.name, is_narrow));
      insert_cast(value);
    }
    return value.other_name;
  }

  void rewrite(FloatScope& scope) {
    for (NodePlan& node : scope.nodes) rewrite(scope, node);
    for (const std::string_view name : scope.editor.initializers()) {
      const FloatValue& value = scope.values[name];
      if (value.is_constant && value.is_narrow) convert_initializer(scope, value);
    }
    change_types(scope);
    if (scope.owner) connect_outputs(scope);
  }

  void rewrite(FloatScope& scope, NodePlan& plan) {
    GraphEditor& editor = scope.editor;
    for (const auto& inner : plan.inner) rewrite(*inner);
    const std::vector<std::string_view> inputs = editor.node(plan.id).inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      FloatValue* value = scope.find(inputs[i]);
      if (!value || value->kind != ElementKind::float32) continue;
      const std::string_view name =
          name_of(*value, plan_.takes_narrow(plan, editor.node(plan.id), i, *value));
      if (name != inputs[i]) editor.set_input(plan.id, i, name);
    }
    if (!plan.inner.empty()) editor.refresh_captures(plan.id);
    change_attributes(scope, plan);
  }

  void change_attributes(FloatScope& scope, const NodePlan& plan) {
    Node& node = scope.editor.edit(plan.id);
    if (is_standard(node, "Constant")) {
      const FloatValue* value =
          node.outputs.empty() ? nullptr : scope.find(value_name(scope, node.outputs[0]));
      if (value && value->is_constant && value->is_narrow) convert_constant_node(node, *value);
      return;
    }
    if (plan.mode != Mode::converted) return;
    if (is_standard(node, "Cast")) {
      if (Attribute* to = find_attribute(node, "to"); to && std::get<std::int64_t>(to->value) == float_number)
        to->value = std::int64_t{number_};
    } else if (is_standard(node, "ConstantOfShape")) {
      Attribute* attribute = find_attribute(node, "value");
      if (!attribute) {
        attribute = &node.attributes.emplace_back();
        attribute->name = "value";
        attribute->declared_type = static_cast<std::int32_t>(AttributeType::tensor);
        attribute->value = Box<TensorData>(TensorData{});
        set_data(*std::get<Box<TensorData>>(attribute->value), Tensor::full(Shape{1}, 0.0f), model_.storage);
      }
      if (auto* data = std::get_if<Box<TensorData>>(&attribute->value); data && *data)
        narrow_data(**data, float_values(**data, model_));
    }
  }

  /// The name that a value had before it was renamed.
  static std::string_view value_name(FloatScope& scope, std::string_view name) {
    if (scope.values.contains(name)) return name;
    for (const ValueInfo& output : scope.editor.graph().outputs) {
      const auto found = scope.values.find(output.name);
      if (found != scope.values.end() && found->second.home_name == name) return output.name;
    }
    return name;
  }

  void narrow_data(TensorData& data, const Tensor& values) {
    const auto count = static_cast<std::uint64_t>(values.element_count());
    ++report_.converted_weights;
    report_.bytes_before += count * sizeof(float);
    report_.bytes_after += count * sizeof(std::uint16_t);
    auto deferred = narrowed_data(plan_.type(), values, plan_.options().clamp);
    constexpr std::uint64_t small = 4096;
    if (count > small) {
      set_data(data, data_type_of(plan_.type()), values.shape(), std::move(deferred));
      return;
    }
    Tensor narrow(data_type_of(plan_.type()), values.shape());
    if (count > 0) deferred->read(0, {static_cast<std::byte*>(narrow.mutable_data()), narrow.nbytes()});
    set_data(data, narrow, model_.storage);
  }

  void convert_initializer(FloatScope& scope, const FloatValue& value) {
    TensorData data = *scope.editor.initializer(value.name);
    narrow_data(data, plan_.constant_values(value));
    scope.editor.remove_initializer(value.name);
    scope.editor.add_initializer(std::move(data));
  }

  void convert_constant_node(Node& node, const FloatValue& value) {
    TensorData data;
    Attribute& attribute = node.attributes[0];
    if (auto* tensor = std::get_if<Box<TensorData>>(&attribute.value))
      data = std::move(**tensor);
    else
      set_data(data, plan_.constant_values(value), model_.storage);
    narrow_data(data, float_values(data, model_));
    attribute.name = "value";
    attribute.declared_type = static_cast<std::int32_t>(AttributeType::tensor);
    attribute.value = Box<TensorData>(std::move(data));
  }

  /// Declared types of values that are narrow now.
  void change_types(FloatScope& scope) {
    std::vector<ValueInfo> changed;
    for (const auto& [name, value] : scope.values) {
      const bool is_narrow = value.home_name == name ? value.is_narrow : !value.is_narrow;
      const ValueInfo* info = scope.editor.value_info(name);
      if (value.kind != ElementKind::float32 || !is_narrow || !info || !info->type) continue;
      changed.push_back(*info);
      changed.back().type->element_type = number_;
    }
    for (ValueInfo& info : changed) scope.editor.set_value_info(std::move(info));
  }

  /// The outputs of a sub-graph are known by their places: they take the names
  /// of what they give.
  void connect_outputs(FloatScope& scope) {
    std::vector<ValueInfo> outputs = scope.editor.graph().outputs;
    const bool gives_narrow = plan_.gives_narrow(scope);
    for (ValueInfo& output : outputs) {
      FloatValue* value = scope.find(output.name);
      if (!value || value->kind != ElementKind::float32) continue;
      output.name = name_of(*value, gives_narrow);
      if (output.type && output.type->kind == Type::Kind::tensor)
        output.type->element_type = gives_narrow ? number_ : float_number;
    }
    scope.editor.set_graph_outputs(std::move(outputs));
  }

  Model& model_;
  FloatPlan& plan_;
  ConvertFloatReport& report_;
  std::int32_t number_;
};

}  // namespace

void rewrite(Model& model, FloatPlan& plan, ConvertFloatReport& report) {
  Rewriter(model, plan, report).run();
}

}  // namespace polygraph::onnx
