#include "onnx/cut_out_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using build::names_of;
using build::node;
using testing::ElementsAre;
using testing::IsEmpty;

using Indices = std::vector<std::size_t>;

// x -> Abs -> a -> Mul(a, w) -> b -> Neg -> y, and of b a Split of which one output is taken, and a node of
// which none is.
Model branching() {
  Graph graph =
      build::graph({"x"},
                   {node("Abs", {"x"}, {"a"}), node("Mul", {"a", "w"}, {"b"}), node("Neg", {"b"}, {"y"}),
                    node("Split", {"b"}, {"s", "t"}), node("Relu", {"t"}, {"r", "u"})},
                   {"y"});
  graph.initializers.push_back(build::scalar("w"));
  return build::model(std::move(graph));
}

TEST(CutOutNodes, HaveWhatTheyTakeAsInputsAndWhatOthersTakeAsOutputs) {
  const Model part = cut_out_nodes(branching(), Indices{1, 2});
  EXPECT_THAT(names_of(part.graph.inputs), ElementsAre("a"));
  EXPECT_THAT(names_of(part.graph.outputs), ElementsAre("b", "y"));
  EXPECT_EQ(part.graph.nodes.size(), 2u);
  EXPECT_THAT(names_of(part.graph.initializers), ElementsAre("w"));
}

TEST(CutOutNodes, LeaveOutWeightsOfOthers) {
  const Model part = cut_out_nodes(branching(), Indices{0});
  EXPECT_THAT(names_of(part.graph.outputs), ElementsAre("a"));
  EXPECT_THAT(part.graph.initializers, IsEmpty());
}

TEST(CutOutNodes, NeedNotBeNeighbours) {
  const Model part = cut_out_nodes(branching(), Indices{0, 2});
  EXPECT_THAT(names_of(part.graph.inputs), ElementsAre("x", "b"));
  EXPECT_THAT(names_of(part.graph.outputs), ElementsAre("a", "y"));
}

TEST(CutOutNodes, AreAllThereEvenIfNobodyTakesAnything) {
  const Model part = cut_out_nodes(branching(), Indices{3, 4});
  EXPECT_THAT(names_of(part.graph.inputs), ElementsAre("b"));
  EXPECT_THAT(names_of(part.graph.outputs), ElementsAre("r"));
  EXPECT_EQ(part.graph.nodes.size(), 2u);
}

}  // namespace
}  // namespace polygraph::onnx
