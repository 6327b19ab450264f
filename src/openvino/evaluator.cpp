#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/openvino/evaluator.h>

#include <algorithm>
#include <string>

#include "onnx/attributes.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

ov::Tensor to_openvino(const Tensor& tensor) {
  const ov::element::Type type = to_element_type(tensor.dtype());
  const ov::Shape shape(tensor.shape().begin(), tensor.shape().end());
  if (tensor.dtype() == DataType::string) {
    ov::Tensor texts(type, shape);
    std::ranges::copy(tensor.strings(), texts.data<std::string>());
    return texts;
  }
  return ov::Tensor(type, shape, const_cast<void*>(tensor.data()));  // only read
}

Tensor from_openvino(const ov::Tensor& tensor) {
  const auto owner = std::make_shared<const ov::Tensor>(tensor);
  const Shape shape(std::vector<std::int64_t>(tensor.get_shape().begin(), tensor.get_shape().end()));
  const DataType dtype = to_data_type(tensor.get_element_type());
  if (dtype != DataType::string) return Tensor::view(const_cast<void*>(tensor.data()), dtype, shape, owner);
  Tensor texts(dtype, shape);
  std::copy_n(tensor.data<const std::string>(), tensor.get_size(), texts.mutable_strings().begin());
  return texts;
}

bool is_float8(DataType dtype) {
  return to_string(dtype).starts_with("float8");
}

// Operators that OpenVINO computes, but not always as ONNX defines them (the node tests of ONNX show it).
bool is_computed_otherwise(const onnx::NodeCall& call) {
  static constexpr std::string_view operators[] = {
      "BitShift",        "DepthToSpace",   "DynamicQuantizeLinear",
      "MaxPool",         "QuantizeLinear", "ReduceL1",
      "ReduceL2",        "ReduceLogSum",   "ReduceLogSumExp",
      "ReduceSumSquare", "Resize",         "SpaceToDepth",
      "Upsample"};
  const std::string_view op = call.node.op_type;
  if (std::ranges::find(operators, op) != std::end(operators)) return true;
  const auto first = call.inputs.empty() ? std::nullopt : call.inputs.front();
  if (op == "Div" || op == "Mod") return first && is_integral(first->dtype());
  if (op != "Cast" && op != "CastLike") return false;
  // Narrow floats do not saturate there.
  const auto is_narrow = [](DataType dtype) {
    return is_float8(dtype) || (bit_width(dtype) != 0 && bit_width(dtype) < 8);
  };
  if (first && is_narrow(first->dtype())) return true;
  if (op == "CastLike") return call.inputs.size() > 1 && call.inputs[1] && is_narrow(call.inputs[1]->dtype());
  const auto to = onnx::data_type_of(static_cast<std::int32_t>(onnx::int_attribute(call.node, "to", 0)));
  return !to || is_narrow(*to);
}

class NodeEvaluator final : public onnx::Evaluator {
 public:
  explicit NodeEvaluator(Runtime runtime)
      : runtime_(std::move(runtime)),
        name_(fmt::format("OpenVINO {}", ov::get_openvino_version().buildNumber)) {}

  std::string_view name() const override { return name_; }

  std::vector<std::optional<Tensor>> evaluate(const onnx::NodeCall& call) const override {
    const std::string attempt =
        fmt::format("Computing the {} node '{}' with OpenVINO", call.node.op_type, call.node.name);
    if (is_computed_otherwise(call))
      throw BackendError(attempt + ": OpenVINO does not compute this operator exactly as ONNX defines it.");
    const onnx::Model model = onnx::model_of_node(call);
    const Bytes bytes = onnx::encode_model(model);
    // What the inputs of the model are views of, in their order.
    std::vector<Tensor> fed;
    for (const onnx::ValueInfo& input : model.graph.inputs) {
      const auto at = std::ranges::find(call.node.inputs, input.name) - call.node.inputs.begin();
      fed.push_back(call.inputs[static_cast<std::size_t>(at)]->contiguous());
    }
    ov::TensorVector results = calling_openvino(attempt, "", [&] {
      const auto network = runtime_.native().read_model(
          std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), ov::Tensor());
      ov::TensorVector inputs;
      for (const Tensor& tensor : fed) inputs.push_back(to_openvino(tensor));
      ov::TensorVector outputs;
      for (const auto& result : network->get_results()) {
        const auto& shape = result->get_output_partial_shape(0);
        outputs.emplace_back(result->get_output_element_type(0),
                             shape.is_static() ? shape.to_shape() : ov::Shape{0});
      }
      if (inputs.size() != network->inputs().size() || !network->evaluate(outputs, inputs))
        throw BackendError(attempt + ": OpenVINO has no implementation that computes it here.");
      return outputs;
    });
    std::vector<std::optional<Tensor>> outputs;
    std::size_t next = 0;
    for (const std::string_view output : call.node.outputs)
      if (output.empty())
        outputs.emplace_back();
      else
        outputs.emplace_back(from_openvino(results.at(next++)));
    return outputs;
  }

 private:
  Runtime runtime_;
  std::string name_;
};

}  // namespace

std::shared_ptr<const onnx::Evaluator> node_evaluator(Runtime runtime) {
  return std::make_shared<const NodeEvaluator>(std::move(runtime));
}

}  // namespace polygraph::openvino
