#include "onnx/value_scope.h"

#include <polygraph/core/error.h>

#include "onnx/shape_operators.h"

namespace polygraph::onnx {
namespace {

/// The elements of a small tensor of integers.
std::optional<PartialTensor> partial_tensor(const Tensor& tensor) {
  const std::int32_t type = element_type_of(tensor.dtype());
  if (!shapes::is_followed(type) || !shapes::small_count(tensor.shape().dims())) return std::nullopt;
  const Tensor wide = tensor.contiguous().cast(DataType::int64);
  PartialTensor result{type, {tensor.shape().begin(), tensor.shape().end()}, {}};
  const bool may_wrap = tensor.dtype() == DataType::uint64;
  for (const std::int64_t number : wide.values<std::int64_t>())
    result.elements.push_back(may_wrap && number < 0 ? PartialInt() : PartialInt::number(number));
  return result;
}

ValueFacts facts_of(const TensorData& data, const Model& model) {
  ValueFacts facts;
  facts.element_type = data.data_type;
  facts.shape.emplace();
  for (const std::int64_t dim : data.dims) facts.shape->push_back(PartialInt::number(dim));
  if (!shapes::is_followed(data.data_type) || !shapes::small_count(data.dims)) return facts;
  try {
    facts.value = partial_tensor(tensor_of(data, model));
  } catch (const InputError&) {
    // Damaged or stripped: nothing is known of its elements.
  }
  return facts;
}

/// Of two descriptions of one size, the one that says more.
PartialInt better(const PartialInt& a, const PartialInt& b) {
  return a.is_number() || (a.is_dimension() && !b.is_number()) ? a : b;
}

void merge(ValueFacts& facts, const ValueFacts& more) {
  if (facts.element_type == 0) facts.element_type = more.element_type;
  if (!facts.shape) {
    facts.shape = more.shape;
  } else if (more.shape && more.shape->size() == facts.shape->size()) {
    for (std::size_t i = 0; i < facts.shape->size(); ++i)
      (*facts.shape)[i] = better((*facts.shape)[i], (*more.shape)[i]);
  }
  if (more.value) facts.value = more.value;
}

}  // namespace

const ValueScope* ValueScope::home_of(std::string_view value) const {
  const ValueScope* scope = this;
  while (scope && !scope->editor_.is_defined(value)) scope = scope->outer_;
  return scope;
}

const TensorData* ValueScope::own_constant(std::string_view value) const {
  // Before IR version 4 every initializer had to be an input, too, and runtimes do not let users replace it.
  const Model& model = editor_.model();
  if (model.ir_version.value_or(0) < 4 && editor_.is_graph_input(value)) return editor_.initializer(value);
  return editor_.constant(value);
}

const TensorData* ValueScope::constant_data(std::string_view value) const {
  const ValueScope* home = home_of(value);
  return home ? home->own_constant(value) : nullptr;
}

bool ValueScope::is_constant(std::string_view value) const {
  const ValueScope* home = home_of(value);
  return home && (home->own_constant(value) || home->kept_.contains(value));
}

std::optional<Tensor> ValueScope::constant(std::string_view value) const {
  const ValueScope* home = home_of(value);
  if (!home) return std::nullopt;
  if (const TensorData* data = home->own_constant(value)) return tensor_of(*data, editor_.model());
  const auto kept = home->kept_.find(value);
  return kept == home->kept_.end() ? std::nullopt : std::optional(kept->second);
}

ValueFacts ValueScope::stated(std::string_view value) {
  if (const TensorData* data = own_constant(value)) return facts_of(*data, editor_.model());
  const ValueInfo* info = trust_shapes_ ? editor_.value_info(value) : nullptr;
  return info && info->type ? numbers_.facts_of(*info->type) : ValueFacts{};
}

const ValueFacts* ValueScope::facts(std::string_view value) {
  if (value.empty()) return nullptr;
  auto* home = const_cast<ValueScope*>(home_of(value));
  if (!home) return nullptr;
  auto found = home->facts_.find(value);
  if (found == home->facts_.end()) found = home->facts_.emplace(value, home->stated(value)).first;
  return &found->second;
}

void ValueScope::learn(std::string_view value, const ValueFacts& facts) {
  auto found = facts_.find(value);
  if (found == facts_.end()) found = facts_.emplace(value, stated(value)).first;
  merge(found->second, facts);
}

}  // namespace polygraph::onnx
