#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/openvino/evaluator.h>

#include <cstring>

#include "contract/evaluator_contract.h"
#include "helpers/node_test_files.h"
#include "openvino/models.h"

namespace polygraph::openvino::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::vector<std::optional<Tensor>>;

onnx::Model model_with(std::string_view op_type, std::vector<std::string_view> inputs,
                       std::vector<std::string_view> outputs) {
  onnx::Model model;
  model.ir_version = 8;
  model.opset_imports.emplace_back().version = 17;
  model.graph.name = "test";
  onnx::Node& node = model.graph.nodes.emplace_back();
  node.op_type = op_type;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return model;
}

Values evaluate(const onnx::Model& model, const Values& inputs) {
  static const auto evaluator = node_evaluator();
  return evaluator->evaluate({model.graph.nodes[0], model, inputs});
}

TEST(Evaluator, IsNeverWrong) {
  if (polygraph::test::node_test_folders().empty()) GTEST_SKIP() << "no test cases are installed";
  const auto results = polygraph::test::run_node_tests(*node_evaluator());
  EXPECT_THAT(results.wrong, testing::IsEmpty());
  EXPECT_GT(results.right.size(), 700u);
}

TEST(Evaluator, ComputesSmallAndLargeValuesOfAnyLayout) {
  const onnx::Model add = model_with("Add", {"x", "x"}, {"y"});
  std::vector<float> memory{1, 2, 3, 4};
  const Tensor every_other = Tensor::strided_view(memory.data(), DataType::float32, Shape{2}, {8});
  EXPECT_THAT(evaluate(add, {every_other, every_other})[0]->values<float>(), ElementsAre(2, 6));
  const Tensor large = Tensor::full(Shape{1000}, std::int64_t{1} << 60);
  EXPECT_THAT(evaluate(add, {large, large})[0]->values<std::int64_t>(), testing::Each(std::int64_t{1} << 61));
}

TEST(Evaluator, LeavesOutWhatTheNodeLeavesOut) {
  const onnx::Model clip = model_with("Clip", {"x", "", "high"}, {"y"});
  const Tensor x = Tensor::from({-5.0f, 0.5f, 5.0f}, Shape{3});
  EXPECT_THAT(evaluate(clip, {x, std::nullopt, Tensor::full(Shape{}, 1.0f)})[0]->values<float>(),
              ElementsAre(-5, 0.5, 1));
  const Values top =
      evaluate(model_with("TopK", {"x", "k"}, {"", "indices"}), {x, Tensor::full(Shape{1}, std::int64_t{2})});
  ASSERT_EQ(top.size(), 2u);
  EXPECT_FALSE(top[0]);
  EXPECT_THAT(top[1]->values<std::int64_t>(), ElementsAre(2, 1));
}

TEST(Evaluator, RefusesWhatItCannotComputeOrComputesOtherwise) {
  const auto refusal = [](std::string_view op_type, const Tensor& x) {
    return message<BackendError>([&] { evaluate(model_with(op_type, {"x"}, {"y"}), {x}); });
  };
  EXPECT_THAT(refusal("Frobnicate", Tensor::full(Shape{1}, 1.0f)), HasSubstr("Frobnicate"));
  EXPECT_THAT(refusal("ReduceL1", Tensor::full(Shape{1}, 1.0f)), HasSubstr("exactly as ONNX defines it"));
}

// A model with external data, which OpenVINO does not find for a model in memory.
TEST(NetworkFromModel, HasItsExternalData) {
  const TemporaryFolder folder;
  onnx::Model model = model_with("Add", {"w", "w"}, {"y"});
  const std::vector<float> weights(1000, 21.0f);
  onnx::TensorData& data = model.graph.initializers.emplace_back();
  data.name = "w";
  data.data_type = onnx::element_type_of(DataType::float32);
  data.dims = {1000};
  data.raw_data = std::as_bytes(std::span(weights));
  model.graph.outputs.emplace_back().name = "y";
  onnx::save_model(model, folder / "model.onnx", {.external_data_path = "w.data"});
  const onnx::Model loaded = onnx::load_model(folder / "model.onnx");
  ASSERT_TRUE(loaded.graph.initializers[0].is_external());
  for (const onnx::Model* source : {&loaded, static_cast<const onnx::Model*>(&model)}) {
    const Network network = network_from_onnx_model(*source);
    ov::TensorVector outputs{ov::Tensor(ov::element::f32, {1000})};
    ASSERT_TRUE(network->evaluate(outputs, {}));
    EXPECT_EQ(outputs[0].data<float>()[999], 42);
  }
}

}  // namespace
}  // namespace polygraph::openvino::test
