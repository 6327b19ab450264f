#include <polygraph/onnx/evaluator.h>

#include <algorithm>
#include <unordered_set>

namespace polygraph::onnx {

namespace {

// Engines refuse IR versions that are newer than they; this one has everything but the narrowest types.
constexpr std::int64_t widely_read_ir_version = 10;

// The first IR version that has a type.
std::int64_t ir_version_of(DataType dtype) {
  switch (dtype) {
    case DataType::float4:
      return 11;
    case DataType::float8e8m0:
      return 12;
    case DataType::int2:
    case DataType::uint2:
      return 13;
    default:
      return widely_read_ir_version;
  }
}

TensorData data_of(std::string_view name, const Tensor& tensor, Storage& storage) {
  TensorData data;
  data.name = name;
  data.data_type = element_type_of(tensor.dtype());
  data.dims.assign(tensor.shape().begin(), tensor.shape().end());
  if (tensor.dtype() == DataType::string) {
    const auto strings = tensor.strings();
    data.string_data.assign(strings.begin(), strings.end());
  } else if (tensor.is_contiguous()) {
    data.raw_data = ByteSpan(static_cast<const std::byte*>(tensor.data()), tensor.nbytes());
  } else {
    const Tensor packed = tensor.contiguous();
    data.raw_data = storage.intern(ByteSpan(static_cast<const std::byte*>(packed.data()), packed.nbytes()));
  }
  return data;
}

ValueInfo info_of(std::string_view name, const Tensor& tensor) {
  Type type;
  type.kind = Type::Kind::tensor;
  type.element_type = element_type_of(tensor.dtype());
  std::vector<DimensionInfo>& dims = type.shape.make().dims;  // a scalar has a shape, too
  for (const std::int64_t size : tensor.shape()) dims.emplace_back().value = size;
  ValueInfo info;
  info.name = name;
  info.type = std::move(type);
  return info;
}

bool has_sub_graphs(const Node& node) {
  return std::ranges::any_of(node.attributes, [](const Attribute& attribute) {
    return attribute.type() == AttributeType::graph || attribute.type() == AttributeType::graphs;
  });
}

// Whether a function of the model may be needed: for the node itself, or somewhere in its sub-graphs.
bool needs_functions(const NodeCall& call) {
  return has_sub_graphs(call.node) ||
         std::ranges::any_of(call.model.functions, [&](const Function& function) {
           return function.name == call.node.op_type && function.domain == call.node.domain;
         });
}

}  // namespace

Model model_of_node(const NodeCall& call, std::size_t initializer_limit) {
  Model model;
  model.storage = call.model.storage;
  model.ir_version = widely_read_ir_version;
  model.opset_imports = call.model.opset_imports;
  if (needs_functions(call)) model.functions = call.model.functions;
  Graph& graph = model.graph;
  graph.name = "node";

  Node node = call.node;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    std::string_view& name = node.inputs[i];
    if (i >= call.inputs.size() || !call.inputs[i]) {
      name = "";
      continue;
    }
    const Tensor& tensor = *call.inputs[i];
    if (name.empty() || !seen.insert(name).second) continue;
    model.ir_version = std::max(*model.ir_version, ir_version_of(tensor.dtype()));
    if (tensor.nbytes() <= initializer_limit)
      graph.initializers.push_back(data_of(name, tensor, model.storage));
    else
      graph.inputs.push_back(info_of(name, tensor));
  }
  // Their types are for the engine to infer.
  for (const std::string_view output : node.outputs)
    if (!output.empty()) {
      ValueInfo info;
      info.name = output;
      graph.outputs.push_back(std::move(info));
    }
  graph.nodes.push_back(std::move(node));
  return model;
}

}  // namespace polygraph::onnx
