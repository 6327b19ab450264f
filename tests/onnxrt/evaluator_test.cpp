#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt/evaluator.h>

#include <thread>

#include "contract/evaluator_contract.h"
#include "helpers/message.h"
#include "helpers/node_test_files.h"
#include "onnxrt/models.h"

namespace polygraph::onnxrt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::vector<std::optional<Tensor>>;

TEST(Evaluator, IsNeverWrong) {
  if (polygraph::test::node_test_folders().empty()) GTEST_SKIP() << "no test cases are installed";
  const auto results = polygraph::test::run_node_tests(*node_evaluator());
  EXPECT_THAT(results.wrong, testing::IsEmpty());
  EXPECT_GT(results.right.size(), 700u);
}

// The node of a model with one.
Values evaluate(onnx::Model& model, Values inputs) {
  static const auto evaluator = node_evaluator();
  return evaluator->evaluate({model.graph.nodes[0], model, inputs});
}

TEST(Evaluator, LeavesOutWhatTheNodeLeavesOut) {
  ModelBuilder clip;
  clip.node("Clip", {"x", "", "high"}, {"y"});
  const Tensor x = Tensor::from({-5.0f, 0.5f, 5.0f}, Shape{3});
  EXPECT_THAT(evaluate(clip.model(), {x, std::nullopt, Tensor::full(Shape{}, 1.0f)})[0]->values<float>(),
              ElementsAre(-5, 0.5, 1));
  EXPECT_THAT(evaluate(clip.model(), {x})[0]->values<float>(), ElementsAre(-5, 0.5, 5))
      << "named, but without a value";

  ModelBuilder unique(17);
  unique.node("Unique", {"x"}, {"values", "", "", "counts"});
  const Values outputs = evaluate(unique.model(), {Tensor::from({2.0f, 1.0f, 2.0f}, Shape{3})});
  ASSERT_EQ(outputs.size(), 4u);
  EXPECT_THAT(outputs[0]->values<float>(), ElementsAre(1, 2));
  EXPECT_FALSE(outputs[1] || outputs[2]);
  EXPECT_THAT(outputs[3]->values<std::int64_t>(), ElementsAre(1, 2));
}

TEST(Evaluator, TakesOneValueTwiceAndValuesOfAnyLayout) {
  ModelBuilder add;
  add.node("Add", {"x", "x"}, {"y"});
  std::vector<float> memory{1, 2, 3, 4};
  const Tensor every_other = Tensor::strided_view(memory.data(), DataType::float32, Shape{2}, {8});
  EXPECT_THAT(evaluate(add.model(), {every_other, every_other})[0]->values<float>(), ElementsAre(2, 6));
  const Values empty =
      evaluate(add.model(), {Tensor(DataType::float32, Shape{0, 3}), Tensor(DataType::float32, Shape{0, 3})});
  EXPECT_EQ(empty[0]->shape(), (Shape{0, 3}));
}

TEST(Evaluator, ComputesWithoutInputsAndWithSubGraphs) {
  ModelBuilder constant;
  constant.node("Constant", {}, {"c"}, {attribute("value_ints", std::vector<std::int64_t>{7, 8})});
  EXPECT_THAT(evaluate(constant.model(), {})[0]->values<std::int64_t>(), ElementsAre(7, 8));

  const auto branch = [](float value) {
    ModelBuilder graph;
    graph.node("Constant", {}, {"result"}, {attribute("value_float", value)})
        .output("result", DataType::float32, {});
    return onnx::Box<onnx::Graph>(graph.model().graph);
  };
  ModelBuilder choose;
  choose.node("If", {"which"}, {"y"},
              {attribute("then_branch", branch(1)), attribute("else_branch", branch(2))});
  EXPECT_THAT(evaluate(choose.model(), {Tensor::full(Shape{}, true)})[0]->values<float>(), ElementsAre(1));
  EXPECT_THAT(evaluate(choose.model(), {Tensor::full(Shape{}, false)})[0]->values<float>(), ElementsAre(2));
}

TEST(Evaluator, ComputesFunctionsOfTheModel) {
  ModelBuilder builder;
  onnx::Model& model = builder.model();
  model.opset_imports.emplace_back().domain = "mine";
  model.opset_imports.back().version = 1;
  onnx::Function& twice = model.functions.emplace_back();
  twice.name = "Twice";
  twice.domain = "mine";
  twice.inputs = {"a"};
  twice.outputs = {"b"};
  twice.opset_imports.emplace_back().version = 17;
  onnx::Node& add = twice.nodes.emplace_back();
  add.op_type = "Add";
  add.inputs = {"a", "a"};
  add.outputs = {"b"};
  builder.node("Twice", {"x"}, {"y"}, {}, "mine");
  EXPECT_THAT(evaluate(model, {Tensor::full(Shape{2}, 3.0f)})[0]->values<float>(), ElementsAre(6, 6));
}

TEST(Evaluator, SaysWhatItCannotCompute) {
  ModelBuilder unknown;
  unknown.node("Frobnicate", {"x"}, {"y"});
  unknown.model().graph.nodes[0].name = "f1";
  EXPECT_THAT(message<BackendError>([&] { evaluate(unknown.model(), {Tensor::full(Shape{1}, 1.0f)}); }),
              AllOf(HasSubstr("cannot compute the Frobnicate node 'f1'"), HasSubstr("No Op registered")));
  ModelBuilder resize;
  resize.node("Resize", {"x", "", "scales"}, {"y"},
              {attribute("coordinate_transformation_mode", std::string_view("align_corners"))});
  EXPECT_THAT(
      message<BackendError>([&] {
        evaluate(resize.model(), {Tensor::full(Shape{4}, 1.0f), std::nullopt, Tensor::full(Shape{1}, 0.6f)});
      }),
      HasSubstr("as ONNX defines it"));
  ModelBuilder reshape;
  reshape.node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_THAT(
      message<BackendError>([&] {
        evaluate(reshape.model(), {Tensor::full(Shape{4}, 1.0f), Tensor::full(Shape{1}, std::int64_t{3})});
      }),
      HasSubstr("Reshape"));
}

// More kinds of nodes than are kept, several times over, from several threads.
TEST(Evaluator, WorksInSeveralThreads) {
  const auto evaluator = node_evaluator();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ModelBuilder builder;
      builder.node("Add", {"x", "y"}, {"z"});
      for (int i = 0; i < 200; ++i) {
        const std::int64_t size = 1 + (i * 7 + t) % 80;
        const Values inputs{Tensor::full(Shape{size}, static_cast<float>(i)), Tensor::full(Shape{1}, 1.0f)};
        const Values outputs = evaluator->evaluate({builder.model().graph.nodes[0], builder.model(), inputs});
        ASSERT_EQ(outputs[0]->shape(), (Shape{size}));
        EXPECT_EQ(outputs[0]->values<float>().back(), static_cast<float>(i + 1));
      }
    });
}

TEST(ModelOfNode, HasSmallValuesAsInitializers) {
  ModelBuilder builder;
  builder.node("Gather", {"data", "indices"}, {"y"});
  const Values inputs{Tensor(DataType::float32, Shape{300}), Tensor::from<std::int64_t>({1, 2}, Shape{2})};
  const onnx::Model model = onnx::model_of_node({builder.model().graph.nodes[0], builder.model(), inputs});
  EXPECT_EQ(onnx::input_metadata(model.graph).str(), "{data [dtype=float32, shape=(300,)]}");
  ASSERT_EQ(model.graph.initializers.size(), 1u);
  EXPECT_EQ(model.graph.initializers[0].name, "indices");
  EXPECT_THAT(onnx::tensor_of(model.graph.initializers[0], model).values<std::int64_t>(), ElementsAre(1, 2));
  EXPECT_EQ(model.graph.outputs.size(), 1u);

  const onnx::Model without =
      onnx::model_of_node({builder.model().graph.nodes[0], builder.model(), inputs}, 0);
  EXPECT_TRUE(without.graph.initializers.empty());
  EXPECT_EQ(without.graph.inputs.size(), 2u);
}

TEST(ModelOfNode, HoldsEveryType) {
  for (const DataType dtype : all_data_types()) {
    SCOPED_TRACE(to_string(dtype));
    ModelBuilder builder;
    builder.node("Identity", {"x"}, {"y"});
    const Values inputs{Tensor::from({0.0f, 1.0f, 1.0f}, Shape{3}).cast(dtype)};
    const onnx::Model model = onnx::model_of_node({builder.model().graph.nodes[0], builder.model(), inputs});
    EXPECT_EQ(onnx::tensor_of(model.graph.initializers.at(0), model).str(), inputs[0]->str());
  }
}

}  // namespace
}  // namespace polygraph::onnxrt::test
