#include "reference/plan.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>

#include "onnx/attributes.h"
#include "onnx/graphs.h"
#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

using onnx::Attribute;
using onnx::Function;
using onnx::Graph;
using onnx::Node;

// Up to here a constant is converted once and kept.
constexpr std::int64_t kept_elements = 4096;

// Gives attributes that refer to those of a function's call their values.
void resolve_references(std::vector<Node>& nodes, const Function& function, const Node& call) {
  for (Node& node : nodes) {
    std::erase_if(node.attributes, [&](Attribute& attribute) {
      if (attribute.ref_attr_name.empty()) return false;
      const Attribute* given = onnx::find_attribute(call, attribute.ref_attr_name);
      if (!given) {
        const auto found =
            std::ranges::find(function.default_attributes, attribute.ref_attr_name, &Attribute::name);
        if (found == function.default_attributes.end()) return true;
        given = &*found;
      }
      attribute.value = given->value;
      attribute.ref_attr_name = {};
      return false;
    });
    onnx::for_each_subgraph(node, [&](Graph& graph) { resolve_references(graph.nodes, function, call); });
  }
}

class Planner {
 public:
  Planner(const onnx::Model& model, std::span<const onnx::OpsetImport> imports, Planner* outer)
      : model_(model), imports_(imports), outer_(outer) {}

  Plan plan(const Graph& graph) {
    for (const onnx::ValueInfo& input : graph.inputs) plan_.inputs.push_back(define(input.name));
    for (const onnx::TensorData& tensor : graph.initializers)
      plan_.constants[static_cast<std::size_t>(define(tensor.name))] = constant(tensor);
    for (const onnx::SparseTensor& tensor : graph.sparse_initializers)
      plan_.constants[static_cast<std::size_t>(define(tensor.values.name))] = &tensor;
    for (const Node& node : graph.nodes) add(node);
    for (const onnx::ValueInfo& output : graph.outputs)
      plan_.outputs.push_back(use(output.name, "the graph's outputs"));
    return finish();
  }

  Plan plan(const Function& function, const Node& call) {
    std::vector<Node> nodes = function.nodes;
    resolve_references(nodes, function, call);
    plan_.own_nodes.assign(std::move_iterator(nodes.begin()), std::move_iterator(nodes.end()));
    for (const std::string_view input : function.inputs) plan_.inputs.push_back(define(input));
    for (const Node& node : plan_.own_nodes) add(node);
    for (const std::string_view output : function.outputs)
      plan_.outputs.push_back(use(output, "the function's outputs"));
    return finish();
  }

 private:
  std::int32_t define(std::string_view name) {
    const auto [entry, is_new] =
        numbers_.try_emplace(name, static_cast<std::int32_t>(plan_.constants.size()));
    if (is_new) plan_.constants.emplace_back();
    return entry->second;
  }

  std::int32_t find(std::string_view name) {
    if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
    if (!outer_) return Plan::absent;
    const std::int32_t outer = outer_->find(name);
    if (outer == Plan::absent) return outer;
    const std::int32_t inner = define(name);
    plan_.captures.push_back({outer, inner});
    return inner;
  }

  std::int32_t use(std::string_view name, std::string_view user) {
    const std::int32_t number = find(name);
    if (number == Plan::absent)
      throw InputError(fmt::format("Planning {}: the value '{}' that {} takes is made by no node before it.",
                                   model_.storage.name(), name, user),
                       "Check the model with `polygraph check lint`.");
    return number;
  }

  Plan::Constant constant(const onnx::TensorData& tensor) const {
    std::int64_t count = 1;
    for (const std::int64_t size : tensor.dims)
      count =
          size < 0 || size > kept_elements ? kept_elements + 1 : std::min(count * size, kept_elements + 1);
    if (count > kept_elements) return &tensor;
    return hold(onnx::tensor_of(tensor, model_));
  }

  std::int64_t version_of(const Node& node) const {
    for (const onnx::OpsetImport& import : imports_)
      if (onnx::plain_domain(import.domain) == onnx::plain_domain(node.domain) && import.version)
        return *import.version;
    return 0;
  }

  const Function* function_of(const Node& node) const {
    for (const Function& function : model_.functions)
      if (function.name == node.op_type && function.overload == node.overload &&
          onnx::plain_domain(function.domain) == onnx::plain_domain(node.domain))
        return &function;
    return nullptr;
  }

  void add(const Node& node) {
    if (onnx::is_standard(node, "Constant"))
      if (const auto* value = onnx::attribute_value<onnx::Box<onnx::TensorData>>(node, "value");
          value && *value) {
        plan_.constants[static_cast<std::size_t>(define(node.outputs.at(0)))] = constant(**value);
        return;
      }
    Plan::Step step;
    step.node = &node;
    step.opset = version_of(node);
    const std::string user = fmt::format("the {} node '{}'", node.op_type, node.name);
    for (const std::string_view input : node.inputs)
      step.inputs.push_back(input.empty() ? Plan::absent : use(input, user));
    if (const Function* function = function_of(node)) {
      step.function =
          std::make_unique<Plan>(Planner(model_, function->opset_imports, nullptr).plan(*function, node));
    } else {
      if (onnx::is_standard_domain(node.domain)) step.kernel = find_kernel(node.op_type);
      for (const Attribute& attribute : node.attributes)
        if (const auto* body = std::get_if<onnx::Box<Graph>>(&attribute.value); body && *body)
          step.bodies.emplace_back(attribute.name,
                                   std::make_unique<Plan>(Planner(model_, imports_, this).plan(**body)));
    }
    for (const std::string_view output : node.outputs)
      step.outputs.push_back(output.empty() ? Plan::absent : define(output));
    plan_.steps.push_back(std::move(step));
  }

  Plan finish() {
    std::vector<bool> is_needed(plan_.constants.size(), false);
    for (const std::int32_t output : plan_.outputs) is_needed[static_cast<std::size_t>(output)] = true;
    for (std::size_t i = plan_.steps.size(); i > 0; --i) {
      Plan::Step& step = plan_.steps[i - 1];
      const auto note = [&](std::int32_t number) {
        if (number == Plan::absent || is_needed[static_cast<std::size_t>(number)]) return;
        is_needed[static_cast<std::size_t>(number)] = true;
        step.last_uses.push_back(number);
      };
      for (const std::int32_t output : step.outputs) note(output);
      for (const std::int32_t input : step.inputs) note(input);
      for (const auto& [attribute, body] : step.bodies)
        for (const Plan::Capture& capture : body->captures) note(capture.outer);
    }
    return std::move(plan_);
  }

  const onnx::Model& model_;
  std::span<const onnx::OpsetImport> imports_;
  Planner* outer_;
  Plan plan_;
  std::unordered_map<std::string_view, std::int32_t> numbers_;
};

Value dense(const onnx::SparseTensor& sparse, const onnx::Model& model) {
  const Value values = hold(onnx::tensor_of(sparse.values, model));
  const Tensor indices = onnx::tensor_of(sparse.indices, model);
  Tensor result(values.tensor.dtype(), Shape(sparse.dims));
  const Dims strides = strides_of(sparse.dims);
  const auto positions = indices.values<std::int64_t>();
  const bool is_linear = indices.shape().rank() == 1;
  with_element(result.dtype(), [&]<class T>() {
    const T* const from = elements<T>(values.tensor);
    T* const to = mutable_elements<T>(result);
    for (std::int64_t i = 0; i < values.tensor.element_count(); ++i) {
      std::int64_t place = 0;
      if (is_linear)
        place = positions[static_cast<std::size_t>(i)];
      else
        for (std::size_t axis = 0; axis < strides.size(); ++axis)
          place += positions[static_cast<std::size_t>(i) * strides.size() + axis] * strides[axis];
      if (place < 0 || place >= result.element_count())
        throw InputError(fmt::format("The sparse tensor '{}' of shape {} has an element at {}.",
                                     sparse.values.name, result.shape().str(), place));
      to[place] = from[i];
    }
  });
  return value_of(std::move(result), values.dtype);
}

}  // namespace

Plan plan_model(const onnx::Model& model) {
  return Planner(model, model.opset_imports, nullptr).plan(model.graph);
}

Value constant_value(const Plan::Constant& constant, const onnx::Model& model) {
  if (const auto* value = std::get_if<Value>(&constant)) return *value;
  if (const auto* sparse = std::get_if<const onnx::SparseTensor*>(&constant)) return dense(**sparse, model);
  return hold(onnx::tensor_of(*std::get<const onnx::TensorData*>(constant), model));
}

}  // namespace polygraph::reference
