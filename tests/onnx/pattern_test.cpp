#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/pattern.h>

#include "helpers/message.h"
#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using build::graph;
using build::model;
using build::node;
using build::scalar;
using build::value;
using build::with;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Attribute::Value string(std::string_view value) {
  return value;
}
Attribute::Value integer(std::int64_t value) {
  return value;
}

std::vector<Match> find(Graph pattern, Graph host) {
  Model m = model(std::move(host));
  const GraphEditor editor(m);
  std::vector<Match> matches = Pattern(model(std::move(pattern))).find_all(editor);
  for (Match& match : matches) match.attributes.clear();  // they point into the model that goes
  return matches;
}

std::vector<std::uint32_t> nodes(const Match& match) {
  std::vector<std::uint32_t> numbers;
  for (const NodeId node : match.nodes) numbers.push_back(static_cast<std::uint32_t>(node));
  return numbers;
}

Graph swish() {
  return graph({"in"}, {node("Sigmoid", {"in"}, {"s"}), node("Mul", {"in", "s"}, {"out"})}, {"out"});
}

TEST(Pattern, FindsEveryPlaceInBothOrdersOfOperands) {
  const auto matches = find(swish(), graph({"x"},
                                           {node("Sigmoid", {"x"}, {"a"}), node("Mul", {"x", "a"}, {"b"}),
                                            node("Sigmoid", {"b"}, {"c"}), node("Mul", {"c", "b"}, {"d"}),
                                            node("Sigmoid", {"d"}, {"e"}), node("Mul", {"e", "x"}, {"y"})},
                                           {"y"}));
  ASSERT_THAT(matches, SizeIs(2));
  EXPECT_THAT(nodes(matches[0]), ElementsAre(0, 1));
  EXPECT_THAT(matches[0].inputs, ElementsAre("x"));
  EXPECT_THAT(matches[0].outputs, ElementsAre("b"));
  EXPECT_THAT(nodes(matches[1]), ElementsAre(2, 3));
  EXPECT_THAT(matches[1].inputs, ElementsAre("b"));
}

TEST(Pattern, OrderMattersWhereOperandsDoNotCommute) {
  const auto pattern = [] {
    return graph({"in"}, {node("Sigmoid", {"in"}, {"s"}), node("Sub", {"in", "s"}, {"out"})}, {"out"});
  };
  EXPECT_THAT(
      find(pattern(), graph({"x"}, {node("Sigmoid", {"x"}, {"a"}), node("Sub", {"a", "x"}, {"y"})}, {"y"})),
      IsEmpty());
  EXPECT_THAT(
      find(pattern(), graph({"x"}, {node("Sigmoid", {"x"}, {"a"}), node("Sub", {"x", "a"}, {"y"})}, {"y"})),
      SizeIs(1));
}

TEST(Pattern, ValuesInsideAreNotUsedOutside) {
  const auto nodes_of_host = [] {
    return std::vector{node("Sigmoid", {"x"}, {"a"}), node("Mul", {"x", "a"}, {"y"})};
  };
  EXPECT_THAT(find(swish(), graph({"x"}, nodes_of_host(), {"y"})), SizeIs(1));
  EXPECT_THAT(find(swish(), graph({"x"}, nodes_of_host(), {"y", "a"})), IsEmpty());
  std::vector<Node> more = nodes_of_host();
  more.push_back(node("Neg", {"a"}, {"z"}));
  EXPECT_THAT(find(swish(), graph({"x"}, more, {"y", "z"})), IsEmpty());
  more.back() = with(node("If", {"x"}, {"z"}), "then_branch",
                     Box<Graph>(graph({}, {node("Neg", {"a"}, {"i"})}, {"i"})));
  EXPECT_THAT(find(swish(), graph({"x"}, more, {"y", "z"})), IsEmpty());
  Graph open = swish();
  open.outputs.push_back(value("s"));
  EXPECT_THAT(find(open, graph({"x"}, nodes_of_host(), {"y", "a"})), SizeIs(1));
}

TEST(Pattern, MatchesDoNotOverlap) {
  const Graph two = graph({"in"}, {node("Relu", {"in"}, {"m"}), node("Relu", {"m"}, {"out"})}, {"out"});
  const auto matches =
      find(two, graph({"x"},
                      {node("Relu", {"x"}, {"a"}), node("Relu", {"a"}, {"b"}), node("Relu", {"b"}, {"c"}),
                       node("Relu", {"c"}, {"d"}), node("Relu", {"d"}, {"y"})},
                      {"y"}));
  ASSERT_THAT(matches, SizeIs(2));
  EXPECT_THAT(nodes(matches[0]), ElementsAre(0, 1));
  EXPECT_THAT(nodes(matches[1]), ElementsAre(2, 3));
}

TEST(Pattern, GoesFromAValueToWhatTakesIt) {
  // Two outputs that only share their input; the anchor is one of them.
  const Graph pattern = graph({"in"}, {node("Relu", {"in"}, {"p"}), node("Neg", {"in"}, {"q"})}, {"p", "q"});
  const auto matches = find(pattern, graph({"x", "z"},
                                           {node("Neg", {"z"}, {"n0"}), node("Relu", {"x"}, {"r"}),
                                            node("Abs", {"x"}, {"a"}), node("Neg", {"x"}, {"n"})},
                                           {"n0", "r", "a", "n"}));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_THAT(nodes(matches[0]), ElementsAre(1, 3));
  EXPECT_THAT(matches[0].outputs, ElementsAre("r", "n"));
}

TEST(Pattern, GoesBackFromAWrongChoice) {
  // Both operands of the Add are Muls; only the second one goes on as the pattern wants, and only swapped.
  const Graph pattern = graph({"i", "j"},
                              {node("Exp", {"i"}, {"e"}), node("Mul", {"e", "j"}, {"m"}),
                               node("Mul", {"i", "j"}, {"n"}), node("Add", {"m", "n"}, {"out"})},
                              {"out"});
  const auto matches = find(pattern, graph({"x", "z"},
                                           {node("Mul", {"z", "x"}, {"b"}), node("Exp", {"x"}, {"e"}),
                                            node("Mul", {"z", "e"}, {"a"}), node("Add", {"b", "a"}, {"y"})},
                                           {"y"}));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_THAT(nodes(matches[0]), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(matches[0].inputs, ElementsAre("x", "z"));
}

TEST(Pattern, InputsOfANodeAreAsMany) {
  const auto conv = [](build::Names inputs) {
    return graph({"a", "b", "c"}, {node("Conv", std::move(inputs), {"y"})}, {"y"});
  };
  EXPECT_THAT(find(conv({"a", "b"}), conv({"a", "b"})), SizeIs(1));
  EXPECT_THAT(find(conv({"a", "b"}), conv({"a", "b", ""})), SizeIs(1));
  EXPECT_THAT(find(conv({"a", "b"}), conv({"a", "b", "c"})), IsEmpty());
  EXPECT_THAT(find(conv({"a", "", "c"}), conv({"a", "b", "c"})), IsEmpty());
  EXPECT_THAT(find(conv({"a", "", "c"}), conv({"a", "", "b"})), SizeIs(1));
  EXPECT_THAT(find(conv({"a", "a"}), conv({"a", "b"})), IsEmpty());
  EXPECT_THAT(find(conv({"a", "b"}), conv({"a", "a"})), SizeIs(1));
}

TEST(Pattern, OutputsThatItDoesNotNameAreUnused) {
  const Graph pattern = graph({"i"}, {node("Dropout", {"i"}, {"o"})}, {"o"});
  EXPECT_THAT(find(pattern, graph({"x"}, {node("Dropout", {"x"}, {"y", "mask"})}, {"y"})), SizeIs(1));
  EXPECT_THAT(find(pattern, graph({"x"}, {node("Dropout", {"x"}, {"y", "mask"})}, {"y", "mask"})), IsEmpty());
  const Graph both = graph({"i"}, {node("Dropout", {"i"}, {"o", "m"})}, {"o", "m"});
  EXPECT_THAT(find(both, graph({"x"}, {node("Dropout", {"x"}, {"y"})}, {"y"})), IsEmpty());
}

TEST(Pattern, OperatorsHaveDomains) {
  Graph pattern = graph({"i"}, {node("Gelu", {"i"}, {"o"})}, {"o"});
  Graph host = graph({"x"}, {node("Gelu", {"x"}, {"y"})}, {"y"});
  host.nodes[0].domain = "ai.onnx";
  EXPECT_THAT(find(pattern, host), SizeIs(1));
  host.nodes[0].domain = "com.microsoft";
  EXPECT_THAT(find(pattern, host), IsEmpty());
  pattern.nodes[0].op_type = "Any";
  pattern.nodes[0].domain = "polygraph";
  EXPECT_THAT(find(pattern, host), SizeIs(1));
}

TEST(Pattern, StatedAttributesAreEqual) {
  const auto one = [](Attribute::Value v) {
    return graph({"i"}, {with(node("Op", {"i"}, {"o"}), "a", std::move(v))}, {"o"});
  };
  EXPECT_THAT(find(one(integer(1)), one(integer(1))), SizeIs(1));
  EXPECT_THAT(find(one(integer(1)), one(integer(2))), IsEmpty());
  EXPECT_THAT(find(one(integer(1)), one(1.0f)), IsEmpty());
  EXPECT_THAT(find(one(string("s")), one(string("s"))), SizeIs(1));
  EXPECT_THAT(find(one(std::vector<std::int64_t>{1, 2}), one(std::vector<std::int64_t>{1, 2})), SizeIs(1));
  EXPECT_THAT(find(one(std::vector<std::int64_t>{1, 2}), one(std::vector<std::int64_t>{2, 1})), IsEmpty());
  EXPECT_THAT(find(one(Box<TensorData>(scalar("p"))), one(Box<TensorData>(scalar("q")))), SizeIs(1));
  const Graph none = graph({"i"}, {node("Op", {"i"}, {"o"})}, {"o"});
  EXPECT_THAT(find(one(integer(1)), none), IsEmpty());
  EXPECT_THAT(find(none, one(integer(1))), SizeIs(1));
}

TEST(Pattern, OpenAttributesAreReported) {
  Graph pattern =
      graph({"i"}, {with(with(node("Op", {"i"}, {"o"}), "axis", string("@the_axis")), "alpha", string("@"))},
            {"o"});
  pattern.nodes[0].attributes.push_back(build::attribute("beta", std::monostate()));
  pattern.nodes[0].attributes.back().ref_attr_name = "b";
  Model m =
      model(graph({"x"}, {with(with(node("Op", {"x"}, {"y"}), "axis", integer(3)), "beta", 0.5f)}, {"y"}));
  const GraphEditor editor(m);
  const auto matches = Pattern(model(std::move(pattern))).find_all(editor);
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_THAT(matches[0].attributes, SizeIs(2));
  EXPECT_EQ(matches[0].attributes.at("the_axis"), &editor.node(NodeId{0}).attributes[0]);
  EXPECT_EQ(matches[0].attributes.at("b"), &editor.node(NodeId{0}).attributes[1]);
}

TEST(Pattern, ConstantsAreEqualWhereverTheyAreKept) {
  const Graph initializer = graph({"i"}, {node("Mul", {"i", "c"}, {"o"})}, {"o"}, {"c"});
  const Graph constant = graph(
      {"i"}, {with(node("Constant", {}, {"c"}), "value_float", 1.0f), node("Mul", {"c", "i"}, {"o"})}, {"o"});
  const Graph tensor = graph({"i"},
                             {with(node("Constant", {}, {"c"}), "value", Box<TensorData>(scalar(""))),
                              node("Mul", {"c", "i"}, {"o"})},
                             {"o"});
  for (const Graph* pattern : {&initializer, &constant, &tensor}) {
    for (const Graph* host : {&initializer, &constant, &tensor}) {
      const auto matches = find(*pattern, *host);
      ASSERT_THAT(matches, SizeIs(1));
      EXPECT_THAT(matches[0].nodes, SizeIs(1));
      EXPECT_THAT(matches[0].inputs, ElementsAre("i"));
    }
  }
  Graph other = constant;
  std::get<float>(other.nodes[0].attributes[0].value) = 2.0f;
  EXPECT_THAT(find(initializer, other), IsEmpty());
  EXPECT_THAT(find(other, initializer), IsEmpty());
  EXPECT_THAT(find(initializer, graph({"i", "j"}, {node("Mul", {"i", "j"}, {"o"})}, {"o"})), IsEmpty());
}

TEST(Pattern, RefusesWhatIsNone) {
  const auto failure = [](Graph pattern) {
    return message<InputError>([&] { Pattern refused(model(std::move(pattern))); });
  };
  EXPECT_THAT(failure(graph({"x"}, {}, {"x"})), HasSubstr("it has no nodes"));
  EXPECT_THAT(failure(graph({"x"}, {node("Relu", {"x"}, {"y"})}, {})), HasSubstr("it has no outputs"));
  EXPECT_THAT(failure(graph({"x"}, {node("Relu", {"x"}, {"y"})}, {"x"})),
              HasSubstr("no node makes its output 'x'"));
  EXPECT_THAT(failure(graph({"x"}, {node("Relu", {"q"}, {"y"})}, {"y"})),
              HasSubstr("nothing makes the value 'q'"));
  EXPECT_THAT(
      failure(graph({"x", "z"}, {node("Relu", {"x"}, {"y"}), node("Relu", {"z"}, {"v"})}, {"y", "v"})),
      HasSubstr("not connected"));
  EXPECT_THAT(failure(graph({"x"}, {node("Relu", {"x"}, {"y"}), node("Neg", {"x"}, {"y"})}, {"y"})),
              HasSubstr("'y' is made twice"));
  EXPECT_THAT(
      failure(graph({"x"}, {with(node("If", {"x"}, {"y"}), "then_branch", Box<Graph>(graph({}, {}, {})))},
                    {"y"})),
      HasSubstr("has a sub-graph"));
}

TEST(Pattern, TriesTheFirstConsumersOfAValueOnly) {
  // Every Relu and every Exp takes x: trying all pairs would take 10^9 steps.
  constexpr std::size_t count = 50'000;
  Model m = model(graph({"x"}, {}, {}));
  std::vector<std::string> names(count);
  for (std::size_t i = 0; i < count; ++i) {
    names[i] = "v" + std::to_string(i);
    m.graph.nodes.push_back(node(i % 2 == 0 ? "Relu" : "Exp", {"x"}, {names[i]}));
  }
  const Graph pattern = graph({"in"}, {node("Relu", {"in"}, {"p"}), node("Exp", {"in"}, {"q"})}, {"p", "q"});
  const GraphEditor editor(m);
  EXPECT_THAT(Pattern(model(pattern)).find_all(editor), SizeIs(128));  // of the first 256
}

}  // namespace
}  // namespace polygraph::onnx
