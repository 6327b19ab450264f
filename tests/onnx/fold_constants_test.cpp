#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/official.h>

#include <algorithm>
#include <atomic>

#include "helpers/message.h"

namespace polygraph::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Adds, subtracts and multiplies floats of equal shape, and has nothing else.
class SmallEngine final : public Evaluator {
 public:
  std::string_view name() const override { return "SmallEngine"; }
  std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
    ++calls;
    const auto fail = [&](const std::string& why) { throw BackendError("SmallEngine: " + why); };
    const std::string_view op = call.node.op_type;
    if (op != "Add" && op != "Sub" && op != "Mul" && op != "ConcatFromNothing") fail("no " + std::string(op));
    const Tensor& a = *call.inputs[0];
    const Tensor& b = *call.inputs[1];
    if (a.shape() != b.shape() || a.dtype() != DataType::float32) fail("floats of one shape, please");
    Tensor result(DataType::float32, a.shape());
    for (std::size_t i = 0; i < result.values<float>().size(); ++i) {
      const float x = a.values<float>()[i];
      const float y = b.values<float>()[i];
      result.mutable_values<float>()[i] = op == "Add" ? x + y : op == "Sub" ? x - y : x * y;
    }
    return {result};
  }
  mutable std::atomic<int> calls = 0;
};

Model parse(std::string_view graph, std::string_view opset = "17", std::string_view ir = "10") {
  return parse_text("<ir_version: " + std::string(ir) + ", opset_import: [\"\" : " + std::string(opset) +
                    "]>\n" + std::string(graph));
}

std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> result;
  for (const Node& node : graph.nodes) result.emplace_back(node.op_type);
  return result;
}

/// The values of an initializer, or of the Constant node that makes the value, as text.
std::vector<std::string> values(const Model& model, std::string_view name) {
  const auto texts = [&](const TensorData& data) {
    const Tensor tensor = tensor_of(data, model);
    std::vector<std::string> result;
    for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.push_back(tensor.element_as_text(i));
    return result;
  };
  for (const TensorData& data : model.graph.initializers)
    if (data.name == name) return texts(data);
  for (const Node& node : model.graph.nodes)
    if (node.op_type == "Constant" && node.outputs[0] == name)
      return texts(*std::get<Box<TensorData>>(node.attributes[0].value));
  return {"there is no constant of that name"};
}

TEST(FoldConstants, ComputesNodesOfConstantsWithTheEngine) {
  Model model = parse(R"(
    agraph (float[2] x) => (float[2] y)
    <float[2] a = {1, 2}, float[2] b = {10, 20}> {
      c = Add (a, b)
      d = Mul (c, c)
      y = Add (x, d)
    })");
  const auto engine = std::make_shared<SmallEngine>();
  const FoldReport report = passes::fold_constants(model, {}, {engine});
  EXPECT_THAT(operators(model.graph), ElementsAre("Add"));
  EXPECT_THAT(values(model, "d"), ElementsAre("121.0", "484.0"));
  EXPECT_EQ(model.graph.initializers.size(), 1u);
  EXPECT_EQ(report.evaluated, 2u);
  EXPECT_EQ(report.nodes_before, 3u);
  EXPECT_EQ(report.nodes_after, 1u);
  EXPECT_EQ(engine->calls, 2);
}

TEST(FoldConstants, LeavesAndNamesWhatNoEngineComputes) {
  const auto text = R"(
    agraph (float[2] x) => (float[2] y)
    <float[2] a = {1, 2}> {
      b = Sin (a)
      c = Add (a, a)
      d = Mul (b, c)
      y = Add (x, d)
    })";
  Model model = parse(text);
  const auto first = std::make_shared<SmallEngine>();
  const FoldReport report = passes::fold_constants(model, {}, {first, std::make_shared<SmallEngine>()});
  EXPECT_THAT(operators(model.graph), ElementsAre("Sin", "Mul", "Add"));
  ASSERT_EQ(report.left.size(), 1u);
  EXPECT_THAT(report.left[0].node, HasSubstr("Sin"));
  EXPECT_THAT(report.left[0].reason, HasSubstr("no Sin"));
  EXPECT_EQ(first->calls, 2);  // not again in the second pass

  Model again = parse(text);
  const FoldOptions strict{.error_ok = false};
  EXPECT_THAT(test::message<Error>([&] { passes::fold_constants(again, strict, {first}); }),
              HasSubstr("Sin"));
}

TEST(FoldConstants, WithoutAnEngineOnlyShapesAreComputed) {
  Model model = parse(R"(
    agraph (float[n, 3, 4] x) => (float[n, 12] y, float[2] z)
    <float[2] a = {1, 2}, int64 one = {1}, int64 two = {2}, int64[1] minus = {-1}, int64[1] axes = {0}> {
      shape = Shape (x)
      height = Gather (shape, one)
      width = Gather (shape, two)
      area = Mul (height, width)
      area1 = Unsqueeze (area, axes)
      target = Concat <axis = 0> (minus, area1)
      y = Reshape (x, target)
      z = Add (a, a)
    })");
  const FoldReport report = passes::fold_constants(model);
  EXPECT_THAT(operators(model.graph), ElementsAre("Reshape", "Add"));
  EXPECT_THAT(values(model, "target"), ElementsAre("-1", "12"));
  EXPECT_EQ(report.evaluated, 0u);
  EXPECT_THAT(report.left, IsEmpty());
}

TEST(FoldConstants, GivesAReshapeAConstantShapeWhereOneSizeIsOpen) {
  Model model = parse(R"(
    agraph (float[n, 3, 4] x) => (float[n, 12] y)
    <int64[1] first = {0}, int64[1] twelve = {12}> {
      shape = Shape (x)
      batch = Gather (shape, first)
      target = Concat <axis = 0> (batch, twelve)
      y = Reshape (x, target)
    })");
  const FoldReport report = passes::fold_constants(model);
  EXPECT_THAT(operators(model.graph), ElementsAre("Reshape"));
  EXPECT_EQ(report.reshapes, 1u);
  EXPECT_THAT(values(model, model.graph.nodes[0].inputs[1]), ElementsAre("-1", "12"));
}

TEST(FoldConstants, TwoOpenSizesOfTheSameAxesAreCopied) {
  Model model = parse(R"(
    agraph (float[n, m, 12] x) => (float[n, m, 3, 4] y)
    <int64[2] first = {0, 1}, int64[2] rest = {3, 4}> {
      shape = Shape (x)
      sizes = Gather (shape, first)
      target = Concat <axis = 0> (sizes, rest)
      y = Reshape (x, target)
    })");
  passes::fold_constants(model);
  EXPECT_THAT(operators(model.graph), ElementsAre("Reshape"));
  EXPECT_THAT(values(model, model.graph.nodes[0].inputs[1]), ElementsAre("0", "0", "3", "4"));
}

TEST(FoldConstants, WithoutFoldShapesShapesStay) {
  Model model = parse("agraph (float[2, 3] x) => (int64[2] y) { s = Shape (x) y = Add (s, s) }");
  EXPECT_TRUE(passes::fold_constants(model, {.fold_shapes = false}).nothing());
  EXPECT_THAT(operators(model.graph), ElementsAre("Shape", "Add"));
  EXPECT_EQ(passes::fold_constants(model).computed, 2u);
  EXPECT_THAT(values(model, "y"), ElementsAre("4", "6"));
}

TEST(FoldConstants, AResultThatIsAnOutputBecomesAConstantNode) {
  Model model = parse("agraph () => (float[1] y) <float[1] a = {2}> { y = Add (a, a) }");
  passes::fold_constants(model, {}, {std::make_shared<SmallEngine>()});
  EXPECT_THAT(operators(model.graph), ElementsAre("Constant"));
  EXPECT_THAT(values(model, "y"), ElementsAre("4.0"));
  EXPECT_THAT(check_model(model, true), IsEmpty());
}

TEST(FoldConstants, ConstantNodesBecomeInitializers) {
  Model model = parse(R"(
    agraph (float[2] x) => (float[2] y, float z) {
      a = Constant <value_floats = [1.0, 2.0]> ()
      b = Add (x, a)
      c = Constant <value = float[2] {3, 4}> ()
      y = Add (b, c)
      z = Constant <value_float = 5.0> ()
    })");
  EXPECT_EQ(passes::fold_constants(model).lowered, 2u);
  EXPECT_THAT(operators(model.graph), ElementsAre("Add", "Add", "Constant"));
  EXPECT_THAT(values(model, "a"), ElementsAre("1.0", "2.0"));
  EXPECT_THAT(values(model, "c"), ElementsAre("3.0", "4.0"));
}

TEST(FoldConstants, BeforeIrVersion4ThereAreNoInitializersOfItsOwn) {
  Model model = parse(
      "agraph (float[2] x, float[2] a) => (float[2] y) <float[2] a = {1, 2}> { b = Add (a, a) y = Add (x, b) "
      "}",
      "8", "3");
  passes::fold_constants(model, {}, {std::make_shared<SmallEngine>()});
  EXPECT_THAT(operators(model.graph), ElementsAre("Constant", "Add"));
  EXPECT_THAT(values(model, "b"), ElementsAre("2.0", "4.0"));
}

TEST(FoldConstants, WhatTheUserMayReplaceIsNoConstant) {
  Model model = parse(
      "agraph (float[2] x, float[2] a) => (float[2] y) <float[2] a = {1, 2}> { b = Add (a, a) y = Add (x, b) "
      "}");
  EXPECT_TRUE(passes::fold_constants(model, {}, {std::make_shared<SmallEngine>()}).nothing());
}

TEST(FoldConstants, RandomnessAndQuantisationStay) {
  Model model = parse(R"(
    agraph () => (y, z)
    <float[2] a = {1, 2}, float scale = {1}, uint8 zero = {0}> {
      y = RandomNormalLike (a)
      q = QuantizeLinear (a, scale, zero)
      z = DequantizeLinear (q, scale, zero)
    })");
  class Any final : public Evaluator {
    std::string_view name() const override { return "Any"; }
    std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
      return std::vector<std::optional<Tensor>>(call.node.outputs.size(), Tensor::full(Shape{2}, 1.0f));
    }
  };
  const FoldReport report = passes::fold_constants(model, {}, {std::make_shared<Any>()});
  EXPECT_TRUE(report.nothing());
  EXPECT_THAT(report.left, IsEmpty());
}

TEST(FoldConstants, ResultsOverTheThresholdStayButMayBeUsed) {
  const auto text = R"(
    agraph (int64[1] x) => (int64[1] y)
    <int64[1] count = {100}, int64[1] at = {7}> {
      big = ConstantOfShape <value = int64[1] {3}> (count)
      small = Gather (big, at)
      y = Add (x, small)
    })";
  Model model = parse(text);
  passes::fold_constants(model, {.size_threshold = 8});
  EXPECT_THAT(operators(model.graph), ElementsAre("Add"));
  Model none = parse(text);
  passes::fold_constants(none, {.size_threshold = 7});
  EXPECT_THAT(operators(none.graph), ElementsAre("ConstantOfShape", "Gather", "Add"));
}

TEST(FoldConstants, AnIfWithAKnownConditionBecomesItsBranch) {
  Model model = parse(R"(
    agraph (float[2, 3] x) => (y, z)
    <int64 zero = {0}, int64 two = {2}> {
      shape = Shape (x)
      size = Gather (shape, zero)
      is_two = Equal (size, two)
      y, z = If (is_two) <
        then_branch = yes () => (a, x2) { t = Relu (x)  a = Neg (t)  x2 = Identity (t) },
        else_branch = no () => (b, c) { t = Sin (x)  b = Cos (t)  c = Identity (t) }
      >
    })");
  const FoldReport report = passes::fold_constants(model);
  EXPECT_EQ(report.branches, 1u);
  EXPECT_THAT(operators(model.graph), ElementsAre("Relu", "Neg", "Identity"));
  EXPECT_EQ(model.graph.nodes[1].outputs[0], "y");
  EXPECT_EQ(model.graph.nodes[2].outputs[0], "z");
  EXPECT_THAT(check_model(model, true), IsEmpty());
}

TEST(FoldConstants, ABranchThatGivesConstantsOrOneValueTwice) {
  Model model = parse(R"(
    agraph (float[2] x) => (a, b, c, d)
    <bool condition = {1}> {
      a, b, c, d = If (condition) <
        then_branch = yes () => (t, t, w, x) <float[1] w = {5}> { t = Relu (x) },
        else_branch = no () => (u, u, u, u) { u = Sin (x) }
      >
    })");
  passes::fold_constants(model);
  EXPECT_THAT(operators(model.graph), ElementsAre("Relu", "Identity", "Constant", "Identity"));
  EXPECT_THAT(values(model, "c"), ElementsAre("5.0"));
  EXPECT_EQ(model.graph.nodes[1].inputs[0], "a");
  EXPECT_EQ(model.graph.nodes[1].outputs[0], "b");
  EXPECT_EQ(model.graph.nodes[3].inputs[0], "x");
}

TEST(FoldConstants, SubGraphsSeeConstantsAroundThem) {
  Model model = parse(R"(
    agraph (bool condition, float[2] x) => (y)
    <float[2] a = {1, 2}> {
      y = If (condition) <
        then_branch = yes () => (t) { s = Add (a, a)  t = Add (x, s) },
        else_branch = no () => (u) { u = Mul (a, a) }
      >
    })");
  const FoldReport report = passes::fold_constants(model, {}, {std::make_shared<SmallEngine>()});
  EXPECT_EQ(report.evaluated, 2u);
  std::vector<std::string> found;
  for (const Attribute& attribute : model.graph.nodes[0].attributes)
    for (const std::string& op : operators(*std::get<Box<Graph>>(attribute.value))) found.push_back(op);
  EXPECT_THAT(found, ElementsAre("Add", "Constant"));
  EXPECT_THAT(model.graph.initializers, IsEmpty());
}

TEST(FoldConstants, FunctionsAreFoldedWithConstantNodes) {
  Model model = parse_text(R"(<ir_version: 10, opset_import: ["" : 17, "my" : 1]>
    agraph (float[2] x) => (float[2] y) { y = my.f (x) }
    <domain: "my", opset_import: ["" : 17]>
    f (x) => (y) {
      two = Constant <value = float[2] {2, 2}> ()
      four = Add (two, two)
      y = Mul (x, four)
    })");
  passes::fold_constants(model, {}, {std::make_shared<SmallEngine>()});
  std::vector<std::string> found;
  for (const Node& node : model.functions[0].nodes) found.emplace_back(node.op_type);
  EXPECT_THAT(found, ElementsAre("Constant", "Mul"));
}

TEST(FoldConstants, ChecksItsOptions) {
  Model model = parse("agraph (float[2] x) => (float[2] y) { y = Relu (x) }");
  EXPECT_THAT(test::message<Error>([&] { passes::fold_constants(model, {.num_passes = 0}); }),
              HasSubstr("num_passes is 0"));
  EXPECT_THAT(test::message<Error>([&] { passes::fold_constants(model, {.size_threshold = -1}); }),
              HasSubstr("size_threshold"));
}

TEST(FoldConstants, TheLoaderWorksOnACopyAndPrintsItself) {
  const Model model = parse("agraph (float[2, 3] x) => (int64[2] y) { s = Shape (x) y = Add (s, s) }");
  const Model folded = fold_constants(model, {.size_threshold = 100});
  EXPECT_THAT(operators(folded.graph), ElementsAre("Constant"));
  EXPECT_THAT(operators(model.graph), ElementsAre("Shape", "Add"));
  EXPECT_THAT(FoldConstants([&] { return model; }, {.num_passes = 1}).str(), HasSubstr("{.num_passes = 1}"));
}

}  // namespace
}  // namespace polygraph::onnx
