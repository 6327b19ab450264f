#include <polygraph/core/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "onnx/attributes.h"
#include "onnx/simplify_graph.h"

namespace polygraph::onnx {
namespace {

using Ints = std::vector<std::int64_t>;
using Passed = std::optional<std::size_t>;

std::int32_t element_type(const Rewrite& rewrite, std::size_t input) {
  if (!rewrite.has_input(input)) return 0;
  const ValueFacts* facts = rewrite.scope.facts(rewrite.node().inputs[input]);
  return facts ? facts->element_type : 0;
}

bool keeps_shape(const Rewrite& rewrite, std::size_t input = 0) {
  return rewrite.has_input(input) &&
         have_same_shape(rewrite.scope, rewrite.node().inputs[input], rewrite.node().outputs[0]);
}

Passed first_if(bool condition) {
  return condition ? Passed(0) : std::nullopt;
}

Passed always(const Rewrite& rewrite) {
  return first_if(rewrite.has_input(0));
}

/// Random nodes, Dropout in training among them, are not asked. The mask is only made where it is used.
Passed dropout(const Rewrite& rewrite) {
  return always(rewrite);
}

Passed cast(const Rewrite& rewrite) {
  const std::int32_t from = element_type(rewrite, 0);
  return first_if(from != 0 && int_attribute(rewrite.node(), "to", 0) == from);
}

Passed cast_like(const Rewrite& rewrite) {
  const std::int32_t from = element_type(rewrite, 0);
  return first_if(from != 0 && from == element_type(rewrite, 1));
}

Passed transpose(const Rewrite& rewrite) {
  if (const auto* order = attribute_value<Ints>(rewrite.node(), "perm")) {
    for (std::size_t i = 0; i < order->size(); ++i)
      if ((*order)[i] != static_cast<std::int64_t>(i)) return std::nullopt;
    return always(rewrite);
  }
  const ValueFacts* facts = rewrite.has_input(0) ? rewrite.scope.facts(rewrite.node().inputs[0]) : nullptr;
  return first_if(facts && facts->shape && facts->shape->size() <= 1);
}

/// Operators that only change the shape.
Passed same_shape(const Rewrite& rewrite) {
  return first_if(keeps_shape(rewrite));
}

/// Reshape to what the input has, size by size, where one may be left open.
Passed reshape(const Rewrite& rewrite) {
  if (keeps_shape(rewrite)) return 0;
  if (!rewrite.has_input(0) || !rewrite.has_input(1)) return std::nullopt;
  const ValueFacts* data = rewrite.scope.facts(rewrite.node().inputs[0]);
  const ValueFacts* target = rewrite.scope.facts(rewrite.node().inputs[1]);
  if (!data || !data->shape || !target || !target->value ||
      target->value->elements.size() != data->shape->size())
    return std::nullopt;
  const bool copies_zeros = int_attribute(rewrite.node(), "allowzero", 0) == 0;
  std::size_t open = 0;
  for (std::size_t i = 0; i < data->shape->size(); ++i) {
    const PartialInt wanted = target->value->elements[i];
    if (wanted.surely_equals((*data->shape)[i]) || (wanted.is(0) && copies_zeros)) continue;
    if (!wanted.is(-1)) return std::nullopt;
    ++open;
  }
  return first_if(open <= 1);
}

Passed flatten(const Rewrite& rewrite) {
  const ValueFacts* facts = rewrite.has_input(0) ? rewrite.scope.facts(rewrite.node().inputs[0]) : nullptr;
  if (!facts || !facts->shape || facts->shape->size() != 2) return std::nullopt;
  const std::int64_t axis = int_attribute(rewrite.node(), "axis", 1);
  return first_if(axis == 1 || axis == -1);
}

Passed pad(const Rewrite& rewrite) {
  if (rewrite.opset < 2) return std::nullopt;  // another attribute
  std::optional<Ints> pads;
  return first_if(rewrite.list("pads", 1, pads) && pads &&
                  std::ranges::all_of(*pads, [](auto n) { return n == 0; }));
}

Passed tile(const Rewrite& rewrite) {
  std::optional<Ints> repeats;
  if (rewrite.opset < 6 || !rewrite.list("repeats", 1, repeats) || !repeats) return std::nullopt;
  return first_if(std::ranges::all_of(*repeats, [](auto n) { return n == 1; }));
}

/// A slice that keeps the size of every axis, forwards, keeps everything.
Passed slice(const Rewrite& rewrite) {
  std::optional<Ints> starts;
  std::optional<Ints> ends;
  std::optional<Ints> steps;
  if (!rewrite.list("starts", 1, starts) || !rewrite.list("ends", 2, ends) ||
      !rewrite.list("steps", 4, steps))
    return std::nullopt;
  const Ints strides = steps.value_or(Ints{});
  if (std::ranges::any_of(strides, [](auto step) { return step <= 0; })) return std::nullopt;
  if (keeps_shape(rewrite)) return 0;
  const auto is_zero = [](std::int64_t n) { return n == 0; };
  const auto is_the_end = [](std::int64_t n) { return n >= INT32_MAX; };
  const auto is_one = [](std::int64_t n) { return n == 1; };
  return first_if(starts && ends && std::ranges::all_of(*starts, is_zero) &&
                  std::ranges::all_of(*ends, is_the_end) && std::ranges::all_of(strides, is_one));
}

Passed of_one(const Rewrite& rewrite) {
  return first_if(rewrite.node().inputs.size() == 1 && rewrite.has_input(0));
}

/// Whether every element of a small constant is this number; for 0, one of this sign.
bool is_all(ValueScope& scope, std::string_view value, double number) {
  const TensorData* data = scope.constant_data(value);
  std::int64_t count = 1;
  if (!data) return false;
  for (const std::int64_t dim : data->dims)
    if (dim <= 0 || __builtin_mul_overflow(count, dim, &count) || count > 1024) return false;
  const auto dtype = data_type_of(data->data_type);
  if (!dtype || *dtype == DataType::string || *dtype == DataType::complex64 || *dtype == DataType::complex128)
    return false;
  try {
    const Tensor tensor = tensor_of(*data, scope.editor().model());
    for (std::int64_t i = 0; i < count; ++i) {
      const double element = tensor.element_as_double(i);
      if (element != number || (is_floating(*dtype) && std::signbit(element) != std::signbit(number)))
        return false;
    }
    return true;
  } catch (const InputError&) {
    return false;  // damaged: the checker says so
  }
}

/// Whether a constant joined with this value broadcasts to the value's own shape.
bool broadcasts_into(const Rewrite& rewrite, std::size_t value, std::size_t constant) {
  if (keeps_shape(rewrite, value)) return true;
  const TensorData* data = rewrite.scope.constant_data(rewrite.node().inputs[constant]);
  const ValueFacts* facts = rewrite.scope.facts(rewrite.node().inputs[value]);
  if (!data || std::ranges::any_of(data->dims, [](auto dim) { return dim != 1; })) return false;
  return data->dims.empty() || (facts && facts->shape && facts->shape->size() >= data->dims.size());
}

Passed with_neutral(const Rewrite& rewrite, double neutral, bool on_both_sides) {
  if (rewrite.opset < 7 || rewrite.node().inputs.size() != 2) return std::nullopt;
  for (const std::size_t constant : {std::size_t{1}, std::size_t{0}}) {
    if (constant == 0 && !on_both_sides) continue;
    if (!rewrite.has_input(constant) || !rewrite.has_input(1 - constant)) continue;
    if (is_all(rewrite.scope, rewrite.node().inputs[constant], neutral) &&
        broadcasts_into(rewrite, 1 - constant, constant))
      return 1 - constant;
  }
  return std::nullopt;
}

/// -0.0 + 0.0 is 0.0, while adding -0.0 changes nothing.
Passed add(const Rewrite& rewrite) {
  const auto dtype = data_type_of(std::max(element_type(rewrite, 0), element_type(rewrite, 1)));
  if (!dtype) return std::nullopt;
  return with_neutral(rewrite, is_floating(*dtype) ? -0.0 : 0.0, true);
}

using Rule = Passed (*)(const Rewrite&);

const std::unordered_map<std::string_view, Rule>& rules() {
  static const std::unordered_map<std::string_view, Rule> table = {
      {"Identity", always},
      {"Dropout", dropout},
      {"Cast", cast},
      {"CastLike", cast_like},
      {"Transpose", transpose},
      {"Reshape", reshape},
      {"Flatten", flatten},
      {"Squeeze", same_shape},
      {"Unsqueeze", same_shape},
      {"Expand", same_shape},
      {"Pad", pad},
      {"Tile", tile},
      {"Slice", slice},
      {"Concat", of_one},
      {"Sum", of_one},
      {"Mean", of_one},
      {"Min", of_one},
      {"Max", of_one},
      {"Add", add},
      {"Sub", [](const Rewrite& rewrite) { return with_neutral(rewrite, 0.0, false); }},
      {"Mul", [](const Rewrite& rewrite) { return with_neutral(rewrite, 1.0, true); }},
      {"Div", [](const Rewrite& rewrite) { return with_neutral(rewrite, 1.0, false); }},
      {"And", [](const Rewrite& rewrite) { return with_neutral(rewrite, 1.0, true); }},
      {"Or", [](const Rewrite& rewrite) { return with_neutral(rewrite, 0.0, true); }},
  };
  return table;
}

}  // namespace

std::optional<std::size_t> passed_input(const Rewrite& rewrite) {
  const auto rule = rules().find(rewrite.node().op_type);
  return rule == rules().end() ? std::nullopt : rule->second(rewrite);
}

}  // namespace polygraph::onnx
