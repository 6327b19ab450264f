#include <polygraph/onnx/shape_values.h>

#include <algorithm>
#include <unordered_set>

#include "onnx/attributes.h"
#include "onnx/shape_operators.h"

namespace polygraph::onnx {

bool PartialTensor::is_known() const {
  return std::ranges::all_of(elements, &PartialInt::is_number);
}

bool ValueFacts::has_static_shape() const {
  return shape && std::ranges::all_of(*shape, &PartialInt::is_number);
}

PartialInt DimensionNumbers::named(std::string_view name) {
  const auto [entry, is_new] = by_name_.try_emplace(name, next_);
  if (is_new) ++next_;
  return PartialInt::dimension(entry->second);
}

ValueFacts DimensionNumbers::facts_of(const Type& type) {
  ValueFacts facts;
  if (type.kind != Type::Kind::tensor) return facts;
  facts.element_type = type.element_type.value_or(0);
  if (!type.shape) return facts;
  facts.shape.emplace();
  for (const DimensionInfo& dim : type.shape->dims) {
    const auto* size = std::get_if<std::int64_t>(&dim.value);
    const auto* name = std::get_if<std::string_view>(&dim.value);
    if (size && *size >= 0)
      facts.shape->push_back(PartialInt::number(*size));
    else
      facts.shape->push_back(name && !name->empty() ? named(*name) : anonymous());
  }
  return facts;
}

std::vector<ValueFacts> propagate_shape_values(const Node& node, std::int64_t opset,
                                               std::span<const ValueFacts* const> inputs) {
  if (!is_standard_domain(node.domain) || has_attribute_references(node)) return {};
  const shapes::Call call{node, opset, inputs};
  if (auto result = shapes::arithmetic(call)) return {shapes::facts_of(std::move(*result))};
  return shapes::layout(call);
}

bool is_shape_arithmetic(const Node& node) {
  static const std::unordered_set<std::string_view> operators = {
      "Shape",         "Size",  "Identity", "Cast",      "CastLike",  "Gather",     "Slice",
      "Concat",        "Split", "Squeeze",  "Unsqueeze", "Reshape",   "Flatten",    "Transpose",
      "Expand",        "Tile",  "Range",    "NonZero",   "ReduceSum", "ReduceMin",  "ReduceMax",
      "Add",           "Sub",   "Mul",      "Div",       "Mod",       "Min",        "Max",
      "Sum",           "Neg",   "Abs",      "Equal",     "Less",      "Greater",    "LessOrEqual",
      "And",           "Or",    "Xor",      "Not",       "Where",     "ReduceProd", "ConstantOfShape",
      "GreaterOrEqual"};
  return is_standard_domain(node.domain) && operators.contains(node.op_type);
}

std::optional<std::vector<std::int64_t>> constant_reshape(const PartialTensor& shape, const ValueFacts* data,
                                                          bool copies_zeros) {
  if (shape.dims.size() != 1) return std::nullopt;
  const auto axis_of_data = [&](std::size_t i) {
    return data && data->shape && i < data->shape->size() ? (*data->shape)[i] : PartialInt();
  };
  std::vector<std::int64_t> as_inferred;
  std::vector<std::int64_t> as_copied;
  std::size_t open = 0;
  bool may_infer = true;
  bool may_copy = copies_zeros;
  for (std::size_t i = 0; i < shape.elements.size(); ++i) {
    const PartialInt element = shape.elements[i];
    as_inferred.push_back(element.is_number() ? element.value : -1);
    as_copied.push_back(element.is_number() ? element.value : 0);
    if (element.is_number()) {
      // Nothing can be inferred beside another -1, or where the other sizes may multiply to zero.
      const bool copies_size =
          element.value == 0 && copies_zeros && axis_of_data(i).is_number() && axis_of_data(i).value > 0;
      may_infer = may_infer && (element.value > 0 || copies_size);
    } else {
      ++open;
      may_copy = may_copy && element.surely_equals(axis_of_data(i));
    }
  }
  if (open <= 1 && may_infer) return as_inferred;
  if (may_copy) return as_copied;
  return std::nullopt;
}

namespace shapes {

const PartialTensor* Call::value(std::size_t i) const {
  const ValueFacts* known = facts(i);
  return known && known->value ? &*known->value : nullptr;
}

std::optional<std::vector<std::int64_t>> Call::numbers(std::size_t i) const {
  const PartialTensor* tensor = value(i);
  if (!tensor || !tensor->is_known()) return std::nullopt;
  std::vector<std::int64_t> result(tensor->elements.size());
  std::ranges::transform(tensor->elements, result.begin(), &PartialInt::value);
  return result;
}

bool Call::list(std::string_view attribute, std::size_t input,
                std::optional<std::vector<std::int64_t>>& result) const {
  result.reset();
  if (const auto* ints = attribute_value<std::vector<std::int64_t>>(node, attribute)) {
    result = *ints;
    return true;
  }
  if (!has_input(input)) return true;
  result = numbers(input);
  return result.has_value();
}

ValueFacts facts_of(PartialTensor tensor) {
  ValueFacts facts;
  facts.element_type = tensor.element_type;
  facts.shape.emplace();
  for (const std::int64_t dim : tensor.dims) facts.shape->push_back(PartialInt::number(dim));
  facts.value = std::move(tensor);
  return facts;
}

std::optional<std::size_t> small_count(std::span<const std::int64_t> dims) {
  std::size_t count = 1;  // of the sizes that are not zero
  bool is_empty = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0 || static_cast<std::uint64_t>(dim) > PartialTensor::max_elements) return std::nullopt;
    if (dim == 0)
      is_empty = true;
    else
      count *= static_cast<std::size_t>(dim);
    if (count > PartialTensor::max_elements) return std::nullopt;
  }
  return is_empty ? 0 : count;
}

std::optional<std::vector<std::int64_t>> broadcast(std::span<const std::int64_t> a,
                                                   std::span<const std::int64_t> b) {
  if (a.size() < b.size()) std::swap(a, b);
  std::vector<std::int64_t> result(a.begin(), a.end());
  const std::size_t offset = a.size() - b.size();
  for (std::size_t i = 0; i < b.size(); ++i) {
    std::int64_t& dim = result[offset + i];
    if (dim != b[i] && dim != 1 && b[i] != 1) return std::nullopt;
    if (dim == 1) dim = b[i];
  }
  return result;
}

std::vector<std::size_t> broadcast_indices(std::span<const std::int64_t> from,
                                           std::span<const std::int64_t> to) {
  const std::size_t count = small_count(to).value_or(0);
  const std::size_t offset = to.size() - from.size();
  std::vector<std::size_t> strides(to.size(), 0);
  std::size_t stride = 1;
  for (std::size_t axis = from.size(); axis-- > 0;) {
    strides[offset + axis] = from[axis] == 1 ? 0 : stride;
    stride *= static_cast<std::size_t>(from[axis]);
  }
  std::vector<std::size_t> indices(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i;
    for (std::size_t axis = to.size(); axis-- > 0;) {
      const auto dim = static_cast<std::size_t>(to[axis]);
      indices[i] += rest % dim * strides[axis];
      rest /= dim;
    }
  }
  return indices;
}

bool is_followed(std::int32_t element_type) {
  const auto dtype = data_type_of(element_type);
  return dtype && bit_width(*dtype) >= 8 && (is_integral(*dtype) || *dtype == DataType::boolean);
}

PartialInt in_range(std::int64_t number, std::int32_t element_type) {
  std::int64_t low = INT64_MIN;
  std::int64_t high = INT64_MAX;
  const DataType dtype = data_type_of(element_type).value_or(DataType::int64);
  const int bits = bit_width(dtype);
  switch (dtype) {
    case DataType::boolean:
      low = 0;
      high = 1;
      break;
    case DataType::uint8:
    case DataType::uint16:
    case DataType::uint32:
      low = 0;
      high = (std::int64_t{1} << bits) - 1;
      break;
    case DataType::uint64:
      low = 0;
      break;
    case DataType::int64:
      break;
    default:
      high = (std::int64_t{1} << (bits - 1)) - 1;
      low = -high - 1;
  }
  return number >= low && number <= high ? PartialInt::number(number) : PartialInt();
}

std::optional<std::size_t> checked_axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

}  // namespace shapes
}  // namespace polygraph::onnx
