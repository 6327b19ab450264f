#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/shape_operators.h"

namespace polygraph::onnx::shapes {
namespace {

using Ints = std::vector<std::int64_t>;
using Result = std::optional<PartialTensor>;

constexpr std::int32_t int64_type = 7;

std::int64_t signed_size(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

Outputs one(Result result) {
  if (!result) return {};
  return {facts_of(std::move(*result))};
}

/// The tensor with the elements of `from` that `indices` name.
PartialTensor pick(const PartialTensor& from, Ints dims, const std::vector<std::size_t>& indices) {
  PartialTensor result{from.element_type, std::move(dims), {}};
  result.elements.reserve(indices.size());
  for (const std::size_t index : indices) result.elements.push_back(from.elements[index]);
  return result;
}

/// The tensor seen as (before, axis, behind): the number of elements in each.
struct Split3 {
  std::size_t before = 1;
  std::size_t along = 1;
  std::size_t behind = 1;

  Split3(const Ints& dims, std::size_t axis) {
    for (std::size_t i = 0; i < dims.size(); ++i)
      (i < axis ? before : i == axis ? along : behind) *= static_cast<std::size_t>(dims[i]);
  }
};

/// The places `picks` along one axis.
PartialTensor pick_along(const PartialTensor& from, std::size_t axis, const std::vector<std::size_t>& picks,
                         Ints dims) {
  const Split3 parts(from.dims, axis);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < parts.before; ++i)
    for (const std::size_t place : picks)
      for (std::size_t j = 0; j < parts.behind; ++j)
        indices.push_back((i * parts.along + place) * parts.behind + j);
  return pick(from, std::move(dims), indices);
}

Result shape(const Call& call) {
  const ValueFacts* input = call.facts(0);
  if (!input || !input->shape) return std::nullopt;
  const auto rank = signed_size(input->shape->size());
  const auto clamp = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = clamp(int_attribute(call.node, "start", 0));
  const std::int64_t end = std::max(start, clamp(int_attribute(call.node, "end", rank)));
  return PartialTensor{
      int64_type, {end - start}, {input->shape->begin() + start, input->shape->begin() + end}};
}

/// The product of sizes: a number, or a dimension times ones.
Result size(const Call& call) {
  const ValueFacts* input = call.facts(0);
  if (!input || !input->shape) return std::nullopt;
  PartialInt product = PartialInt::number(1);
  bool is_exact = true;
  for (const PartialInt& dim : *input->shape) {
    std::int64_t next = 0;
    if (dim.is(0)) return PartialTensor{int64_type, {}, {dim}};
    if (dim.is(1)) continue;
    if (product.is(1)) {
      product = dim;
    } else if (product.is_number() && dim.is_number() &&
               !__builtin_mul_overflow(product.value, dim.value, &next)) {
      product = PartialInt::number(next);
    } else {
      is_exact = false;
    }
  }
  return PartialTensor{int64_type, {}, {is_exact ? product : PartialInt()}};
}

Result gather(const Call& call) {
  const PartialTensor* data = call.value(0);
  const auto indices = call.numbers(1);
  if (!data || !indices) return std::nullopt;
  const auto axis = checked_axis(int_attribute(call.node, "axis", 0), data->dims.size());
  if (!axis) return std::nullopt;
  std::vector<std::size_t> picks;
  for (const std::int64_t index : *indices) {
    const auto place = checked_axis(index, static_cast<std::size_t>(data->dims[*axis]));
    if (!place) return std::nullopt;
    picks.push_back(*place);
  }
  Ints dims(data->dims.begin(), data->dims.begin() + signed_size(*axis));
  const Ints& inner = call.value(1)->dims;
  dims.insert(dims.end(), inner.begin(), inner.end());
  dims.insert(dims.end(), data->dims.begin() + signed_size(*axis) + 1, data->dims.end());
  if (!small_count(dims)) return std::nullopt;
  return pick_along(*data, *axis, picks, std::move(dims));
}

/// The places that Slice takes along an axis of this size.
std::optional<std::vector<std::size_t>> slice_places(std::int64_t dim, std::int64_t start, std::int64_t end,
                                                     std::int64_t step) {
  if (step == 0) return std::nullopt;
  const auto from_front = [&](std::int64_t at) { return at < 0 ? at + dim : at; };
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? dim : dim - 1;
  start = std::clamp(from_front(std::max(start, -INT64_MAX)), step > 0 ? 0 : std::min<std::int64_t>(0, high),
                     high);
  end = end < -dim ? low : std::clamp(from_front(end), low, high);
  std::vector<std::size_t> places;
  for (std::int64_t at = start; step > 0 ? at < end : at > end;) {
    places.push_back(static_cast<std::size_t>(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return places;
}

Result slice(const Call& call) {
  const PartialTensor* data = call.value(0);
  std::optional<Ints> starts;
  std::optional<Ints> ends;
  std::optional<Ints> axes;
  std::optional<Ints> steps;
  if (!data || !call.list("starts", 1, starts) || !call.list("ends", 2, ends) ||
      !call.list("axes", 3, axes) || !call.list("steps", 4, steps) || !starts || !ends)
    return std::nullopt;
  if (!axes) {
    axes.emplace(starts->size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  if (!steps) steps.emplace(starts->size(), 1);
  if (ends->size() != starts->size() || axes->size() != starts->size() || steps->size() != starts->size())
    return std::nullopt;
  PartialTensor result = *data;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto axis = checked_axis((*axes)[i], result.dims.size());
    if (!axis) return std::nullopt;
    const auto places = slice_places(result.dims[*axis], (*starts)[i], (*ends)[i], (*steps)[i]);
    if (!places) return std::nullopt;
    Ints dims = result.dims;
    dims[*axis] = signed_size(places->size());
    result = pick_along(result, *axis, *places, std::move(dims));
  }
  return result;
}

Result concat(const Call& call) {
  const PartialTensor* first = call.value(0);
  if (!first) return std::nullopt;
  const auto axis = checked_axis(int_attribute(call.node, "axis", 1), first->dims.size());
  if (!axis) return std::nullopt;
  PartialTensor result{first->element_type, first->dims, {}};
  result.dims[*axis] = 0;
  std::vector<const PartialTensor*> parts;
  for (std::size_t i = 0; i < call.node.inputs.size(); ++i) {
    const PartialTensor* part = call.value(i);
    if (!part || part->element_type != first->element_type || part->dims.size() != first->dims.size())
      return std::nullopt;
    for (std::size_t d = 0; d < part->dims.size(); ++d)
      if (d != *axis && part->dims[d] != first->dims[d]) return std::nullopt;
    result.dims[*axis] += part->dims[*axis];
    parts.push_back(part);
  }
  if (!small_count(result.dims)) return std::nullopt;
  const std::size_t before = Split3(first->dims, *axis).before;
  for (std::size_t i = 0; i < before; ++i) {
    for (const PartialTensor* part : parts) {
      const std::size_t length = part->elements.size() / before;
      const auto begin = part->elements.begin() + signed_size(i * length);
      result.elements.insert(result.elements.end(), begin, begin + signed_size(length));
    }
  }
  return result;
}

Outputs split(const Call& call) {
  const PartialTensor* data = call.value(0);
  std::optional<Ints> lengths;
  if (!data || !call.list("split", 1, lengths)) return {};
  const auto axis = checked_axis(int_attribute(call.node, "axis", 0), data->dims.size());
  const auto count = signed_size(call.node.outputs.size());
  if (!axis || count == 0) return {};
  const std::int64_t dim = data->dims[*axis];
  if (!lengths) {
    // Equal parts; only from opset 18 on may the last be smaller.
    if (dim % count != 0 && call.opset < 18) return {};
    const std::int64_t length = (dim + count - 1) / count;
    if (length * (count - 1) > dim) return {};
    lengths.emplace(call.node.outputs.size(), length);
    lengths->back() = dim - length * (count - 1);
  }
  if (signed_size(lengths->size()) != count) return {};
  Outputs outputs;
  std::int64_t start = 0;
  for (const std::int64_t length : *lengths) {
    if (length < 0 || length > dim - start) return {};
    std::vector<std::size_t> places(static_cast<std::size_t>(length));
    std::iota(places.begin(), places.end(), static_cast<std::size_t>(start));
    Ints dims = data->dims;
    dims[*axis] = length;
    outputs.push_back(facts_of(pick_along(*data, *axis, places, std::move(dims))));
    start += length;
  }
  return start == dim ? outputs : Outputs{};
}

Result squeeze(const Call& call) {
  const PartialTensor* data = call.value(0);
  std::optional<Ints> axes;
  if (!data || !call.list("axes", 1, axes)) return std::nullopt;
  std::vector<bool> removed(data->dims.size(), false);
  for (std::size_t i = 0; !axes && i < removed.size(); ++i) removed[i] = data->dims[i] == 1;
  for (const std::int64_t axis : axes.value_or(Ints{})) {
    const auto checked = checked_axis(axis, data->dims.size());
    if (!checked || data->dims[*checked] != 1) return std::nullopt;
    removed[*checked] = true;
  }
  PartialTensor result{data->element_type, {}, data->elements};
  for (std::size_t i = 0; i < removed.size(); ++i)
    if (!removed[i]) result.dims.push_back(data->dims[i]);
  return result;
}

Result unsqueeze(const Call& call) {
  const PartialTensor* data = call.value(0);
  std::optional<Ints> axes;
  if (!data || !call.list("axes", 1, axes) || !axes) return std::nullopt;
  const std::size_t rank = data->dims.size() + axes->size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t axis : *axes) {
    const auto checked = checked_axis(axis, rank);
    if (!checked || added[*checked]) return std::nullopt;
    added[*checked] = true;
  }
  PartialTensor result{data->element_type, {}, data->elements};
  auto next = data->dims.begin();
  for (std::size_t i = 0; i < rank; ++i) result.dims.push_back(added[i] ? 1 : *next++);
  return result;
}

Result reshape(const Call& call) {
  const PartialTensor* data = call.value(0);
  std::optional<Ints> target;
  if (!data || !call.list("shape", 1, target) || !target) return std::nullopt;
  const bool copies_zeros = int_attribute(call.node, "allowzero", 0) == 0;
  std::size_t inferred = target->size();
  Ints dims = *target;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == -1) {
      if (inferred != dims.size()) return std::nullopt;
      inferred = i;
      dims[i] = 1;
    } else if (dims[i] == 0 && copies_zeros) {
      if (i >= data->dims.size()) return std::nullopt;
      dims[i] = data->dims[i];
    }
  }
  const auto count = small_count(dims);
  if (!count) return std::nullopt;
  if (inferred != dims.size()) {
    if (*count == 0 || data->elements.size() % *count != 0) return std::nullopt;
    dims[inferred] = signed_size(data->elements.size() / *count);
  } else if (*count != data->elements.size()) {
    return std::nullopt;
  }
  return PartialTensor{data->element_type, std::move(dims), data->elements};
}

Result flatten(const Call& call) {
  const PartialTensor* data = call.value(0);
  if (!data) return std::nullopt;
  const auto rank = signed_size(data->dims.size());
  std::int64_t axis = int_attribute(call.node, "axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return std::nullopt;
  Ints dims{1, 1};
  for (std::int64_t i = 0; i < rank; ++i) dims[i < axis ? 0 : 1] *= data->dims[static_cast<std::size_t>(i)];
  return PartialTensor{data->element_type, std::move(dims), data->elements};
}

Result transpose(const Call& call) {
  const PartialTensor* data = call.value(0);
  if (!data) return std::nullopt;
  const std::size_t rank = data->dims.size();
  Ints order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  if (const auto* given = attribute_value<Ints>(call.node, "perm")) order = *given;
  Ints sorted = order;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted.size() != rank || sorted[i] != signed_size(i)) return std::nullopt;

  Ints dims;
  for (const std::int64_t axis : order) dims.push_back(data->dims[static_cast<std::size_t>(axis)]);
  std::vector<std::size_t> strides(rank, 1);
  for (std::size_t axis = rank; axis-- > 1;)
    strides[axis - 1] = strides[axis] * static_cast<std::size_t>(data->dims[axis]);
  std::vector<std::size_t> indices(data->elements.size(), 0);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::size_t rest = i;
    for (std::size_t axis = rank; axis-- > 0;) {
      const auto dim = static_cast<std::size_t>(dims[axis]);
      indices[i] += rest % dim * strides[static_cast<std::size_t>(order[axis])];
      rest /= dim;
    }
  }
  return pick(*data, std::move(dims), indices);
}

Result expand(const Call& call) {
  const PartialTensor* data = call.value(0);
  const auto target = call.numbers(1);
  if (!data || !target) return std::nullopt;
  auto dims = broadcast(data->dims, *target);
  if (!dims || !small_count(*dims)) return std::nullopt;
  const auto indices = broadcast_indices(data->dims, *dims);
  return pick(*data, std::move(*dims), indices);
}

Result tile(const Call& call) {
  const PartialTensor* data = call.value(0);
  const auto repeats = call.numbers(1);
  if (!data || !repeats || call.opset < 6 || repeats->size() != data->dims.size()) return std::nullopt;
  PartialTensor result = *data;
  for (std::size_t axis = 0; axis < repeats->size(); ++axis) {
    const std::int64_t times = (*repeats)[axis];
    if (times < 0 || times > signed_size(PartialTensor::max_elements)) return std::nullopt;
    Ints dims = result.dims;
    dims[axis] *= times;
    if (!small_count(dims)) return std::nullopt;
    std::vector<std::size_t> places;
    for (std::int64_t i = 0; i < dims[axis]; ++i)
      places.push_back(static_cast<std::size_t>(i % result.dims[axis]));
    result = pick_along(result, axis, places, std::move(dims));
  }
  return result;
}

Result range(const Call& call) {
  const auto start = call.numbers(0);
  const auto limit = call.numbers(1);
  const auto step = call.numbers(2);
  const auto is_scalar = [](const auto& numbers) { return numbers && numbers->size() == 1; };
  if (!is_scalar(start) || !is_scalar(limit) || !is_scalar(step) || step->front() == 0) return std::nullopt;
  PartialTensor result{call.value(0)->element_type, {}, {}};
  std::int64_t at = start->front();
  while (step->front() > 0 ? at < limit->front() : at > limit->front()) {
    if (result.elements.size() == PartialTensor::max_elements) return std::nullopt;
    result.elements.push_back(PartialInt::number(at));
    if (__builtin_add_overflow(at, step->front(), &at)) return std::nullopt;
  }
  result.dims = {signed_size(result.elements.size())};
  return result;
}

/// The one integer of ConstantOfShape's `value`, if it is small and at hand without decoding anything else.
std::optional<std::int64_t> fill_value(const TensorData& data) {
  const auto dtype = data_type_of(data.data_type);
  if (data.is_external() || !dtype || !is_followed(data.data_type)) return std::nullopt;
  for (const std::int64_t dim : data.dims)
    if (dim != 1) return std::nullopt;
  Model model;
  try {
    const Tensor value = tensor_of(data, model);
    const double number = value.element_as_double(0);
    if (!(std::abs(number) <= 0x1p53)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  } catch (const InputError&) {
    return std::nullopt;  // damaged: the checker says so
  }
}

Outputs constant_of_shape(const Call& call) {
  const auto dims = call.numbers(0);
  if (!dims || std::ranges::any_of(*dims, [](std::int64_t dim) { return dim < 0; })) return {};
  const auto* value = attribute_value<Box<TensorData>>(call.node, "value");
  ValueFacts facts;
  facts.element_type = value && *value ? (*value)->data_type : element_type_of(DataType::float32);
  facts.shape.emplace();
  for (const std::int64_t dim : *dims) facts.shape->push_back(PartialInt::number(dim));
  const auto count = small_count(*dims);
  const auto fill = value && *value ? fill_value(**value) : std::nullopt;
  if (count && fill) {
    facts.value =
        PartialTensor{facts.element_type, *dims, std::vector<PartialInt>(*count, PartialInt::number(*fill))};
  }
  return {facts};
}

Result non_zero(const Call& call) {
  const auto elements = call.numbers(0);
  if (!elements || call.value(0)->dims.empty()) return std::nullopt;
  const Ints& dims = call.value(0)->dims;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < elements->size(); ++i)
    if ((*elements)[i] != 0) found.push_back(i);
  PartialTensor result{int64_type, {signed_size(dims.size()), signed_size(found.size())}, {}};
  if (!small_count(result.dims)) return std::nullopt;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const std::size_t behind = Split3(dims, axis).behind;
    for (const std::size_t i : found)
      result.elements.push_back(
          PartialInt::number(signed_size(i / behind % static_cast<std::size_t>(dims[axis]))));
  }
  return result;
}

}  // namespace

Outputs layout(const Call& call) {
  if (call.is("Identity")) return call.facts(0) ? Outputs{*call.facts(0)} : Outputs{};
  if (call.is("Shape")) return one(shape(call));
  if (call.is("Size")) return one(size(call));
  if (call.is("Gather")) return one(gather(call));
  if (call.is("Slice")) return one(slice(call));
  if (call.is("Concat")) return one(concat(call));
  if (call.is("Split")) return split(call);
  if (call.is("Squeeze")) return one(squeeze(call));
  if (call.is("Unsqueeze")) return one(unsqueeze(call));
  if (call.is("Reshape")) return one(reshape(call));
  if (call.is("Flatten")) return one(flatten(call));
  if (call.is("Transpose")) return one(transpose(call));
  if (call.is("Expand")) return one(expand(call));
  if (call.is("Tile")) return one(tile(call));
  if (call.is("Range")) return one(range(call));
  if (call.is("ConstantOfShape")) return constant_of_shape(call);
  if (call.is("NonZero")) return one(non_zero(call));
  return {};
}

}  // namespace polygraph::onnx::shapes
