#include <fmt/format.h>

#include <algorithm>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

const std::vector<Value>& sequence(const Call& call, std::size_t i) {
  const Value& value = call.value(i);
  if (value.kind != Value::Kind::sequence) call.fail(fmt::format("its input {} is no sequence.", i));
  return *value.elements;
}

std::size_t position(const Call& call, std::size_t input, std::size_t size, bool allow_end) {
  const std::int64_t given = call.integer(input), end = static_cast<std::int64_t>(size);
  const std::int64_t place = given < 0 ? given + end : given;
  if (place < 0 || place > end || (place == end && !allow_end))
    call.fail(fmt::format("the position {} is outside of a sequence of {}.", given, size));
  return static_cast<std::size_t>(place);
}

Values empty(const Call& call) {
  return {sequence_of({}, call.type_attribute("dtype", DataType::float32))};
}

Values construct(const Call& call) {
  std::vector<Value> elements;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) elements.push_back(call.value(i));
  return {sequence_of(std::move(elements), call.dtype(0))};
}

Values at(const Call& call) {
  const auto& elements = sequence(call, 0);
  return {elements[position(call, 1, elements.size(), false)]};
}

Values length(const Call& call) {
  return {
      value_of(Tensor::full(Shape{}, static_cast<std::int64_t>(sequence(call, 0).size())), DataType::int64)};
}

Values insert(const Call& call) {
  std::vector<Value> elements = sequence(call, 0);
  const std::size_t place = call.has(2) ? position(call, 2, elements.size(), true) : elements.size();
  elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(place), call.value(1));
  return {sequence_of(std::move(elements), call.dtype(1))};
}

Values erase(const Call& call) {
  std::vector<Value> elements = sequence(call, 0);
  if (elements.empty()) call.fail("its sequence is empty.");
  const std::size_t place = call.has(1) ? position(call, 1, elements.size(), false) : elements.size() - 1;
  elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(place));
  return {sequence_of(std::move(elements), call.dtype(0))};
}

Values concat_from_sequence(const Call& call) {
  const auto& elements = sequence(call, 0);
  if (elements.empty()) call.fail("its sequence is empty.");
  const bool new_axis = call.attribute("new_axis", std::int64_t{0}) != 0;
  const std::size_t rank = elements[0].tensor.shape().rank() + (new_axis ? 1 : 0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), rank);
  std::vector<Tensor> tensors;
  for (const Value& element : elements) {
    Dims dims = dims_of(element.tensor);
    if (new_axis) dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    tensors.push_back(element.tensor.reshaped(Shape(dims)));
    Dims first = dims_of(tensors[0]);
    if (dims.size() == first.size()) dims[axis] = first[axis];
    if (dims != first || tensors.back().dtype() != tensors[0].dtype())
      call.fail("its tensors do not fit together.");
  }
  return {value_of(concatenate(tensors, axis), elements[0].dtype)};
}

Values split_to_sequence(const Call& call) {
  const Shape& shape = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), shape.rank());
  const bool keeps = call.has(1) || call.attribute("keepdims", std::int64_t{1}) != 0;
  Dims sizes(static_cast<std::size_t>(shape[axis]), 1);
  if (call.has(1)) {
    sizes = call.integers(1);
    if (call.shape(1).rank() == 0) {
      const std::int64_t size = sizes[0];
      if (size < 1) call.fail("its parts are empty.");
      sizes.clear();
      for (std::int64_t begin = 0; begin < shape[axis]; begin += size)
        sizes.push_back(std::min(size, shape[axis] - begin));
    }
  }
  const Dims strides = strides_of(shape.dims());
  std::vector<Value> parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0 || begin + size > shape[axis]) call.fail("its parts do not add up to the axis.");
    Dims dims(shape.begin(), shape.end());
    dims[axis] = size;
    Tensor part = strided_copy(call.tensor(0), begin * strides[axis], Shape(dims), strides);
    if (!keeps) dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
    parts.push_back(value_of(part.reshaped(Shape(dims)), call.dtype(0)));
    begin += size;
  }
  return {sequence_of(std::move(parts), call.dtype(0))};
}

Values optional(const Call& call) {
  return {call.has(0) ? call.value(0) : Value()};
}
Values optional_has_element(const Call& call) {
  return {value_of(Tensor::full(Shape{}, call.has(0)), DataType::boolean)};
}
Values optional_get_element(const Call& call) {
  return {call.value(0)};
}

}  // namespace

void add_sequences(Operators& operators) {
  operators.insert({
      {"SequenceEmpty", empty},
      {"SequenceConstruct", construct},
      {"SequenceAt", at},
      {"SequenceLength", length},
      {"SequenceInsert", insert},
      {"SequenceErase", erase},
      {"ConcatFromSequence", concat_from_sequence},
      {"SplitToSequence", split_to_sequence},
      {"Optional", optional},
      {"OptionalHasElement", optional_has_element},
      {"OptionalGetElement", optional_get_element},
  });
}

}  // namespace polygraph::reference
