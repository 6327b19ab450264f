#include <algorithm>
#include <array>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/shape_operators.h"

namespace polygraph::onnx::shapes {
namespace {

constexpr std::int32_t bool_type = 9;
constexpr PartialInt yes = PartialInt::number(1);
constexpr PartialInt no = PartialInt::number(0);

constexpr PartialInt truth(bool value) {
  return value ? yes : no;
}

// Every operation gets two integers of which something is known, and gives what follows. Results that do not
// fit into 64 bits are unknown: what an engine makes of them is its own affair.

PartialInt add(PartialInt a, PartialInt b) {
  if (a.is(0)) return b;
  if (b.is(0)) return a;
  std::int64_t sum = 0;
  if (!a.is_number() || !b.is_number() || __builtin_add_overflow(a.value, b.value, &sum)) return {};
  return PartialInt::number(sum);
}

PartialInt subtract(PartialInt a, PartialInt b) {
  if (b.is(0)) return a;
  if (a.surely_equals(b)) return no;
  std::int64_t difference = 0;
  if (!a.is_number() || !b.is_number() || __builtin_sub_overflow(a.value, b.value, &difference)) return {};
  return PartialInt::number(difference);
}

PartialInt multiply(PartialInt a, PartialInt b) {
  if (a.is(1) || b.is(0)) return b;
  if (b.is(1) || a.is(0)) return a;
  std::int64_t product = 0;
  if (!a.is_number() || !b.is_number() || __builtin_mul_overflow(a.value, b.value, &product)) return {};
  return PartialInt::number(product);
}

PartialInt divide(PartialInt a, PartialInt b) {
  if (b.is(1)) return a;
  if (!a.is_number() || !b.is_number() || b.value == 0 || (a.value == INT64_MIN && b.value == -1)) return {};
  return PartialInt::number(a.value / b.value);
}

/// `fmod`: the sign of the result is that of the dividend, else of the divisor.
PartialInt remainder(PartialInt a, PartialInt b, bool fmod) {
  if (b.is(1)) return no;
  if (!a.is_number() || !b.is_number() || b.value == 0 || b.value == -1) return b.is(-1) ? no : PartialInt();
  const std::int64_t rest = a.value % b.value;
  const bool moves = !fmod && rest != 0 && (rest < 0) != (b.value < 0);
  return PartialInt::number(moves ? rest + b.value : rest);
}

PartialInt minimum(PartialInt a, PartialInt b) {
  if (a.is_number() && b.is_number()) return PartialInt::number(std::min(a.value, b.value));
  if (a.surely_equals(b)) return a;
  if (a.is_dimension() && b.is_number() && b.value <= 0) return b;
  if (b.is_dimension() && a.is_number() && a.value <= 0) return a;
  return {};
}

PartialInt maximum(PartialInt a, PartialInt b) {
  if (a.is_number() && b.is_number()) return PartialInt::number(std::max(a.value, b.value));
  if (a.surely_equals(b)) return a;
  if (a.is_dimension() && b.is_number() && b.value <= 0) return a;
  if (b.is_dimension() && a.is_number() && a.value <= 0) return b;
  return {};
}

PartialInt equal(PartialInt a, PartialInt b) {
  if (a.surely_equals(b)) return yes;
  if (a.is_number() && b.is_number()) return no;
  const auto is_negative = [](PartialInt n) { return n.is_number() && n.value < 0; };
  if ((a.is_dimension() && is_negative(b)) || (b.is_dimension() && is_negative(a))) return no;
  return {};
}

PartialInt less(PartialInt a, PartialInt b) {
  if (a.is_number() && b.is_number()) return truth(a.value < b.value);
  if (a.surely_equals(b)) return no;
  if (a.is_dimension() && b.is_number() && b.value <= 0) return no;
  if (b.is_dimension() && a.is_number() && a.value < 0) return yes;
  return {};
}

PartialInt logical_not(PartialInt a) {
  return a.is_number() ? truth(a.value == 0) : PartialInt();
}

PartialInt logical_and(PartialInt a, PartialInt b) {
  if (a.is(0) || b.is(0)) return no;
  return a.is_number() && b.is_number() ? yes : PartialInt();
}

PartialInt logical_or(PartialInt a, PartialInt b) {
  return logical_not(logical_and(logical_not(a), logical_not(b)));
}

PartialInt logical_xor(PartialInt a, PartialInt b) {
  return a.is_number() && b.is_number() ? truth((a.value != 0) != (b.value != 0)) : PartialInt();
}

using Binary = PartialInt (*)(PartialInt, PartialInt);

struct BinaryOperator {
  std::string_view name;
  Binary apply;
  bool makes_bool;
  bool takes_many;  ///< any number of inputs, applied from left to right
};

constexpr std::array binary_operators = {
    BinaryOperator{"Add", add, false, false},
    BinaryOperator{"Sub", subtract, false, false},
    BinaryOperator{"Mul", multiply, false, false},
    BinaryOperator{"Div", divide, false, false},
    BinaryOperator{"Sum", add, false, true},
    BinaryOperator{"Min", minimum, false, true},
    BinaryOperator{"Max", maximum, false, true},
    BinaryOperator{"Equal", equal, true, false},
    BinaryOperator{"Less", less, true, false},
    BinaryOperator{"Greater", [](PartialInt a, PartialInt b) { return less(b, a); }, true, false},
    BinaryOperator{"LessOrEqual", [](PartialInt a, PartialInt b) { return logical_not(less(b, a)); }, true,
                   false},
    BinaryOperator{"GreaterOrEqual", [](PartialInt a, PartialInt b) { return logical_not(less(a, b)); }, true,
                   false},
    BinaryOperator{"And", logical_and, true, false},
    BinaryOperator{"Or", logical_or, true, false},
    BinaryOperator{"Xor", logical_xor, true, false},
};

/// Both inputs broadcast, `apply` on each pair.
template <class Apply>
std::optional<PartialTensor> elementwise(const PartialTensor& a, const PartialTensor& b, bool makes_bool,
                                         Apply apply) {
  if (a.element_type != b.element_type) return std::nullopt;
  auto dims = broadcast(a.dims, b.dims);
  if (!dims || !small_count(*dims)) return std::nullopt;
  const auto from_a = broadcast_indices(a.dims, *dims);
  const auto from_b = broadcast_indices(b.dims, *dims);
  PartialTensor result{makes_bool ? bool_type : a.element_type, std::move(*dims), {}};
  for (std::size_t i = 0; i < from_a.size(); ++i) {
    const PartialInt element = apply(a.elements[from_a[i]], b.elements[from_b[i]]);
    result.elements.push_back(element.is_number() ? in_range(element.value, result.element_type) : element);
  }
  return result;
}

/// Before opset 7 broadcasting had to be asked for, and meant something else.
bool is_old_broadcast(const Call& call) {
  return call.opset < 7 &&
         (int_attribute(call.node, "broadcast", 0) != 0 || find_attribute(call.node, "axis"));
}

std::optional<PartialTensor> apply_binary(const Call& call, const BinaryOperator& op) {
  const std::size_t count = call.node.inputs.size();
  if (is_old_broadcast(call) || (op.takes_many ? count == 0 : count != 2)) return std::nullopt;
  const PartialTensor* first = call.value(0);
  if (!first) return std::nullopt;
  PartialTensor result = *first;
  for (std::size_t i = 1; i < count; ++i) {
    const PartialTensor* next = call.value(i);
    if (!next) return std::nullopt;
    auto combined = elementwise(result, *next, op.makes_bool, op.apply);
    if (!combined) return std::nullopt;
    result = std::move(*combined);
  }
  return result;
}

std::optional<PartialTensor> modulo(const Call& call) {
  const PartialTensor* a = call.value(0);
  const PartialTensor* b = call.value(1);
  if (!a || !b) return std::nullopt;
  const bool fmod = int_attribute(call.node, "fmod", 0) != 0;
  return elementwise(*a, *b, false, [&](PartialInt x, PartialInt y) { return remainder(x, y, fmod); });
}

std::optional<PartialTensor> where(const Call& call) {
  const PartialTensor* condition = call.value(0);
  const PartialTensor* a = call.value(1);
  const PartialTensor* b = call.value(2);
  if (!condition || !a || !b || a->element_type != b->element_type) return std::nullopt;
  auto dims = broadcast(a->dims, b->dims);
  if (dims) dims = broadcast(*dims, condition->dims);
  if (!dims || !small_count(*dims)) return std::nullopt;
  const auto from_condition = broadcast_indices(condition->dims, *dims);
  const auto from_a = broadcast_indices(a->dims, *dims);
  const auto from_b = broadcast_indices(b->dims, *dims);
  PartialTensor result{a->element_type, std::move(*dims), {}};
  for (std::size_t i = 0; i < from_a.size(); ++i) {
    const PartialInt decision = condition->elements[from_condition[i]];
    const PartialInt x = a->elements[from_a[i]];
    const PartialInt y = b->elements[from_b[i]];
    if (decision.is_number())
      result.elements.push_back(decision.value != 0 ? x : y);
    else
      result.elements.push_back(x.surely_equals(y) ? x : PartialInt());
  }
  return result;
}

template <class Apply>
std::optional<PartialTensor> unary(const Call& call, Apply apply) {
  const PartialTensor* input = call.value(0);
  if (!input) return std::nullopt;
  PartialTensor result = *input;
  for (PartialInt& element : result.elements) {
    element = apply(element);
    if (element.is_number()) element = in_range(element.value, result.element_type);
  }
  return result;
}

PartialInt negate(PartialInt a) {
  return subtract(no, a);
}

PartialInt absolute(PartialInt a) {
  if (a.is_number()) return a.value < 0 ? negate(a) : a;
  return a;  // a dimension is never negative
}

std::optional<PartialTensor> cast(const Call& call) {
  std::int64_t to = int_attribute(call.node, "to", 0);
  if (call.is("CastLike")) to = call.facts(1) ? call.facts(1)->element_type : 0;
  const PartialTensor* input = call.value(0);
  if (!input || to <= 0 || to > INT32_MAX || !is_followed(static_cast<std::int32_t>(to))) return std::nullopt;
  PartialTensor result = *input;
  result.element_type = static_cast<std::int32_t>(to);
  const bool is_wide = data_type_of(result.element_type) == DataType::int64;
  for (PartialInt& element : result.elements) {
    if (element.is_number())
      element = result.element_type == bool_type ? truth(element.value != 0)
                                                 : in_range(element.value, result.element_type);
    else if (!is_wide && result.element_type != input->element_type)
      element = {};
  }
  return result;
}

std::optional<PartialTensor> reduce(const Call& call, Binary combine, std::optional<PartialInt> neutral) {
  const PartialTensor* input = call.value(0);
  std::optional<std::vector<std::int64_t>> axes;
  if (!input || !call.list("axes", 1, axes)) return std::nullopt;
  const std::size_t rank = input->dims.size();
  std::vector<bool> reduced(rank, false);
  if (!axes || axes->empty()) {
    if (int_attribute(call.node, "noop_with_empty_axes", 0) != 0) return *input;
    reduced.assign(rank, true);
  }
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>{})) {
    const auto checked = checked_axis(axis, rank);
    if (!checked) return std::nullopt;
    reduced[*checked] = true;
  }
  const bool keep = int_attribute(call.node, "keepdims", 1) != 0;
  std::vector<std::int64_t> kept(rank);
  PartialTensor result{input->element_type, {}, {}};
  for (std::size_t i = 0; i < rank; ++i) {
    kept[i] = reduced[i] ? 1 : input->dims[i];
    if (keep || !reduced[i]) result.dims.push_back(kept[i]);
  }
  const auto count = small_count(kept);
  if (!count) return std::nullopt;
  std::vector<std::optional<PartialInt>> sums(*count, neutral);
  const auto target = broadcast_indices(kept, input->dims);
  for (std::size_t i = 0; i < target.size(); ++i) {
    std::optional<PartialInt>& sum = sums[target[i]];
    sum = sum ? combine(*sum, input->elements[i]) : input->elements[i];
  }
  for (const auto& sum : sums) {
    if (!sum) return std::nullopt;  // the least of nothing
    result.elements.push_back(sum->is_number() ? in_range(sum->value, result.element_type) : *sum);
  }
  return result;
}

}  // namespace

std::optional<PartialTensor> arithmetic(const Call& call) {
  const auto binary = std::ranges::find(binary_operators, call.node.op_type, &BinaryOperator::name);
  if (binary != binary_operators.end()) return apply_binary(call, *binary);
  if (call.is("Mod")) return modulo(call);
  if (call.is("Where")) return where(call);
  if (call.is("Cast") || call.is("CastLike")) return cast(call);
  if (call.is("Neg")) return unary(call, negate);
  if (call.is("Abs")) return unary(call, absolute);
  if (call.is("Not")) return unary(call, logical_not);
  if (call.is("ReduceSum")) return reduce(call, add, no);
  if (call.is("ReduceProd")) return reduce(call, multiply, yes);
  if (call.is("ReduceMin")) return reduce(call, minimum, std::nullopt);
  if (call.is("ReduceMax")) return reduce(call, maximum, std::nullopt);
  return std::nullopt;
}

}  // namespace polygraph::onnx::shapes
