#include "trt/failing_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>

#include <filesystem>

#include "onnx/build.h"

namespace polygraph::trt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// conv (0) -> a, relu (1) -> b, add (2) -> c; beside them neg (3) -> d; last (4) takes c and d.
onnx::Model model_of_five() {
  using onnx::build::node;
  return onnx::build::model(
      onnx::build::graph({"x"},
                         {node("Abs", {"x"}, {"a"}, "conv"), node("Relu", {"a"}, {"b"}, "relu"),
                          node("Add", {"b", "a"}, {"c"}, "add"), node("Neg", {"x"}, {"d"}),
                          node("Mul", {"c", "d"}, {"y"}, "last")},
                         {"y"}));
}

std::vector<std::size_t> found(const std::string& message) {
  return failing_nodes(model_of_five(), std::vector<std::string>{message});
}

TEST(FailingNodes, OfAPartThatIsCompiledAsAWhole) {
  EXPECT_THAT(found("Could not find any implementation for node {ForeignNode[conv...add]}.)"),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(found("Could not find any implementation for node {ForeignNode[relu...last]}.)"),
              ElementsAre(1, 2, 4));
  EXPECT_THAT(found("node {ForeignNode[node_of_d...last]}"), ElementsAre(3, 4));
  EXPECT_THAT(found("{ForeignNode[relu + add...node_of_d]}"), ElementsAre(3)) << "one end is no name";
  EXPECT_THAT(found("{ForeignNode[relu...node_of_d]}"), ElementsAre(1, 3))
      << "no way leads from one to the other";
  EXPECT_THAT(found("{ForeignNode[relu]}"), ElementsAre(1));
}

TEST(FailingNodes, OfLayers) {
  EXPECT_THAT(found("Could not find any implementation for node relu + add.)"), ElementsAre(1, 2));
  EXPECT_THAT(found("Could not find any implementation for node PWN(relu, d).)"), ElementsAre(1, 3));
  EXPECT_THAT(found("Could not find any implementation for node add__12.)"), ElementsAre(2));
  EXPECT_THAT(found("API Usage Error (IConvolutionLayer relu: relu: spatial dimension)"), ElementsAre(1));
  EXPECT_THAT(found("node relu (Relu): Assertion failed"), ElementsAre(1));
  EXPECT_THAT(found("ModelImporter.cpp:139: While parsing node number 3 [Neg -> \"d\"]:"), ElementsAre(3));
  EXPECT_THAT(found("While parsing node number 99 [Neg -> \"d\"]:"), IsEmpty());
  EXPECT_THAT(found("Error Code 2: Internal Error (Assertion engine != nullptr failed. )"), IsEmpty());
  EXPECT_THAT(found(""), IsEmpty());
}

TEST(FailingNodes, OfConditions) {
  using onnx::build::node;
  const onnx::Graph branch = onnx::build::graph({}, {node("Relu", {"x"}, {"b"}, "inner")}, {"b"});
  const onnx::Node condition =
      onnx::build::with(node("If", {"c"}, {"y"}, "if"), "then_branch", onnx::Box<onnx::Graph>(branch));
  const onnx::Model model = onnx::build::model(
      onnx::build::graph({"x", "c"}, {node("Neg", {"x"}, {"d"}, "neg"), condition}, {"y"}));
  const auto found_in = [&](const std::string& message) {
    return failing_nodes(model, std::vector<std::string>{message});
  };
  EXPECT_THAT(found_in("(IActivationLayer inner: inner: is wrong)"), ElementsAre(1));
  EXPECT_THAT(found_in("[graphScope.cpp::analyze::471] Error Code 2"), ElementsAre(1));
}

TEST(FailingNodes, AreDescribed) {
  const onnx::Model model = model_of_five();
  EXPECT_EQ(describe_nodes(model, std::vector<std::size_t>{}), "");
  EXPECT_EQ(describe_nodes(model, std::vector<std::size_t>{3}), "The node concerned is Neg -> 'd'");
  EXPECT_EQ(describe_nodes(model, std::vector<std::size_t>{0, 1}),
            "The nodes concerned are 'conv' (Abs), 'relu' (Relu)");
  EXPECT_EQ(describe_nodes(model, std::vector<std::size_t>{0, 1, 2, 4}),
            "4 nodes of the model are concerned: 'conv' (Abs) to 'last' (Mul)");
}

TEST(FailingNodes, BecomeAModel) {
  const onnx::Model part = model_of_nodes(model_of_five(), std::vector<std::size_t>{1, 2});
  ASSERT_EQ(part.graph.nodes.size(), 2u);
  ASSERT_EQ(part.graph.inputs.size(), 1u);
  EXPECT_EQ(part.graph.inputs[0].name, "a");
  ASSERT_EQ(part.graph.outputs.size(), 1u);
  EXPECT_EQ(part.graph.outputs[0].name, "c");
}

TEST(FailingNodes, AreNamedInTheErrorAndSaved) {
  const onnx::Model model = model_of_five();
  const std::vector<std::string> messages{"no implementation for node {ForeignNode[relu...add]}"};
  const auto text = [&](const onnx::Model* of, const std::filesystem::path& dump) -> std::string {
    try {
      fail_naming_nodes("Building failed.", "Try another.", messages, of, dump);
    } catch (const BackendError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(text(&model, {}),
              HasSubstr("Building failed. The nodes concerned are 'relu' (Relu), 'add' (Add). The option"));
  EXPECT_THAT(text(nullptr, {}), HasSubstr("Building failed.\nTry another."));
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "failing_nodes_test.onnx";
  EXPECT_THAT(text(nullptr, file), HasSubstr("was not written"));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_THAT(text(&model, file), HasSubstr("is saved as"));
  EXPECT_EQ(onnx::load_model(file).graph.nodes.size(), 2u);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace polygraph::trt
