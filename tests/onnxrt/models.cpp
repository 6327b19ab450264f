#include "onnxrt/models.h"

namespace polygraph::onnxrt::test {

namespace {

onnx::ValueInfo info(std::string_view name, DataType dtype, std::initializer_list<std::int64_t> dims) {
  onnx::ValueInfo value;
  value.name = name;
  onnx::Type& type = value.type.make();
  type.kind = onnx::Type::Kind::tensor;
  type.element_type = onnx::element_type_of(dtype);
  auto& shape = type.shape.make().dims;
  for (const std::int64_t size : dims) {
    auto& dim = shape.emplace_back();
    if (size >= 0)
      dim.value = size;
    else
      dim.value = std::string_view("batch");
  }
  return value;
}

}  // namespace

ModelBuilder::ModelBuilder(std::int64_t opset, std::int64_t ir_version) {
  model_.ir_version = ir_version;
  model_.opset_imports.emplace_back().version = opset;
  model_.graph.name = "test";
}

ModelBuilder& ModelBuilder::input(std::string_view name, DataType dtype,
                                  std::initializer_list<std::int64_t> dims) {
  model_.graph.inputs.push_back(info(name, dtype, dims));
  return *this;
}

ModelBuilder& ModelBuilder::output(std::string_view name) {
  model_.graph.outputs.emplace_back().name = name;
  return *this;
}

ModelBuilder& ModelBuilder::output(std::string_view name, DataType dtype,
                                   std::initializer_list<std::int64_t> dims) {
  model_.graph.outputs.push_back(info(name, dtype, dims));
  return *this;
}

ModelBuilder& ModelBuilder::node(std::string_view op_type, std::initializer_list<std::string_view> inputs,
                                 std::initializer_list<std::string_view> outputs,
                                 std::vector<onnx::Attribute> attributes, std::string_view domain) {
  onnx::Node& node = model_.graph.nodes.emplace_back();
  node.op_type = op_type;
  node.inputs = inputs;
  node.outputs = outputs;
  node.attributes = std::move(attributes);
  node.domain = domain;
  return *this;
}

ModelBuilder& ModelBuilder::initializer(std::string_view name, const Tensor& values) {
  onnx::TensorData& data = model_.graph.initializers.emplace_back();
  data.name = name;
  data.data_type = onnx::element_type_of(values.dtype());
  data.dims.assign(values.shape().begin(), values.shape().end());
  data.raw_data =
      model_.storage.intern(onnx::ByteSpan(static_cast<const std::byte*>(values.data()), values.nbytes()));
  return *this;
}

onnx::Attribute attribute(std::string_view name, onnx::Attribute::Value value) {
  onnx::Attribute result;
  result.name = name;
  result.value = std::move(value);
  result.declared_type = static_cast<std::int32_t>(result.value.index());
  return result;
}

onnx::Model contract_model(std::string_view name) {
  ModelBuilder builder;
  if (name == "two") {
    builder.input("a", DataType::float32, {2}).input("b", DataType::int64, {2});
    builder.node("Identity", {"a"}, {"c"}).node("Identity", {"b"}, {"d"});
    builder.output("c", DataType::float32, {2}).output("d", DataType::int64, {2});
    return builder.model();
  }
  if (name == "dynamic")
    builder.input("x", DataType::float32, {-1, 3}).output("y", DataType::float32, {-1, 3});
  else if (name == "big")
    builder.input("x", DataType::float32, {256, 256}).output("y", DataType::float32, {256, 256});
  else
    builder.input("x", DataType::float32, {1, 1, 2, 2}).output("y", DataType::float32, {1, 1, 2, 2});
  return builder.node("Identity", {"x"}, {"y"}).model();
}

}  // namespace polygraph::onnxrt::test
