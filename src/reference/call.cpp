#include "reference/call.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include "onnx/attributes.h"
#include "reference/dispatch.h"

namespace polygraph::reference {

std::string describe(const onnx::Node& node, std::int64_t opset) {
  return fmt::format("the {} node '{}' (domain '{}', opset {})", node.op_type, node.name,
                     onnx::is_standard_domain(node.domain) ? "ai.onnx" : node.domain, opset);
}

void Call::fail(const std::string& problem) const {
  throw InputError(fmt::format("Computing {}: {}", describe(node, opset), problem));
}

const Value& Call::value(std::size_t i) const {
  if (!has(i)) fail(fmt::format("its input {} is missing.", i));
  return *inputs[i];
}

const Tensor& Call::tensor(std::size_t i) const {
  const Value& input = value(i);
  if (input.kind != Value::Kind::tensor)
    fail(fmt::format("its input {} is {} instead of a tensor.", i,
                     input.kind == Value::Kind::none ? "an empty optional value" : "a sequence"));
  return input.tensor;
}

std::span<const double> Call::floats(std::size_t i) const {
  const Tensor& input = tensor(i);
  if (input.dtype() != DataType::float64)
    fail(fmt::format("its input {} is {} instead of a floating-point type.", i, to_string(dtype(i))));
  return input.values<double>();
}

std::vector<std::int64_t> Call::integers(std::size_t i) const {
  const Tensor& input = tensor(i);
  if (!is_integral(input.dtype()))
    fail(fmt::format("its input {} is {} instead of an integer type.", i, to_string(dtype(i))));
  return with_number(input.dtype(), [&]<class T>() {
    std::vector<std::int64_t> result;
    if constexpr (std::is_integral_v<T>)
      for (const T element : input.values<T>()) result.push_back(static_cast<std::int64_t>(element));
    return result;
  });
}

std::int64_t Call::integer(std::size_t i) const {
  const auto all = integers(i);
  if (all.size() != 1) fail(fmt::format("its input {} has {} elements instead of one.", i, all.size()));
  return all[0];
}

double Call::number(std::size_t i) const {
  const Tensor& input = tensor(i);
  if (input.element_count() != 1)
    fail(fmt::format("its input {} has {} elements instead of one.", i, input.element_count()));
  return input.element_as_double(0);
}

bool Call::has_attribute(std::string_view name) const {
  return onnx::find_attribute(node, name) != nullptr;
}

std::int64_t Call::attribute(std::string_view name, std::int64_t otherwise) const {
  return onnx::int_attribute(node, name, otherwise);
}

double Call::attribute(std::string_view name, float otherwise) const {
  const auto* found = onnx::attribute_value<float>(node, name);
  return static_cast<double>(found ? *found : otherwise);
}

std::string_view Call::attribute(std::string_view name, const char* otherwise) const {
  const auto* found = onnx::attribute_value<std::string_view>(node, name);
  return found ? *found : std::string_view(otherwise);
}

std::vector<std::int64_t> Call::integers_attribute(std::string_view name) const {
  const auto* found = onnx::attribute_value<std::vector<std::int64_t>>(node, name);
  return found ? *found : std::vector<std::int64_t>();
}

std::vector<double> Call::floats_attribute(std::string_view name) const {
  const auto* found = onnx::attribute_value<std::vector<float>>(node, name);
  return found ? std::vector<double>(found->begin(), found->end()) : std::vector<double>();
}

std::vector<std::string> Call::strings_attribute(std::string_view name) const {
  const auto* found = onnx::attribute_value<std::vector<std::string_view>>(node, name);
  return found ? std::vector<std::string>(found->begin(), found->end()) : std::vector<std::string>();
}

std::optional<Value> Call::tensor_attribute(std::string_view name) const {
  const auto* found = onnx::attribute_value<onnx::Box<onnx::TensorData>>(node, name);
  if (!found || !*found) return std::nullopt;
  return hold(onnx::tensor_of(**found, model));
}

DataType Call::type_attribute(std::string_view name, DataType otherwise) const {
  if (!has_attribute(name)) return otherwise;
  const std::int64_t number = attribute(name, std::int64_t{0});
  const auto dtype = onnx::data_type_of(static_cast<std::int32_t>(number));
  if (!dtype) fail(fmt::format("its attribute '{}' names no data type: {}.", name, number));
  return *dtype;
}

std::size_t Call::axis(std::int64_t axis, std::size_t rank, bool allow_end) const {
  const auto end = static_cast<std::int64_t>(rank);
  const std::int64_t from_front = axis < 0 ? axis + end : axis;
  if (from_front < 0 || from_front > end || (from_front == end && !allow_end))
    fail(fmt::format("there is no axis {} in a tensor of rank {}.", axis, rank));
  return static_cast<std::size_t>(from_front);
}

}  // namespace polygraph::reference
