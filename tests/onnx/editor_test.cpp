#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "helpers/message.h"
#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using build::graph;
using build::model;
using build::Names;
using build::node;
using build::scalar;
using build::text;
using build::value;
using build::with;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// x -> a -> b -> y, where `If` takes `a` in a branch.
Model chain() {
  return model(graph({"x"},
                     {node("Relu", {"x"}, {"a"}, "first"), node("Identity", {"a"}, {"b"}, "second"),
                      node("Add", {"b", "w"}, {"y"}, "third")},
                     {"y"}, {"w"}));
}

Node branch(std::string_view condition, std::string_view output, Graph body, std::string_view name = "if") {
  return with(node("If", {condition}, {output}, name), "then_branch", Box<Graph>(std::move(body)));
}

StringEntry entry(std::string_view key, std::string_view text) {
  StringEntry made;
  made.key = key;
  made.value = text;
  return made;
}

std::vector<std::string> names(const GraphEditor& editor, const std::vector<NodeId>& ids) {
  std::vector<std::string> result;
  for (const NodeId id : ids) result.emplace_back(editor.node(id).name);
  return result;
}

TEST(GraphEditor, KnowsWhoMakesAndWhoTakes) {
  Model m = chain();
  GraphEditor editor(m);
  EXPECT_EQ(editor.node_count(), 3u);
  EXPECT_EQ(editor.node(*editor.producer("a")).name, "first");
  EXPECT_EQ(editor.producer("x"), std::nullopt);
  EXPECT_EQ(editor.producer("nothing"), std::nullopt);
  EXPECT_THAT(editor.consumers("b"), ElementsAre(Use{NodeId{2}, 0}));
  EXPECT_THAT(editor.consumers("w"), ElementsAre(Use{NodeId{2}, 1}));
  EXPECT_THAT(editor.consumers("y"), IsEmpty());
  EXPECT_TRUE(editor.is_used("y"));
  EXPECT_TRUE(editor.is_graph_output("y"));
  EXPECT_TRUE(editor.is_graph_input("x"));
  EXPECT_FALSE(editor.is_graph_input("w"));
  EXPECT_TRUE(editor.is_defined("w"));
  EXPECT_FALSE(editor.is_defined("nothing"));
  EXPECT_EQ(editor.next(NodeId{0}), NodeId{1});
  EXPECT_EQ(editor.next(NodeId{2}), std::nullopt);
  EXPECT_EQ(editor.previous(NodeId{0}), std::nullopt);
  EXPECT_EQ(editor.describe(NodeId{1}), "Node 1 'second' [Op: Identity]");
}

TEST(GraphEditor, FindsByNameAndOperator) {
  Model m = chain();
  m.graph.nodes[1].domain = "com.other";
  GraphEditor editor(m);
  EXPECT_THAT(names(editor, editor.find({})), ElementsAre("first", "second", "third"));
  EXPECT_THAT(names(editor, editor.find({.name = "*ir*"})), ElementsAre("first", "third"));
  EXPECT_THAT(names(editor, editor.find({.op_type = "Relu"})), ElementsAre("first"));
  EXPECT_THAT(names(editor, editor.find({.op_type = "Identity"})), IsEmpty());
  EXPECT_THAT(names(editor, editor.find({.op_type = "com.other::I*"})), ElementsAre("second"));
  EXPECT_THAT(names(editor, editor.find({.name = "third", .op_type = "Relu"})), IsEmpty());
  m.graph.nodes[0].name = "a[0]";
  EXPECT_THAT(editor.find({.name = "a[0]"}), ElementsAre(NodeId{0}));
}

TEST(GraphEditor, InsertsNodesWhereTheyAreWanted) {
  Model m = chain();
  {
    GraphEditor editor(m);
    const Node* const before = &editor.node(NodeId{1});
    editor.append(node("A", {"y"}, {"v1"}));
    editor.prepend(node("B", {}, {"v2"}));
    editor.insert_after(NodeId{0}, node("C", {"a"}, {"v3"}));
    editor.insert_before(NodeId{0}, node("D", {"v2"}, {"v4"}));
    EXPECT_EQ(&editor.node(NodeId{1}), before);
    EXPECT_THAT(editor.consumers("a"), ElementsAre(Use{NodeId{1}, 0}, Use{NodeId{5}, 0}));
    EXPECT_EQ(editor.nodes().size(), 7u);
  }
  EXPECT_EQ(text(m.graph.nodes),
            "v2 = B(); v4 = D(v2); a = Relu(x); v3 = C(a); b = Identity(a); y = Add(b, w); v1 = A(y)");
}

TEST(GraphEditor, KeepsTextsThatTheCallerForgets) {
  Model m = chain();
  {
    GraphEditor editor(m);
    std::string op = "Sigmoid", input = "y", output = "made", attribute = "alpha", string = "value";
    Node added = with(node(op, {input}, {output}, op), attribute, std::string_view(string));
    editor.append(added);
    std::string other = "new input";
    editor.set_input(NodeId{1}, 0, other);
    for (std::string* each : {&op, &input, &output, &attribute, &string, &other})
      each->assign(each->size(), '#');
  }
  EXPECT_EQ(text(m.graph.nodes), "a = Relu(x); b = Identity(new input); y = Add(b, w); made = Sigmoid(y)");
  EXPECT_EQ(m.graph.nodes[3].attributes[0].name, "alpha");
  EXPECT_EQ(std::get<std::string_view>(m.graph.nodes[3].attributes[0].value), "value");
}

TEST(GraphEditor, RefusesASecondProducer) {
  Model m = chain();
  GraphEditor editor(m);
  EXPECT_THAT(
      message<InputError>([&] { editor.append(node("Neg", {"x"}, {"b"}, "neg")); }),
      HasSubstr("Cannot let a node 'neg' [Op: Neg] make the value 'b': Node 1 'second' [Op: Identity] "
                "makes it already."));
  EXPECT_THAT(message<InputError>([&] { editor.append(node("Neg", {"y"}, {"x"})); }),
              HasSubstr("'x': it is an input of the graph"));
  EXPECT_THAT(message<InputError>([&] { editor.set_output(NodeId{0}, 0, "w"); }),
              HasSubstr("'w': it is an initializer"));
  EXPECT_THAT(message<InputError>([&] {
                editor.append(node("Split", {"y"}, {"s", "s"}));
              }),
              HasSubstr("makes 's' twice"));
  EXPECT_EQ(editor.node_count(), 3u);
}

TEST(GraphEditor, RefusesGraphsWhereAValueIsMadeTwice) {
  Model twice = model(graph({"x"}, {node("Relu", {"x"}, {"a"}, "r"), node("Neg", {"x"}, {"a"}, "n")}, {"a"}));
  EXPECT_THAT(message<InputError>([&] { GraphEditor editor(twice); }),
              HasSubstr("Cannot edit the graph 'g': Node 0 'r' [Op: Relu] and Node 1 'n' [Op: Neg] both make "
                        "the value 'a'."));
  Model input = model(graph({"x"}, {node("Relu", {"x"}, {"x"})}, {"x"}));
  EXPECT_THAT(message<InputError>([&] { GraphEditor editor(input); }),
              HasSubstr("it is an input of the graph"));
}

TEST(GraphEditor, RemovesNodes) {
  Model m = chain();
  {
    GraphEditor editor(m);
    editor.remove(NodeId{1});
    EXPECT_FALSE(editor.contains(NodeId{1}));
    EXPECT_EQ(editor.producer("b"), std::nullopt);
    EXPECT_THAT(editor.consumers("a"), IsEmpty());
    EXPECT_EQ(editor.next(NodeId{0}), NodeId{2});
    EXPECT_THAT(message<UsageError>([&] { editor.node(NodeId{1}); }), HasSubstr("no node 1 any more"));
    EXPECT_THAT(message<UsageError>([&] { editor.remove(NodeId{9}); }), HasSubstr("there is no node 9."));
    editor.set_input(NodeId{2}, 0, "a");
  }
  EXPECT_EQ(text(m.graph.nodes), "a = Relu(x); y = Add(a, w)");
}

TEST(GraphEditor, SetsInputsAndOutputs) {
  Model m = chain();
  {
    GraphEditor editor(m);
    editor.set_input(NodeId{0}, 3, "w");
    EXPECT_THAT(editor.node(NodeId{0}).inputs, ElementsAre("x", "", "", "w"));
    EXPECT_THAT(editor.consumers("w"), UnorderedElementsAre(Use{NodeId{0}, 3}, Use{NodeId{2}, 1}));
    editor.set_inputs(NodeId{2}, {"b", "b"});
    EXPECT_THAT(editor.consumers("b"), ElementsAre(Use{NodeId{2}, 0}, Use{NodeId{2}, 1}));
    editor.set_input(NodeId{2}, 0, "");
    EXPECT_THAT(editor.consumers("b"), ElementsAre(Use{NodeId{2}, 1}));
    editor.set_output(NodeId{1}, 1, "extra");
    EXPECT_EQ(editor.producer("extra"), NodeId{1});
    editor.set_output(NodeId{1}, 0, "");
    EXPECT_EQ(editor.producer("b"), std::nullopt);
  }
  EXPECT_EQ(text(m.graph.nodes), "a = Relu(x, _, _, w); _, extra = Identity(a); y = Add(_, b)");
}

TEST(GraphEditor, CountsWhatSubgraphsTake) {
  // The inner branch takes `a` and `c` from outside; `h` is its own although there is one outside, too.
  Graph inner = graph({}, {node("Add", {"h", "a"}, {"i"})}, {"i"});
  Graph body = graph({}, {node("Neg", {"c"}, {"h"}), branch("c", "o", std::move(inner))}, {"o"});
  Model m =
      model(graph({"x", "c", "h"}, {node("Relu", {"x"}, {"a"}), branch("c", "y", std::move(body))}, {"y"}));
  GraphEditor editor(m);
  EXPECT_THAT(editor.captures(NodeId{1}), UnorderedElementsAre("c", "a"));
  EXPECT_THAT(editor.consumers("a"), ElementsAre(Use{NodeId{1}, Use::captured}));
  EXPECT_THAT(editor.consumers("c"), UnorderedElementsAre(Use{NodeId{1}, 0}, Use{NodeId{1}, Use::captured}));
  EXPECT_THAT(editor.consumers("h"), IsEmpty());

  Graph& then = *std::get<Box<Graph>>(editor.edit(NodeId{1}).attributes[0].value);
  then.nodes.pop_back();
  then.outputs = {value("h")};
  editor.refresh_captures(NodeId{1});
  EXPECT_THAT(editor.captures(NodeId{1}), ElementsAre("c"));
  EXPECT_FALSE(editor.is_used("a"));
}

TEST(GraphEditor, RenamesEverywhere) {
  Graph body = graph({}, {node("Neg", {"a"}, {"n"})}, {"n"});
  Model m = model(graph(
      {"x"}, {node("Relu", {"x"}, {"a"}), branch("x", "y", std::move(body)), node("Add", {"a", "w"}, {"z"})},
      {"y", "z"}, {"w"}));
  m.graph.value_info.push_back(value("a"));
  QuantizationAnnotation& annotation = m.graph.quantization_annotations.emplace_back();
  annotation.tensor_name = "a";
  annotation.parameters.push_back(entry("SCALE_TENSOR", "w"));
  m.training_info.emplace_back().update_bindings.push_back(entry("w", "new_w"));
  {
    GraphEditor editor(m);
    editor.rename("a", "b");
    editor.rename("w", "v");
    editor.rename("x", "input");
    editor.rename("z", "output");
    EXPECT_EQ(editor.producer("b"), NodeId{0});
    EXPECT_EQ(editor.producer("a"), std::nullopt);
    EXPECT_FALSE(editor.is_used("a"));
    EXPECT_EQ(editor.consumers("b").size(), 2u);
    EXPECT_NE(editor.initializer("v"), nullptr);
    EXPECT_EQ(editor.initializer("w"), nullptr);
    EXPECT_EQ(editor.value_info("b")->name, "b");
    EXPECT_TRUE(editor.is_graph_output("output"));
  }
  EXPECT_EQ(
      text(m.graph),
      "input [v] -> b = Relu(input); y = If(input){ -> n = Neg(b) -> n}; output = Add(b, v) -> y, output");
  EXPECT_EQ(m.graph.quantization_annotations[0].tensor_name, "b");
  EXPECT_EQ(m.graph.quantization_annotations[0].parameters[0].value, "v");
  EXPECT_EQ(m.training_info[0].update_bindings[0].key, "v");
}

TEST(GraphEditor, RefusesToRenameToANameThatMeansSomethingElse) {
  Graph body = graph({}, {node("Neg", {"a"}, {"n"})}, {"n"});
  Model m = model(graph({"x"}, {node("Relu", {"x"}, {"a"}), branch("x", "y", std::move(body))}, {"y"}));
  {
    GraphEditor editor(m);
    EXPECT_THAT(message<InputError>([&] { editor.rename("a", "y"); }),
                HasSubstr("Cannot rename the value 'a' to 'y': there is a value of that name."));
    EXPECT_THAT(message<InputError>([&] { editor.rename("a", "n"); }),
                HasSubstr("a sub-graph that takes it"));
    EXPECT_THAT(message<InputError>([&] { editor.rename("q", "r"); }), HasSubstr("there is no such value"));
    EXPECT_THAT(message<InputError>([&] { editor.rename("a", ""); }), HasSubstr("not empty"));
    editor.rename("a", "a2");
    editor.rename("a2", "a");
  }
  EXPECT_EQ(text(m.graph), "x -> a = Relu(x); y = If(x){ -> n = Neg(a) -> n} -> y");
}

TEST(GraphEditor, ReplacesAValue) {
  Graph body = graph({}, {node("Neg", {"b"}, {"n"})}, {"n"});
  Model m = model(graph({"x"},
                        {node("Relu", {"x"}, {"a"}), node("Identity", {"a"}, {"b"}),
                         node("Mul", {"b", "b"}, {"z"}), branch("x", "y", std::move(body))},
                        {"y", "z"}));
  {
    GraphEditor editor(m);
    EXPECT_TRUE(editor.replace("b", "a"));
    EXPECT_FALSE(editor.is_used("b"));
    EXPECT_EQ(editor.consumers("a").size(), 4u);
  }
  EXPECT_EQ(text(m.graph.nodes),
            "a = Relu(x); b = Identity(a); z = Mul(a, a); y = If(x){ -> n = Neg(a) -> n}");
}

TEST(GraphEditor, BypassedOutputsOfTheGraphKeepTheirNames) {
  Model m = model(
      graph({"x"}, {node("Relu", {"x"}, {"a"}), node("Neg", {"a"}, {"z"}), node("Identity", {"a"}, {"y"})},
            {"y", "z"}));
  m.graph.value_info.push_back(value("a"));
  {
    GraphEditor editor(m);
    EXPECT_TRUE(editor.bypass(NodeId{2}));
    EXPECT_EQ(editor.producer("y"), NodeId{0});
  }
  EXPECT_EQ(text(m.graph), "x -> y = Relu(x); z = Neg(y) -> y, z");
  EXPECT_TRUE(m.graph.value_info.empty());
}

TEST(GraphEditor, LeavesWhatCannotBeBypassed) {
  const auto unchanged = [](Model m, NodeId node) {
    const std::string before = text(m.graph);
    bool bypassed = false;
    {
      GraphEditor editor(m);
      bypassed = editor.bypass(node);
    }
    return !bypassed && text(m.graph) == before;
  };
  // An input cannot be an output, nor can one output have the name of another.
  EXPECT_TRUE(unchanged(model(graph({"x"}, {node("Identity", {"x"}, {"y"})}, {"y"})), NodeId{0}));
  EXPECT_TRUE(
      unchanged(model(graph({"x"}, {node("Relu", {"x"}, {"a"}), node("Identity", {"a"}, {"y"})}, {"a", "y"})),
                NodeId{1}));
  // The second output is used.
  EXPECT_TRUE(unchanged(
      model(graph({"x"}, {node("Dropout", {"x"}, {"a", "m"}), node("Add", {"a", "m"}, {"y"})}, {"y"})),
      NodeId{0}));
  // A sub-graph has a value of that name.
  Graph body = graph({}, {node("Neg", {"b"}, {"a"})}, {"a"});
  EXPECT_TRUE(unchanged(model(graph({"x"},
                                    {node("Relu", {"x"}, {"a"}), node("Identity", {"a"}, {"b"}),
                                     branch("x", "y", std::move(body))},
                                    {"y"})),
                        NodeId{1}));
  // Nothing to take the place of.
  EXPECT_TRUE(unchanged(model(graph({}, {node("Constant", {}, {"y"})}, {"y"})), NodeId{0}));
}

TEST(GraphEditor, NewNamesAreUsedNowhere) {
  Graph body = graph({}, {node("Neg", {"x"}, {"inner"})}, {"inner"});
  Model m = model(graph({"x"}, {branch("x", "y", std::move(body), "a node")}, {"y"}));
  GraphEditor editor(m);
  EXPECT_EQ(editor.unique_name("free"), "free");
  EXPECT_EQ(editor.unique_name("free"), "free_1");
  EXPECT_EQ(editor.unique_name("inner"), "inner_1");
  EXPECT_EQ(editor.unique_name("a node"), "a node_1");
  EXPECT_EQ(editor.unique_name("x"), "x_1");
  editor.append(node("Neg", {"y"}, {"x_2"}));
  EXPECT_EQ(editor.unique_name("x"), "x_3");
}

TEST(GraphEditor, AddsAndRemovesInitializers) {
  Model m = chain();
  {
    GraphEditor editor(m);
    const TensorData* w = editor.initializer("w");
    editor.add_initializer(scalar("v"));
    EXPECT_EQ(editor.initializer("w"), w);
    EXPECT_THAT(message<InputError>([&] { editor.add_initializer(scalar("v")); }),
                HasSubstr("there is one of that name"));
    EXPECT_THAT(message<InputError>([&] { editor.add_initializer(scalar("b")); }),
                HasSubstr("makes that value"));
    editor.remove_initializer("w");
    editor.remove_initializer("w");
    EXPECT_THAT(editor.initializers(), ElementsAre("v"));
  }
  EXPECT_THAT(build::names_of(m.graph.initializers), ElementsAre("v"));
}

TEST(GraphEditor, TellsConstantsFromDefaults) {
  Model m = model(graph({"x", "d"},
                        {with(node("Constant", {}, {"c"}), "value", Box<TensorData>(scalar(""))),
                         node("Add", {"x", "c"}, {"y"})},
                        {"y"}, {"w", "d"}));
  const GraphEditor editor(m);
  EXPECT_NE(editor.constant("w"), nullptr);
  EXPECT_NE(editor.constant("c"), nullptr);
  EXPECT_EQ(editor.constant("d"), nullptr);
  EXPECT_NE(editor.initializer("d"), nullptr);
  EXPECT_EQ(editor.constant("y"), nullptr);
}

TEST(GraphEditor, KeepsTypes) {
  Model m = chain();
  m.graph.value_info.push_back(value("a"));
  {
    GraphEditor editor(m);
    EXPECT_EQ(editor.value_info("b"), nullptr);
    editor.set_value_info(value("b", {{2}}));
    editor.set_value_info(value("y", {{3}}));
    EXPECT_EQ(to_string(*editor.value_info("b")->type), to_string(*value("b", {{2}}).type));
    editor.remove_value_info("a");
    EXPECT_EQ(editor.value_info("a"), nullptr);
  }
  EXPECT_THAT(build::names_of(m.graph.value_info), ElementsAre("b"));
  EXPECT_EQ(partial_shape(*m.graph.outputs[0].type).str(), "(3,)");
}

TEST(GraphEditor, ChangesTheInterface) {
  Model m = chain();
  {
    GraphEditor editor(m);
    editor.set_graph_inputs({value("b")});
    editor.set_graph_outputs({value("y"), value("a")});
    EXPECT_FALSE(editor.is_graph_input("x"));
    EXPECT_TRUE(editor.is_graph_input("b"));
    EXPECT_TRUE(editor.is_used("a"));
  }
  EXPECT_THAT(build::names_of(m.graph.outputs), ElementsAre("y", "a"));
}

TEST(GraphEditor, ReordersNodes) {
  Model m = chain();
  {
    GraphEditor editor(m);
    const NodeId order[] = {NodeId{2}, NodeId{0}, NodeId{1}};
    editor.reorder(order);
    EXPECT_THAT(editor.nodes(), ElementsAre(NodeId{2}, NodeId{0}, NodeId{1}));
    EXPECT_THAT(message<UsageError>([&] { editor.reorder(std::span(order, 2)); }), HasSubstr("2 of 3 nodes"));
    const NodeId twice[] = {NodeId{2}, NodeId{0}, NodeId{2}};
    EXPECT_THAT(message<UsageError>([&] { editor.reorder(twice); }), HasSubstr("is named twice"));
  }
  EXPECT_THAT(build::names_of(m.graph.nodes), ElementsAre("third", "first", "second"));
}

TEST(GraphEditor, WhatTrainingNeedsIsUsed) {
  Model m = chain();
  m.graph.initializers.push_back(scalar("step"));
  m.training_info.emplace_back().algorithm = graph({}, {node("Add", {"step", "a"}, {"t"})}, {"t"});
  GraphEditor editor(m);
  EXPECT_TRUE(editor.is_used("step"));
  EXPECT_FALSE(editor.replace("step", "w"));
  editor.rename("step", "count");
  EXPECT_EQ(m.training_info[0].algorithm->nodes[0].inputs[0], "count");
}

// After any sequence of edits, the editor knows what a new one over the same graph would.
TEST(GraphEditor, RandomEditsKeepItsBooks) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t count) {
      return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
    };
    Model m = model(graph({"x"}, {node("Relu", {"x"}, {"v"})}, {"v"}, {"w"}));
    std::map<std::string, std::multiset<std::pair<std::uint32_t, std::string>>> expected;
    {
      GraphEditor editor(m);
      std::vector<std::string_view> values{"x", "v", "w"};
      for (int step = 0; step < 300; ++step) {
        const std::vector<NodeId> nodes = editor.nodes();
        const auto any = [&] { return values[pick(values.size())]; };
        switch (nodes.empty() ? 0 : pick(7)) {
          case 0:
          case 1: {
            const std::string_view made = editor.unique_name("value");
            Node added = node("Add", {any(), any(), ""}, {made});
            if (pick(3) == 0)
              added = with(added, "body",
                           Box<Graph>(graph({}, {node("Neg", {any()}, {"_i"}), node("Neg", {any()}, {"_j"})},
                                            {"_i"})));
            values.push_back(made);
            nodes.empty() ? editor.append(added) : editor.insert_before(nodes[pick(nodes.size())], added);
            break;
          }
          case 2:
            if (nodes.size() > 5) editor.remove(nodes[pick(nodes.size())]);
            break;
          case 3:
            editor.set_input(nodes[pick(nodes.size())], pick(4), any());
            break;
          case 4:
            editor.replace(any(), any());
            break;
          case 5: {
            const std::size_t i = pick(values.size());
            if (editor.is_defined(values[i]) || editor.is_used(values[i])) {
              const std::string_view to = editor.unique_name("renamed");
              editor.rename(values[i], to);
              values[i] = to;
            }
            break;
          }
          case 6:
            editor.bypass(nodes[pick(nodes.size())], pick(2));
            break;
        }
      }
      const std::vector<NodeId> order = editor.nodes();
      std::map<NodeId, std::uint32_t> position;
      for (std::uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
      for (const std::string_view each : values) {
        for (const Use& use : editor.consumers(each))
          expected[std::string(each)].insert({position.at(use.node), std::to_string(use.input)});
        if (editor.producer(each))
          expected[std::string(each)].insert({position.at(*editor.producer(each)), "made"});
      }
    }
    const GraphEditor fresh(m);
    std::map<std::string, std::multiset<std::pair<std::uint32_t, std::string>>> actual;
    for (const auto& [name, unused] : expected) {
      for (const Use& use : fresh.consumers(name))
        actual[name].insert({static_cast<std::uint32_t>(use.node), std::to_string(use.input)});
      if (fresh.producer(name))
        actual[name].insert({static_cast<std::uint32_t>(*fresh.producer(name)), "made"});
    }
    EXPECT_EQ(actual, expected);
  }
}

TEST(ForEachGraph, VisitsOuterBeforeInner) {
  Graph inner = graph({}, {}, {});
  inner.name = "inner";
  Graph body = graph({}, {branch("c", "o", std::move(inner))}, {"o"});
  body.name = "body";
  Model m = model(graph({"c"}, {branch("c", "y", body)}, {"y"}));
  m.functions.emplace_back().nodes.push_back(branch("c", "y", body));
  m.training_info.emplace_back().algorithm = graph({}, {}, {});
  std::vector<std::string> visited;
  for_each_graph(std::as_const(m), [&](const Graph& each) { visited.emplace_back(each.name); });
  EXPECT_THAT(visited, ElementsAre("g", "body", "inner", "body", "inner", "g"));
  for_each_graph(m, [&](Graph& each) { each.name = "seen"; });
  EXPECT_EQ(m.training_info[0].algorithm->name, "seen");
}

TEST(DanglingValues, AreThoseThatNothingMakes) {
  Graph body = graph({}, {node("Add", {"x", "p"}, {"i"}), node("Add", {"i", "late"}, {"q"})}, {"q", "r"});
  Model m = model(
      graph({"x"}, {branch("c", "y", std::move(body)), node("Neg", {"x", "", "c"}, {"late"})}, {"y", "s"}));
  Function& function = m.functions.emplace_back();
  function.inputs = {"in"};
  function.outputs = {"out"};
  function.nodes = {node("Add", {"in", "x"}, {"out"})};
  m.training_info.emplace_back().algorithm = graph({}, {node("Add", {"late", "t"}, {"u"})}, {"u"});
  EXPECT_THAT(dangling_values(m), ElementsAre("c", "p", "r", "s", "x", "t"));
  EXPECT_THAT(dangling_values(chain()), IsEmpty());
}

}  // namespace
}  // namespace polygraph::onnx
