#include "onnx/convert_float_plan.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include "core/names.h"
#include "onnx/attributes.h"
#include "onnx/payload.h"

namespace polygraph::onnx {

using Mode = NodePlan::Mode;

FloatPlan::FloatPlan(Model& model, NarrowType type, const ConvertFloatOptions& options,
                     ConvertFloatReport& report)
    : model_(model), type_(type), options_(options), report_(report), opset_(model.opset().value_or(1)) {
  main_ = open(model.graph, nullptr, nullptr);

  std::vector<std::string> node_names;
  std::vector<std::string_view> texts;
  for_each_scope(*main_, [&](FloatScope& scope) {
    for (const NodePlan& plan : scope.nodes) {
      if (options_.block_nodes.empty()) break;
      texts.push_back(scope.editor.node(plan.id).name);
      node_names.emplace_back(texts.back());
    }
  });
  const std::string attempt = fmt::format("Converting to {}", polygraph::to_string(data_type_of(type)));
  for (const std::size_t i : select_names(node_names, options_.block_nodes, attempt, "node"))
    blocked_nodes_.insert(texts[i]);

  infer_types(*main_);
  decide(*main_);
  check_constants();
  settle_types(*main_);
  settle_constants();
  for_each_scope(*main_, [&](FloatScope& scope) {
    for (const NodePlan& plan : scope.nodes) {
      const Node& node = scope.editor.node(plan.id);
      report_.converted_nodes += plan.mode == Mode::converted;
      if (plan.mode == Mode::kept && !plan.reason.empty())
        report_.kept.push_back({scope.editor.describe(plan.id), std::string(node.op_type), plan.reason});
    }
  });
}

template <class Visitor>
void FloatPlan::for_each_scope(FloatScope& scope, Visitor&& visit) {
  visit(scope);
  for (NodePlan& plan : scope.nodes)
    for (const auto& inner : plan.inner) for_each_scope(*inner, visit);
}

template <class Visitor>
void FloatPlan::for_each_use(Visitor&& visit) {
  for_each_scope(*main_, [&](FloatScope& scope) {
    for (NodePlan& plan : scope.nodes) {
      const Node& node = scope.editor.node(plan.id);
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        FloatValue* value = scope.find(node.inputs[i]);
        if (value && value->kind == ElementKind::float32 && plan.mode != Mode::flexible &&
            !is_standard(node, "Cast"))
          visit(*value, takes_narrow(plan, node, i, *value), &plan);
      }
    }
    for (const ValueInfo& output : scope.editor.graph().outputs) {
      FloatValue* value = scope.find(output.name);
      if (value && value->kind == ElementKind::float32) visit(*value, gives_narrow(scope), scope.owner);
    }
  });
}

std::string_view FloatPlan::fresh_name(std::string_view wish) {
  std::string name(wish);
  for (int i = 1; names_.contains(name); ++i) name = fmt::format("{}_{}", wish, i);
  const std::string_view kept = model_.storage.intern(std::string_view(name));
  names_.insert(kept);
  return kept;
}

bool FloatPlan::allows(const FloatOperator& op, char letter) const {
  return type_ == NarrowType::float16 ? op.allows_float16(letter) : op.allows_bfloat16(letter);
}

bool FloatPlan::takes_narrow(const NodePlan& plan, const Node& node, std::size_t input,
                             const FloatValue& value) const {
  if (!plan.op) return false;
  const bool is_allowed = allows(*plan.op, FloatOperator::letter(plan.op->inputs, input));
  if (plan.mode == Mode::flexible || is_standard(node, "Cast")) return value.is_narrow && is_allowed;
  return plan.mode == Mode::converted && is_allowed;
}

bool FloatPlan::gives_narrow(const FloatScope& scope) const {
  if (!scope.owner) return !options_.keep_io_types;
  return scope.owner->mode == Mode::converted;
}

void FloatPlan::decide(FloatScope& scope) {
  for (NodePlan& plan : scope.nodes) {
    decide(scope, plan);
    for (const auto& inner : plan.inner) decide(*inner);
  }
}

void FloatPlan::decide(FloatScope& scope, NodePlan& plan) {
  const Node& node = scope.editor.node(plan.id);
  const auto is_float = [&](std::string_view name) {
    const FloatValue* value = scope.find(name);
    return value && value->kind == ElementKind::float32;
  };
  const auto float_inputs = std::ranges::count_if(node.inputs, is_float);
  if (float_inputs == 0 && std::ranges::none_of(node.outputs, is_float)) return;
  if (is_standard(node, "Constant")) return;
  plan.reason = reason_to_keep(scope, plan);
  if (!plan.reason.empty()) return;
  // Comparisons of one value, Shape, Cast to an integer: nothing is gained by
  // another type.
  if (float_inputs == 1 && std::ranges::none_of(node.outputs, is_float) && !is_control_flow(node))
    plan.mode = Mode::flexible;
  else
    plan.mode = Mode::converted;
}

std::string FloatPlan::reason_to_keep(FloatScope& scope, const NodePlan& plan) const {
  const Node& node = scope.editor.node(plan.id);
  if (blocked_nodes_.contains(node.name)) return "its name is blocked";
  if (std::ranges::any_of(options_.block_op_types,
                          [&](const std::string& pattern) { return matches(node.op_type, pattern); }))
    return "its operator is blocked";
  if (!plan.op) return "its operator is not one of the standard domain";
  if (has_attribute_references(node)) return "its attributes are not known";
  if (plan.op->inputs.find('S') != std::string_view::npos ||
      plan.op->outputs.find('S') != std::string_view::npos)
    return "it works on sequences or optional values";
  if (node.op_type.starts_with("Random") || node.op_type == "Bernoulli" || node.op_type == "Multinomial")
    return "it makes random numbers";
  if (!plan.inner.empty() && !is_control_flow(node))
    return "its sub-graph is not that of an If, Loop or Scan";

  bool any_allowed = false;
  bool is_size = false;
  const auto look_at = [&](std::string_view parameters, const std::vector<std::string_view>& names,
                           bool are_outputs) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const FloatValue* value = scope.find(names[i]);
      if (!value || value->kind != ElementKind::float32) continue;
      any_allowed = any_allowed || allows(*plan.op, FloatOperator::letter(parameters, i));
      is_size = is_size || (are_outputs && value->is_size);
    }
  };
  look_at(plan.op->inputs, node.inputs, false);
  look_at(plan.op->outputs, node.outputs, true);
  if (is_size) return "it computes with sizes of tensors";
  if (!any_allowed)
    return fmt::format("{} has no {} in opset {}", node.op_type, polygraph::to_string(data_type_of(type_)),
                       opset_);
  if (node.op_type == "ConstantOfShape") {
    const auto* value = attribute_value<Box<TensorData>>(node, "value");
    if (value && *value && !options_.clamp) {
      const Tensor fill = float_values(**value, model_);
      const NarrowingCensus census = narrowing_census(type_, static_cast<const std::byte*>(fill.data()),
                                                      static_cast<std::size_t>(fill.element_count()));
      if (census.overflowing + census.vanishing > 0) return "its value does not survive";
    }
  }
  return {};
}

Tensor float_values(const TensorData& data, const Model& model) {
  return tensor_of(data, model, Alignment::any);
}

Tensor FloatPlan::constant_values(const FloatValue& value) const {
  GraphEditor& editor = value.scope->editor;
  if (!value.producer) return float_values(*editor.initializer(value.name), model_);
  const Attribute& attribute = editor.node(*value.producer).attributes[0];
  if (const auto* tensor = std::get_if<Box<TensorData>>(&attribute.value))
    return float_values(**tensor, model_);
  if (const auto* number = std::get_if<float>(&attribute.value)) return Tensor::full(Shape{}, *number);
  const auto& numbers = std::get<std::vector<float>>(attribute.value);
  return Tensor::from<float>(numbers, Shape{static_cast<std::int64_t>(numbers.size())});
}

namespace {

/// Counts what a conversion does to many tensors, with all processors.
std::vector<NarrowingCensus> census_of(NarrowType type, const std::vector<Tensor>& tensors) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  struct Job {
    std::size_t tensor, begin, count;
  };
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto count = static_cast<std::size_t>(tensors[i].element_count());
    for (std::size_t begin = 0; begin < count; begin += piece)
      jobs.push_back({i, begin, std::min(piece, count - begin)});
  }
  std::vector<NarrowingCensus> result(tensors.size());
  std::mutex mutex;
  run_in_parallel(jobs.size(), [&](std::size_t i) {
    const auto* source = static_cast<const std::byte*>(tensors[jobs[i].tensor].data());
    const NarrowingCensus census =
        narrowing_census(type, source + jobs[i].begin * sizeof(float), jobs[i].count);
    const std::scoped_lock lock(mutex);
    result[jobs[i].tensor] += census;
  });
  return result;
}

}  // namespace

/// Looks at constants that would become narrow, and keeps the nodes whose
/// constants do not survive.
void FloatPlan::check_constants() {
  std::vector<FloatValue*> constants;
  std::unordered_set<const FloatValue*> seen;
  for_each_use([&](FloatValue& value, bool is_narrow, NodePlan*) {
    if (value.is_constant && is_narrow && seen.insert(&value).second) constants.push_back(&value);
  });
  std::vector<Tensor> tensors;
  for (const FloatValue* constant : constants) tensors.push_back(constant_values(*constant));
  const std::vector<NarrowingCensus> counts = census_of(type_, tensors);
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const NarrowingCensus& census = counts[i];
    if (census.overflowing + census.vanishing + census.subnormal == 0) continue;
    const double vanished = census.vanishing == 0 ? 0.0
                                                  : static_cast<double>(census.vanishing) /
                                                        static_cast<double>(census.values - census.zeros);
    constants[i]->survives =
        options_.clamp || (census.overflowing == 0 && vanished <= options_.vanish_tolerance);
    report_.losses.push_back({std::string(constants[i]->name), census.values, census.overflowing,
                              census.vanishing, census.subnormal, !constants[i]->survives});
  }
  for_each_use([&](FloatValue& value, bool is_narrow, NodePlan* user) {
    if (value.survives || !is_narrow || !user) return;
    user->mode = Mode::kept;
    user->reason = fmt::format("values of '{}' do not survive", value.name);
  });
}

/// In which type each value is made.
void FloatPlan::settle_types(FloatScope& scope) {
  for (const ValueInfo& input : scope.editor.graph().inputs) {
    FloatValue& value = scope.values[input.name];
    if (value.kind == ElementKind::float32) value.is_narrow = gives_narrow(scope);
  }
  for (const NodePlan& plan : scope.nodes) {
    const Node& node = scope.editor.node(plan.id);
    for (std::size_t i = 0; i < node.outputs.size() && plan.mode == Mode::converted; ++i) {
      FloatValue* value = scope.find(node.outputs[i]);
      if (!value || value->kind != ElementKind::float32) continue;
      const char letter = FloatOperator::letter(plan.op->outputs, i);
      const bool follows_inputs = plan.op->inputs.find(letter) != std::string_view::npos;
      const bool is_set =
          is_control_flow(node) || is_standard(node, "Cast") || is_standard(node, "ConstantOfShape");
      value->is_narrow = allows(*plan.op, letter) && (follows_inputs || is_set);
    }
    for (const auto& inner : plan.inner) settle_types(*inner);
  }
}

/// A constant is narrow if everything takes it so: what computes in float32
/// gets its full precision.
void FloatPlan::settle_constants() {
  std::unordered_set<const FloatValue*> as_float32;
  std::unordered_set<FloatValue*> as_narrow;
  for_each_use([&](FloatValue& value, bool is_narrow, NodePlan*) {
    if (!value.is_constant) return;
    if (is_narrow)
      as_narrow.insert(&value);
    else
      as_float32.insert(&value);
  });
  for (FloatValue* value : as_narrow) value->is_narrow = value->survives && !as_float32.contains(value);
  // An output of the model cannot be renamed, so a constant that is one has its
  // type; so have inputs.
  GraphEditor& editor = main_->editor;
  for (auto& [name, value] : main_->values) {
    if (value.is_constant && value.kind == ElementKind::float32 &&
        (editor.is_graph_output(name) || (editor.is_graph_input(name) && model_.ir_version.value_or(0) >= 4)))
      value.is_narrow = !options_.keep_io_types;
  }
}

}  // namespace polygraph::onnx
