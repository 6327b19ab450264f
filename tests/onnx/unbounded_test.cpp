#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/unbounded.h>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using namespace encode;
using testing::ElementsAre;

std::string node(std::string_view op, std::initializer_list<std::string_view> inputs, std::string_view output,
                 const std::string& more = {}) {
  std::string out;
  for (const std::string_view input : inputs) out += bytes(1, input);
  return bytes(1, out + bytes(2, output) + bytes(4, op) + more);
}

std::string value(std::string_view name, std::initializer_list<std::string_view> dims) {
  std::string shape;
  for (const std::string_view dim : dims) shape += bytes(1, dim.empty() ? std::string() : bytes(2, dim));
  return bytes(1, name) + bytes(2, bytes(1, varint(1, 1) + bytes(2, shape)));
}

std::vector<std::string> found(const std::string& graph) {
  std::vector<std::string> names;
  const Model model = load(encode::model(graph));
  for (const UnboundedShape& size : unbounded_shapes(model)) names.emplace_back(size.value);
  return names;
}

TEST(UnboundedShapes, AreTheSizingInputsOfFiveOperators) {
  const std::string graph =
      bytes(11, value("x", {"n"})) + node("Shape", {"x"}, "s") + node("ReduceMax", {"s"}, "l") +
      node("Expand", {"x", "s"}, "a") + node("Range", {"zero", "l", "one"}, "b") + node("Neg", {"s"}, "t") +
      node("Tile", {"x", "t"}, "c") + node("Abs", {"s"}, "p") + node("Pad", {"x", "p"}, "d") +
      node("Sign", {"s"}, "r") + node("Resize", {"x", "", "", "r"}, "e") + node("Reshape", {"x", "q"}, "f");
  EXPECT_THAT(found(graph), ElementsAre("s", "l", "t", "p", "r"));
}

TEST(UnboundedShapes, LeaveOutWhatIsConstantOrBoundedOrGiven) {
  const std::string constant = bytes(5, tensor("c", 7, {1}, bytes(10, raw<std::int64_t>({3}))));
  EXPECT_THAT(found(constant + node("Tile", {"x", "c"}, "y")), ElementsAre());
  EXPECT_THAT(found(node("Constant", {}, "c") + node("Tile", {"x", "c"}, "y")), ElementsAre());
  EXPECT_THAT(found(node("Min", {"s", "bound"}, "m") + node("Tile", {"x", "m"}, "y")), ElementsAre());
  EXPECT_THAT(found(bytes(11, value("c", {"n"})) + node("Tile", {"x", "c"}, "y")), ElementsAre());
}

TEST(UnboundedShapes, AreThoseThatBringANewDimension) {
  const std::string start = bytes(11, value("x", {"n"})) + node("Shape", {"x"}, "s");
  EXPECT_THAT(found(start + node("Tile", {"x", "s"}, "y") + bytes(13, value("y", {"n"}))), ElementsAre());
  EXPECT_THAT(found(start + node("Tile", {"x", "s"}, "y") + bytes(13, value("y", {"m"}))), ElementsAre("s"));
  EXPECT_THAT(found(start + node("Tile", {"x", "s"}, "y") + bytes(13, value("y", {""}))), ElementsAre("s"));
  // The second node has only the first one's new dimension.
  EXPECT_THAT(
      found(start + node("Tile", {"x", "s"}, "y") + node("Neg", {"s"}, "t") + node("Tile", {"x", "t"}, "z") +
            bytes(13, value("y", {"m"})) + bytes(13, value("z", {"m"}))),
      ElementsAre("s"));
}

TEST(UnboundedShapes, AreFoundInSubgraphsWithTheirOwnGraph) {
  const auto branch = [](std::string_view name, const std::string& graph) {
    return bytes(5, bytes(1, name) + bytes(6, graph) + varint(20, 5));
  };
  const std::string inner = node("Tile", {"x", "s"}, "a") + node("Neg", {"x"}, "s2") +
                            node("Tile", {"x", "s2"}, "b") + node("Tile", {"x", "s2"}, "c");
  const Model model = load(encode::model(
      node("Neg", {"x"}, "s") +
      node("If", {"cond"}, "y",
           branch("then_branch", inner) + branch("else_branch", node("Tile", {"x", "s"}, "d")))));
  const std::vector<UnboundedShape> sizes = unbounded_shapes(model);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0].value, "s");
  EXPECT_EQ(sizes[0].graph, &model.graph);
  EXPECT_EQ(sizes[0].producer, &model.graph.nodes[0]);
  EXPECT_EQ(sizes[0].consumer->outputs[0], "a");
  EXPECT_EQ(sizes[0].input, 1u);
  EXPECT_EQ(sizes[1].value, "s2");
  EXPECT_EQ(sizes[1].graph, &*std::get<Box<Graph>>(model.graph.nodes[1].attributes[0].value));
}

TEST(UnboundedShapes, TellValuesOfOneNameInTwoGraphsApart) {
  const std::string body = node("Neg", {"x"}, "s") + node("Tile", {"x", "s"}, "a");
  const auto branch = [&](std::string_view name) {
    return bytes(5, bytes(1, name) + bytes(6, body) + varint(20, 5));
  };
  EXPECT_THAT(found(node("If", {"cond"}, "y", branch("then_branch") + branch("else_branch"))),
              ElementsAre("s", "s"));
}

}  // namespace
}  // namespace polygraph::onnx
