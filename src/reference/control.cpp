#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "onnx/attributes.h"
#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

// Operators with graphs inside.
namespace polygraph::reference {

namespace {

const onnx::Graph& body_of(const Call& call) {
  const auto* body = onnx::attribute_value<onnx::Box<onnx::Graph>>(call.node, "body");
  if (!body || !*body) call.fail("its body is missing.");
  return **body;
}

Values if_node(const Call& call) {
  return call.subgraphs.run(call.number(0) != 0 ? "then_branch" : "else_branch", {});
}

// Tensors of one shape, put beside each other along a new axis. `empty` tells type and shape if there are
// none.
Value stack(const Call& call, std::vector<Value> parts, std::size_t axis) {
  std::vector<Tensor> tensors;
  for (Value& part : parts) {
    if (part.kind != Value::Kind::tensor || part.tensor.shape() != parts[0].tensor.shape())
      call.fail("its scan outputs have not the same shape in each iteration.");
    Dims dims = dims_of(part.tensor);
    if (axis > dims.size()) call.fail("a scan output has no such axis.");
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    tensors.push_back(part.tensor.reshaped(Shape(std::move(dims))));
  }
  return value_of(concatenate(tensors, axis), parts[0].dtype);
}

// No iterations: nothing but what the body declares is known.
Value empty_stack(const onnx::ValueInfo& declared) {
  const auto dtype = declared.type && declared.type->element_type
                         ? onnx::data_type_of(*declared.type->element_type)
                         : std::nullopt;
  Dims dims{0};
  if (declared.type && declared.type->shape)
    for (const onnx::DimensionInfo& dim : declared.type->shape->dims) {
      const auto* size = std::get_if<std::int64_t>(&dim.value);
      dims.push_back(size && *size >= 0 ? *size : 0);
    }
  const DataType known = dtype.value_or(DataType::float32);
  return value_of(Tensor(held_type(known), Shape(std::move(dims))), known);
}

Values loop(const Call& call) {
  const onnx::Graph& body = body_of(call);
  const std::int64_t most = call.has(0) ? call.integer(0) : std::numeric_limits<std::int64_t>::max();
  bool goes_on = !call.has(1) || call.number(1) != 0;
  std::vector<Value> carried;
  for (std::size_t i = 2; i < call.inputs.size(); ++i)
    carried.push_back(call.inputs[i] ? *call.inputs[i] : Value());
  if (body.outputs.size() < 1 + carried.size())
    call.fail("its body has fewer outputs than it carries values.");
  std::vector<std::vector<Value>> scanned(body.outputs.size() - 1 - carried.size());
  for (std::int64_t i = 0; i < most && goes_on; ++i) {
    std::vector<Value> inputs{value_of(Tensor::full(Shape{}, i), DataType::int64),
                              value_of(Tensor::full(Shape{}, goes_on), DataType::boolean)};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    std::vector<Value> outputs = call.subgraphs.run("body", std::move(inputs));
    goes_on = outputs[0].tensor.element_count() == 1 && outputs[0].tensor.element_as_double(0) != 0;
    std::move(outputs.begin() + 1, outputs.begin() + 1 + static_cast<std::ptrdiff_t>(carried.size()),
              carried.begin());
    for (std::size_t k = 0; k < scanned.size(); ++k)
      scanned[k].push_back(std::move(outputs[1 + carried.size() + k]));
  }
  Values result = carried;
  for (std::size_t k = 0; k < scanned.size(); ++k)
    result.push_back(scanned[k].empty() ? empty_stack(body.outputs[1 + carried.size() + k])
                                        : stack(call, std::move(scanned[k]), 0));
  return result;
}

Tensor slice_at(const Tensor& tensor, std::size_t axis, std::int64_t index) {
  Dims dims = dims_of(tensor), strides = strides_of(dims);
  const std::int64_t offset = index * strides[axis];
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(axis));
  return strided_copy(tensor, offset, Shape(std::move(dims)), strides);
}

// One sequence: states first, then what is scanned.
Values scan_once(const Call& call, std::vector<Value> states, const std::vector<Value>& scanned_inputs,
                 std::int64_t length_limit) {
  const onnx::Graph& body = body_of(call);
  const std::size_t count = scanned_inputs.size();
  auto attribute = [&](std::string_view name, std::size_t size) {
    Dims values = call.integers_attribute(name);
    values.resize(size, 0);
    return values;
  };
  if (body.outputs.size() < states.size()) call.fail("its body has fewer outputs than it has states.");
  const std::size_t output_count = body.outputs.size() - states.size();
  const Dims input_axes = attribute("scan_input_axes", count),
             output_axes = attribute("scan_output_axes", output_count);
  const Dims input_directions = attribute(call.opset < 9 ? "directions" : "scan_input_directions", count);
  const Dims output_directions = attribute("scan_output_directions", output_count);
  std::int64_t length = length_limit;
  for (std::size_t k = 0; k < count; ++k) {
    const Shape& shape = scanned_inputs[k].tensor.shape();
    const std::int64_t own = shape[call.axis(input_axes[k], shape.rank())];
    if (length < 0) length = own;
    if (own < length || (length_limit < 0 && own != length))
      call.fail("its scan inputs are not of the same length.");
  }
  std::vector<std::vector<Value>> scanned(output_count);
  for (std::int64_t i = 0; i < length; ++i) {
    std::vector<Value> inputs = states;
    for (std::size_t k = 0; k < count; ++k) {
      const Value& whole = scanned_inputs[k];
      const std::size_t axis = call.axis(input_axes[k], whole.tensor.shape().rank());
      inputs.push_back(
          value_of(slice_at(whole.tensor, axis, input_directions[k] != 0 ? length - 1 - i : i), whole.dtype));
    }
    std::vector<Value> outputs = call.subgraphs.run("body", std::move(inputs));
    std::move(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(states.size()), states.begin());
    for (std::size_t k = 0; k < output_count; ++k)
      scanned[k].push_back(std::move(outputs[states.size() + k]));
  }
  Values result = states;
  for (std::size_t k = 0; k < output_count; ++k) {
    if (scanned[k].empty()) {
      result.push_back(empty_stack(body.outputs[states.size() + k]));
      continue;
    }
    if (output_directions[k] != 0) std::ranges::reverse(scanned[k]);
    const std::size_t rank = scanned[k][0].tensor.shape().rank() + 1;
    result.push_back(stack(call, std::move(scanned[k]), call.axis(output_axes[k], rank)));
  }
  return result;
}

Values scan(const Call& call) {
  const auto count = static_cast<std::size_t>(call.attribute("num_scan_inputs", std::int64_t{0}));
  const std::size_t first = call.opset < 9 ? 1 : 0;  // version 8 begins with lengths, and has a batch
  if (call.inputs.size() < first + count) call.fail("it has fewer inputs than it scans.");
  std::vector<Value> states, scanned;
  for (std::size_t i = first; i < call.inputs.size(); ++i)
    (i < call.inputs.size() - count ? states : scanned).push_back(call.value(i));
  if (first == 0) return scan_once(call, std::move(states), scanned, -1);
  const std::int64_t batch = (scanned.empty() ? states : scanned).at(0).tensor.shape()[0];
  std::vector<Values> by_output;
  for (std::int64_t b = 0; b < batch; ++b) {
    const auto of_batch = [&](const std::vector<Value>& values) {
      std::vector<Value> result;
      for (const Value& value : values) result.push_back(value_of(slice_at(value.tensor, 0, b), value.dtype));
      return result;
    };
    const Values outputs = scan_once(call, of_batch(states), of_batch(scanned),
                                     call.has(0) ? call.integers(0).at(static_cast<std::size_t>(b)) : -1);
    by_output.resize(outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) by_output[k].push_back(outputs[k]);
  }
  Values result;
  for (Values& parts : by_output) result.push_back(stack(call, std::move(parts), 0));
  return result;
}

Values sequence_map(const Call& call) {
  const std::size_t length = call.value(0).elements ? call.value(0).elements->size() : 0;
  std::vector<std::vector<Value>> outputs(body_of(call).outputs.size());
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<Value> inputs;
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      const Value& value = call.value(k);
      if (value.kind != Value::Kind::sequence) {
        inputs.push_back(value);
        continue;
      }
      if (value.elements->size() != length) call.fail("its sequences are not of the same length.");
      inputs.push_back((*value.elements)[i]);
    }
    std::vector<Value> results = call.subgraphs.run("body", std::move(inputs));
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k].push_back(std::move(results[k]));
  }
  Values result;
  for (std::vector<Value>& each : outputs) {
    const DataType dtype = each.empty() ? DataType::float32 : each[0].dtype;
    result.push_back(sequence_of(std::move(each), dtype));
  }
  return result;
}

}  // namespace

void add_control(Operators& operators) {
  operators.insert({{"If", if_node}, {"Loop", loop}, {"Scan", scan}, {"SequenceMap", sequence_map}});
}

}  // namespace polygraph::reference
