#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "helpers/message.h"
#include "onnx/build.h"

namespace polygraph::onnx::passes {
namespace {

using build::graph;
using build::model;
using build::Names;
using build::names_of;
using build::node;
using build::scalar;
using build::text;
using build::value;
using build::with;
using test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

StringEntry entry(std::string_view key, std::string_view content) {
  StringEntry made;
  made.key = key;
  made.value = content;
  return made;
}

Node branch(Names inputs, Names outputs, Graph body) {
  return with(node("If", std::move(inputs), std::move(outputs)), "then_branch", Box<Graph>(std::move(body)));
}

/// x -> Add(w) -> a -> Neg -> b -> Mul(v) -> y, with things around it that no pass is about.
Model chain() {
  Model m = model(graph({"x"},
                        {node("Add", {"x", "w"}, {"a"}, "add"), node("Neg", {"a"}, {"b"}, "neg"),
                         node("Mul", {"b", "v"}, {"y"}, "mul")},
                        {"y"}, {"w", "v"}));
  m.graph.value_info = {value("a", {{2}}), value("b", {{2}})};
  m.opset_imports.emplace_back().domain = "com.other";
  m.producer_name = "tests";
  m.metadata_props.push_back(entry("key", "value"));
  m.functions.emplace_back().name = "Unused";
  return m;
}

/// That the pass left alone what it is not about.
void expect_intact(const Model& m) {
  EXPECT_THAT(m.opset_imports, SizeIs(2));
  EXPECT_THAT(m.metadata_props, SizeIs(1));
  EXPECT_THAT(m.functions, SizeIs(1));
  EXPECT_EQ(m.producer_name, "tests");
  EXPECT_EQ(m.ir_version, 10);
  EXPECT_THAT(dangling_values(m), IsEmpty());
}

// modify_outputs

std::vector<std::string> modified(OutputSelection selection, Model m = chain()) {
  std::vector<std::string> outputs = modify_outputs(m, selection);
  std::vector<std::string> actual;
  for (const std::string_view name : names_of(m.graph.outputs)) actual.emplace_back(name);
  EXPECT_EQ(outputs, actual);
  expect_intact(m);
  return actual;
}

TEST(ModifyOutputs, MarksByNameAndPattern) {
  EXPECT_THAT(modified({}), ElementsAre("y"));
  EXPECT_THAT(modified({.outputs = {"b", "a"}, .op_types = {}, .exclude = {}}), ElementsAre("b", "a"));
  EXPECT_THAT(modified({.outputs = {"[by]"}, .op_types = {}, .exclude = {}}), ElementsAre("b", "y"));
  EXPECT_THAT(modified({.outputs = {"*"}, .op_types = {}, .exclude = {}}), ElementsAre("a", "b", "y"));
  EXPECT_THAT(modified({.outputs = {"y", "*"}, .op_types = {}, .exclude = {}}), ElementsAre("y", "a", "b"));
  EXPECT_THAT(modified({.outputs = {"w", "x"}, .op_types = {}, .exclude = {}}), ElementsAre("w", "x"));
}

TEST(ModifyOutputs, KindsOfMarkingAddUp) {
  EXPECT_THAT(modified({.outputs = {"y"}, .op_types = {"Add"}, .exclude = {}}), ElementsAre("y", "a"));
  EXPECT_THAT(modified({.outputs = {}, .op_types = {"A*", "Neg"}, .exclude = {}}), ElementsAre("a", "b"));
  EXPECT_THAT(modified({.outputs = {"*"}, .op_types = {}, .exclude = {"[ab]"}}), ElementsAre("y"));
  EXPECT_THAT(modified({.outputs = {}, .op_types = {"Neg", "Mul"}, .exclude = {"b"}}), ElementsAre("y"));
}

TEST(ModifyOutputs, ANameThatLooksLikeAPatternIsAName) {
  Model m = chain();
  {
    GraphEditor editor(m);
    editor.rename("a", "[by]");
  }
  EXPECT_THAT(modified({.outputs = {"[by]"}, .op_types = {}, .exclude = {}}, m), ElementsAre("[by]"));
  EXPECT_THAT(modified({.outputs = {"*"}, .op_types = {}, .exclude = {"[by]"}}, m), ElementsAre("b", "y"));
}

TEST(ModifyOutputs, AllLeavesConstantsOut) {
  Model m = chain();
  m.graph.nodes.insert(m.graph.nodes.begin(), node("Constant", {}, {"c"}));
  EXPECT_THAT(modified({.outputs = {"*"}, .op_types = {}, .exclude = {}}, m), ElementsAre("a", "b", "y"));
}

TEST(ModifyOutputs, TypesMoveWithTheValues) {
  Model m = chain();
  modify_outputs(m, {.outputs = {"a", "w"}, .op_types = {}, .exclude = {}});
  EXPECT_EQ(to_string(*m.graph.outputs[0].type), to_string(*value("a", {{2}}).type));
  EXPECT_EQ(to_string(*m.graph.outputs[1].type), to_string(*value("w", {{}}).type));
  EXPECT_THAT(names_of(m.graph.value_info), ElementsAre("b", "y"));
}

TEST(ModifyOutputs, NamesWhatMatchesNothing) {
  const auto failure = [](OutputSelection selection) {
    return message<InputError>([&] {
      Model m = chain();
      modify_outputs(m, selection);
    });
  };
  EXPECT_THAT(failure({.outputs = {"yy"}, .op_types = {}, .exclude = {}}),
              HasSubstr("there is no value 'yy'. Did you mean 'y'?"));
  EXPECT_THAT(failure({.outputs = {"q*"}, .op_types = {}, .exclude = {}}),
              HasSubstr("no value matches 'q*'"));
  EXPECT_THAT(failure({.outputs = {}, .op_types = {"add"}, .exclude = {}}),
              HasSubstr("there is no node with the operator 'add'. Did you mean 'Add'?"));
  EXPECT_THAT(failure({.outputs = {}, .op_types = {}, .exclude = {"a"}}),
              HasSubstr("there is no output 'a'"));
  EXPECT_THAT(failure({.outputs = {}, .op_types = {}, .exclude = {"*"}}),
              HasSubstr("no output would be left"));
}

// extract_subgraph

using Boundaries = std::optional<std::vector<Boundary>>;

Boundary boundary(std::string name) {
  return {std::move(name), std::nullopt, std::nullopt};
}

std::string extracted(const Boundaries& inputs, const Boundaries& outputs, Model m = chain()) {
  extract_subgraph(m, inputs, outputs);
  expect_intact(m);
  return text(m.graph);
}

TEST(ExtractSubgraph, KeepsWhatIsBetween) {
  EXPECT_EQ(extracted({}, {}), "x [w, v] -> a = Add(x, w); b = Neg(a); y = Mul(b, v) -> y");
  EXPECT_EQ(extracted({{boundary("a")}}, {{boundary("b")}}), "a -> b = Neg(a) -> b");
  EXPECT_EQ(extracted({}, {{boundary("b")}}), "x [w] -> a = Add(x, w); b = Neg(a) -> b");
  EXPECT_EQ(extracted({{boundary("b")}}, {}), "b [v] -> y = Mul(b, v) -> y");
  EXPECT_EQ(extracted({{boundary("b"), boundary("v")}}, {}), "b, v -> y = Mul(b, v) -> y");
  EXPECT_EQ(extracted({{boundary("b"), boundary("x")}}, {{boundary("y"), boundary("a")}}),
            "b, x [w, v] -> a = Add(x, w); y = Mul(b, v) -> y, a");
  EXPECT_EQ(extracted({{boundary("a")}}, {{boundary("a")}}), "a ->  -> a");
}

TEST(ExtractSubgraph, TakesTypesFromTheModelOrFromTheCaller) {
  Model m = chain();
  extract_subgraph(m, {{boundary("a")}}, {{{"b", DataType::float16, PartialShape{"n", 3}}}});
  EXPECT_EQ(to_string(*m.graph.inputs[0].type), to_string(*value("a", {{2}}).type));
  EXPECT_EQ(partial_shape(*m.graph.outputs[0].type).str(), "('n', 3)");
  EXPECT_EQ(m.graph.outputs[0].type->element_type, element_type_of(DataType::float16));
  EXPECT_THAT(m.graph.value_info, IsEmpty());

  Model both = chain();
  extract_subgraph(both, {}, {{boundary("b")}});
  EXPECT_THAT(names_of(both.graph.value_info), ElementsAre("a"));
  Model inner = chain();
  extract_subgraph(inner, {{boundary("w"), boundary("x")}}, {{boundary("b"), boundary("a")}});
  EXPECT_EQ(to_string(*inner.graph.inputs[0].type), to_string(*value("w", {{}}).type));
}

TEST(ExtractSubgraph, NodesWithSubgraphsBringWhatTheyTake) {
  const auto m = [] {
    return model(graph({"x", "c"},
                       {node("Neg", {"x"}, {"n"}), node("Abs", {"x"}, {"m"}),
                        branch({"c"}, {"y"}, graph({}, {node("Relu", {"n"}, {"r"})}, {"r"}))},
                       {"y", "m"}));
  };
  Model all = m();
  extract_subgraph(all, {}, {{boundary("y")}});
  EXPECT_EQ(text(all.graph.nodes), "n = Neg(x); y = If(c){ -> r = Relu(n) -> r}");
  Model cut = m();
  EXPECT_THAT(message<InputError>([&] { extract_subgraph(cut, {{boundary("c")}}, {{boundary("y")}}); }),
              HasSubstr("its outputs depend on 'x', which would be made by nothing"));
  extract_subgraph(cut, {{boundary("c"), boundary("n")}}, {{boundary("y")}});
  EXPECT_EQ(text(cut.graph), "c, n -> y = If(c){ -> r = Relu(n) -> r} -> y");
}

TEST(ExtractSubgraph, NamesAllThatWouldDangleAndChangesNothing) {
  Model m = model(graph(
      {"x", "z"}, {node("Add", {"x", "z"}, {"a"}), node("Add", {"a", "q"}, {"b"}), node("Neg", {"x"}, {"q"})},
      {"b"}));
  const std::string before = text(m.graph);
  EXPECT_THAT(message<InputError>([&] { extract_subgraph(m, {{boundary("q")}}, {}); }),
              AllOf(HasSubstr("'x'"), HasSubstr("'z'"), HasSubstr("Name these")));
  EXPECT_THAT(message<InputError>([&] { extract_subgraph(m, {{boundary("aa")}}, {}); }),
              HasSubstr("there is no value 'aa' that could be an input of it. Did you mean 'a'?"));
  EXPECT_THAT(message<InputError>([&] {
                extract_subgraph(m, {}, {{boundary("a"), boundary("a")}});
              }),
              HasSubstr("'a' is named twice"));
  EXPECT_THAT(message<InputError>([&] { extract_subgraph(m, {}, {std::vector<Boundary>()}); }),
              HasSubstr("no outputs"));
  EXPECT_EQ(text(m.graph), before);
}

TEST(ExtractSubgraph, OldModelsKeepInitializersAmongTheInputs) {
  Model m = chain();
  m.ir_version = 3;
  m.graph.inputs.push_back(value("w"));
  m.graph.inputs.push_back(value("v"));
  Model part = m;
  extract_subgraph(part, {{boundary("a")}}, {});
  EXPECT_EQ(text(part.graph), "a, v [v] -> b = Neg(a); y = Mul(b, v) -> y");
  Model front = m;
  extract_subgraph(front, {}, {{boundary("a")}});
  EXPECT_EQ(text(front.graph), "x, w [w] -> a = Add(x, w) -> a");
}

// cleanup

TEST(Cleanup, RemovesWhatNoOutputNeeds) {
  Model m = chain();
  m.graph.nodes.push_back(node("Neg", {"b"}, {"d1"}));
  m.graph.nodes.push_back(node("Neg", {"d1", "", "dw"}, {"d2"}));
  m.graph.initializers.push_back(scalar("dw"));
  m.graph.initializers.push_back(scalar("lonely"));
  m.graph.inputs.push_back(value("unused"));
  m.graph.value_info.push_back(value("d1"));
  m.graph.sparse_initializers.emplace_back().values.name = "sparse";
  const CleanupReport report = cleanup(m, {.unused_functions = false});
  EXPECT_EQ(text(m.graph), "x, unused [w, v] -> a = Add(x, w); b = Neg(a); y = Mul(b, v) -> y");
  EXPECT_EQ(report.nodes, 2u);
  EXPECT_EQ(report.initializers, 3u);
  EXPECT_EQ(report.inputs, 0u);
  EXPECT_EQ(report.value_infos, 1u);
  EXPECT_THAT(m.graph.sparse_initializers, IsEmpty());
  expect_intact(m);
  EXPECT_TRUE(cleanup(m, {.unused_functions = false}).nothing());
  EXPECT_EQ(cleanup(m, {.unused_inputs = true}).inputs, 1u);
  EXPECT_THAT(m.functions, IsEmpty());
}

TEST(Cleanup, LooksIntoSubgraphs) {
  // The dead node inside is the only one that takes `n`.
  Graph body = graph({}, {node("Neg", {"n"}, {"dead"}), node("Relu", {"k"}, {"r"})}, {"r"}, {"bw"});
  Model m = model(graph(
      {"x", "c"},
      {node("Neg", {"x"}, {"n"}), node("Abs", {"x"}, {"k"}), branch({"c"}, {"y"}, std::move(body))}, {"y"}));
  const CleanupReport report = cleanup(m);
  EXPECT_EQ(text(m.graph.nodes), "k = Abs(x); y = If(c){ -> r = Relu(k) -> r}");
  EXPECT_EQ(report.nodes, 2u);
  EXPECT_EQ(report.initializers, 1u);
}

TEST(Cleanup, KeepsNodesOfWhichOneOutputIsUsed) {
  Model m = model(graph({"x"}, {node("Split", {"x"}, {"", "a", "b"}), node("Neg", {"b"}, {"c"})}, {"a"}));
  cleanup(m);
  EXPECT_EQ(text(m.graph.nodes), "_, a, b = Split(x)");
}

TEST(Cleanup, UnusedInitializersGoWithTheirInputs) {
  Model m = chain();
  m.ir_version = 3;
  m.graph.inputs = {value("x"), value("w"), value("v"), value("old")};
  m.graph.initializers.push_back(scalar("old"));
  const CleanupReport report = cleanup(m);
  EXPECT_EQ(report.initializers, 1u);
  EXPECT_EQ(report.inputs, 0u);
  EXPECT_THAT(names_of(m.graph.inputs), ElementsAre("x", "w", "v"));
}

TEST(Cleanup, KeepsFunctionsThatFunctionsCall) {
  const auto function = [](std::string_view domain, std::string_view name, std::string_view calls) {
    Function made;
    made.domain = domain;
    made.name = name;
    made.inputs = {"i"};
    made.outputs = {"o"};
    made.nodes = {node(calls, {"i"}, {"o"}), node("Neg", {"i"}, {"dead"})};
    made.nodes[0].domain = domain;
    return made;
  };
  Model m = model(
      graph({"x", "c"}, {branch({"c"}, {"y"}, graph({}, {node("Outer", {"x"}, {"r"})}, {"r"}))}, {"y"}));
  std::get<Box<Graph>>(m.graph.nodes[0].attributes[0].value)->nodes[0].domain = "f";
  m.functions = {function("f", "Inner", "Inner"), function("f", "Outer", "Inner"),
                 function("g", "Outer", "Lost"), function("g", "Lost", "Outer")};
  const CleanupReport report = cleanup(m);
  EXPECT_EQ(report.functions, 2u);
  EXPECT_EQ(report.nodes, 4u);
  EXPECT_THAT(names_of(m.functions), ElementsAre("Inner", "Outer"));
  EXPECT_THAT(m.functions[0].nodes, SizeIs(1));
}

TEST(Cleanup, KeepsWhatIsKnownByName) {
  Model m = chain();
  for (const std::string_view name : {"scale", "gone_scale", "step", "bound"})
    m.graph.initializers.push_back(scalar(name));
  m.graph.nodes.push_back(node("Neg", {"x"}, {"gone"}));
  m.graph.nodes.push_back(node("Neg", {"x"}, {"for_training"}));
  m.graph.nodes.push_back(node("Neg", {"for_training"}, {"dead"}));
  for (const auto& [tensor, scale] :
       std::map<std::string_view, std::string_view>{{"a", "scale"}, {"gone", "gone_scale"}}) {
    QuantizationAnnotation& annotation = m.graph.quantization_annotations.emplace_back();
    annotation.tensor_name = tensor;
    annotation.parameters.push_back(entry("SCALE_TENSOR", scale));
  }
  TrainingInfo& training = m.training_info.emplace_back();
  training.algorithm = graph({}, {node("Add", {"step", "for_training"}, {"t"})}, {"t"});
  training.update_bindings.push_back(entry("bound", "t"));
  cleanup(m);
  EXPECT_EQ(text(m.graph),
            "x [w, v, scale, step, bound] -> a = Add(x, w); b = Neg(a); y = Mul(b, v); "
            "for_training = Neg(x) -> y");
  ASSERT_THAT(m.graph.quantization_annotations, SizeIs(1));
  EXPECT_EQ(m.graph.quantization_annotations[0].tensor_name, "a");
}

// sort_topologically

TEST(SortTopologically, KeepsTheOrderWhereItCan) {
  Model m = chain();
  EXPECT_EQ(sort_topologically(m), 0u);
  m = model(graph({"x"},
                  {node("D", {"c", "a"}, {"d"}), node("A", {"x"}, {"a"}), node("C", {"b"}, {"c"}),
                   node("B", {"a"}, {"b"}), node("E", {"x"}, {"e"})},
                  {"d", "e"}));
  EXPECT_EQ(sort_topologically(m), 3u);
  EXPECT_EQ(text(m.graph.nodes), "a = A(x); b = B(a); c = C(b); d = D(c, a); e = E(x)");
}

TEST(SortTopologically, SubgraphsDependOnWhatTheyTake) {
  Graph body = graph({}, {node("Q", {"p"}, {"q"}), node("P", {"late"}, {"p"})}, {"q"});
  Model m = model(graph({"x", "c"}, {branch({"c"}, {"y"}, body), node("L", {"x"}, {"late"})}, {"y"}));
  Function& function = m.functions.emplace_back();
  function.inputs = {"i"};
  function.outputs = {"o"};
  function.nodes = {node("F", {"j"}, {"o"}), node("G", {"i"}, {"j"})};
  m.training_info.emplace_back().algorithm = body;
  EXPECT_EQ(sort_topologically(m), 8u);
  EXPECT_EQ(text(m.graph.nodes), "late = L(x); y = If(c){ -> p = P(late); q = Q(p) -> q}");
  EXPECT_EQ(text(m.functions[0].nodes), "j = G(i); o = F(j)");
  EXPECT_EQ(text(m.training_info[0].algorithm->nodes), "p = P(late); q = Q(p)");
}

TEST(SortTopologically, NamesTheCircle) {
  Model m = model(graph({"x"},
                        {node("A", {"x", "c"}, {"a"}, "first"), node("B", {"a"}, {"b"}, "second"),
                         node("C", {"b"}, {"c"}, "third"), node("D", {"c"}, {"y"}, "behind")},
                        {"y"}));
  EXPECT_THAT(message<InputError>([&] { sort_topologically(m); }),
              HasSubstr("Node 1 'second' [Op: B] -> Node 2 'third' [Op: C] -> Node 0 'first' [Op: A] -> "
                        "Node 1 'second' [Op: B]."));
  Model own = model(graph({}, {node("A", {"a"}, {"a"}, "self")}, {"a"}));
  EXPECT_THAT(message<InputError>([&] { sort_topologically(own); }),
              HasSubstr("Node 0 'self' [Op: A] -> Node 0 'self' [Op: A]."));
  EXPECT_EQ(text(m.graph.nodes), "a = A(x, c); b = B(a); c = C(b); y = D(c)");
}

// set_upper_bounds

/// A Range as long as x has elements that are not zero.
Model data_dependent() {
  Model m = model(graph({"x"},
                        {node("NonZero", {"x"}, {"nz"}), node("Size", {"nz"}, {"len"}),
                         node("Range", {"zero", "len", "one"}, {"r"})},
                        {"r"}, {"zero", "one"}));
  for (TensorData& tensor : m.graph.initializers) tensor.data_type = element_type_of(DataType::int64);
  return m;
}

template <class T>
T number(const TensorData& tensor) {
  T result;
  EXPECT_EQ(tensor.raw_data->size(), sizeof(T));
  std::memcpy(&result, tensor.raw_data->data(), sizeof(T));
  return result;
}

TEST(SetUpperBounds, PutsMinBehindTheSize) {
  Model m = data_dependent();
  m.graph.value_info.push_back(value("len", {{}}, element_type_of(DataType::int64)));
  EXPECT_THAT(set_upper_bounds(m, {{"", 100}}), ElementsAre("len"));
  EXPECT_EQ(text(m.graph),
            "x [zero, one, len_upper_bound] -> nz = NonZero(x); len_copy = Size(nz); "
            "len = Min(len_copy, len_upper_bound); r = Range(zero, len, one) -> r");
  EXPECT_EQ(number<std::int64_t>(m.graph.initializers[2]), 100);
  EXPECT_THAT(m.graph.initializers[2].dims, IsEmpty());
  EXPECT_THAT(names_of(m.graph.value_info), ElementsAre("len", "len_copy"));
  EXPECT_THAT(set_upper_bounds(m, {{"", 100}}), IsEmpty());  // it has one now
}

TEST(SetUpperBounds, NamesGoBeforeTheRest) {
  Model m = data_dependent();
  EXPECT_THAT(set_upper_bounds(m, {{"", 100}, {"len", 7}}), ElementsAre("len"));
  EXPECT_EQ(number<std::int64_t>(m.graph.initializers[2]), 7);
  Model named = data_dependent();
  EXPECT_THAT(set_upper_bounds(named, {{"nz", 5}}), ElementsAre("nz"));  // though it is no size
  EXPECT_THAT(message<InputError>([&] {
                set_upper_bounds(named, {{"lenn", 5}});
              }),
              HasSubstr("no node makes a value 'lenn'. Did you mean 'len'?"));
}

TEST(SetUpperBounds, BoundsHaveTheTypeOfTheSize) {
  Model m = data_dependent();
  for (TensorData& tensor : m.graph.initializers) tensor.data_type = element_type_of(DataType::int32);
  set_upper_bounds(m, {{"", 100}});
  EXPECT_EQ(number<std::int32_t>(m.graph.initializers[2]), 100);
  Model large = data_dependent();
  for (TensorData& tensor : large.graph.initializers) tensor.data_type = element_type_of(DataType::int32);
  EXPECT_THAT(message<InputError>([&] {
                set_upper_bounds(large, {{"", 1LL << 40}});
              }),
              HasSubstr("does not fit its type int32"));
  Model old = data_dependent();
  old.opset_imports[0].version = 11;
  EXPECT_THAT(message<InputError>([&] { set_upper_bounds(old, {{"", 1}}); }), HasSubstr("version 11"));
}

TEST(SetUpperBounds, WorksInSubgraphs) {
  Model inner = data_dependent();
  inner.graph.inputs.clear();
  Model m = model(graph({"x", "c"}, {branch({"c"}, {"y"}, inner.graph)}, {"y"}));
  EXPECT_THAT(set_upper_bounds(m, {{"", 9}}), ElementsAre("len"));
  EXPECT_THAT(text(m.graph), HasSubstr("len = Min(len_copy, len_upper_bound)"));
}

// insert_node

NewNode new_node(std::vector<std::string> inputs, std::vector<std::string> outputs) {
  NewNode made;
  made.op_type = "Foo";
  made.name = "foo";
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  return made;
}

std::string inserted(std::vector<std::string> inputs, std::vector<std::string> outputs, Model m = chain()) {
  insert_node(m, new_node(std::move(inputs), std::move(outputs)));
  expect_intact(m);
  return text(m.graph);
}

TEST(InsertNode, ComesBetweenAValueAndItsConsumers) {
  EXPECT_EQ(inserted({"a"}, {"a"}),
            "x [w, v] -> a = Add(x, w); a_polygraphy_surgeon_insert_output = Foo(a); "
            "b = Neg(a_polygraphy_surgeon_insert_output); y = Mul(b, v) -> y");
  EXPECT_EQ(inserted({"x"}, {"x"}),
            "x [w, v] -> x_polygraphy_surgeon_insert_output = Foo(x); "
            "a = Add(x_polygraphy_surgeon_insert_output, w); b = Neg(a); y = Mul(b, v) -> y");
}

TEST(InsertNode, OutputsOfTheGraphKeepTheirNames) {
  Model m = chain();
  insert_node(m, new_node({"y", "w", "y"}, {"y"}));
  EXPECT_EQ(text(m.graph.nodes),
            "a = Add(x, w); b = Neg(a); y_polygraphy_surgeon_insert_output = Mul(b, v); "
            "y = Foo(y_polygraphy_surgeon_insert_output, w, y_polygraphy_surgeon_insert_output)");
  EXPECT_THAT(names_of(m.graph.value_info), testing::Contains("y_polygraphy_surgeon_insert_output"));
}

TEST(InsertNode, TakesTheWorkOfOthersOver) {
  EXPECT_EQ(inserted({"x"}, {"y"}), "x -> y = Foo(x) -> y");
  EXPECT_EQ(inserted({"a", "", "w"}, {"b"}),
            "x [w, v] -> a = Add(x, w); b = Foo(a, _, w); y = Mul(b, v) -> y");
  EXPECT_EQ(
      inserted({"a", "x"}, {"a", "b"}),
      "x [w, v] -> a = Add(x, w); a_polygraphy_surgeon_insert_output, b = Foo(a, x); y = Mul(b, v) -> y");
}

TEST(InsertNode, MovesConsumersBehindIt) {
  // `late` stands behind what takes `early`.
  Model m = model(
      graph({"x"}, {node("E", {"x"}, {"early"}), node("U", {"early"}, {"y"}), node("L", {"x"}, {"late"})},
            {"y", "late"}));
  insert_node(m, new_node({"late"}, {"early"}));
  EXPECT_EQ(text(m.graph.nodes), "late = L(x); early = Foo(late); y = U(early)");
}

TEST(InsertNode, KeepsAttributesAndSubgraphUses) {
  Model m = model(
      graph({"x", "c"},
            {node("Neg", {"x"}, {"n"}), branch({"c"}, {"y"}, graph({}, {node("Relu", {"n"}, {"r"})}, {"r"}))},
            {"y"}));
  NewNode foo = new_node({"n"}, {"n"});
  foo.domain = "mine";
  foo.attributes.push_back(build::attribute("alpha", 0.5f));
  insert_node(m, foo);
  EXPECT_EQ(text(m.graph.nodes),
            "n = Neg(x); n_polygraphy_surgeon_insert_output = Foo(n); "
            "y = If(c){ -> r = Relu(n_polygraphy_surgeon_insert_output) -> r}");
  EXPECT_EQ(m.graph.nodes[1].domain, "mine");
  EXPECT_EQ(m.graph.nodes[1].name, "foo");
  EXPECT_THAT(m.graph.nodes[1].attributes, SizeIs(1));
}

TEST(InsertNode, RefusesWhatMakesNoSense) {
  const auto failure = [](std::vector<std::string> inputs, std::vector<std::string> outputs) {
    Model m = chain();
    const std::string before = text(m.graph);
    const std::string text_of_error = message<InputError>([&] { insert_node(m, new_node(inputs, outputs)); });
    EXPECT_EQ(text(m.graph), before);
    return text_of_error;
  };
  EXPECT_THAT(failure({"xx"}, {"y"}), HasSubstr("there is no value 'xx' in the model. Did you mean 'x'?"));
  EXPECT_THAT(failure({"x"}, {"z"}), HasSubstr("there is no value 'z'"));
  EXPECT_THAT(failure({"x"}, {""}), HasSubstr("no outputs"));
  EXPECT_THAT(failure({"x"}, {"y", "y"}), HasSubstr("'y' is named twice"));
  EXPECT_THAT(failure({"b"}, {"w"}), HasSubstr("'w' cannot be its output: it is an initializer"));
  EXPECT_THAT(failure({"y"}, {"a"}),
              HasSubstr("its inputs depend on its output 'a', by Node 1 'neg' [Op: Neg]"));
  EXPECT_THAT(failure({"a", "b"}, {"a"}), HasSubstr("its inputs depend on its output 'a'"));
}

// override_input_shapes

TEST(OverrideInputShapes, ForgetsShapesInBetween) {
  Model m = chain();
  m.graph.inputs.push_back(value("x2", {{5}}));
  m.graph.outputs[0] = value("y", {{2}});
  m.graph.nodes.push_back(branch({"x"}, {"z"}, graph({}, {}, {"q"})));
  std::get<Box<Graph>>(m.graph.nodes[3].attributes[0].value)->outputs[0] = value("q", {{1}});
  override_input_shapes(m, {{"x", PartialShape{"n", 4, Dimension(1, 8)}}});
  EXPECT_EQ(partial_shape(*m.graph.inputs[0].type).str(), "('n', 4, -1)");
  EXPECT_EQ(partial_shape(*m.graph.inputs[1].type).str(), "(5,)");
  EXPECT_FALSE(partial_shape(*m.graph.outputs[0].type).has_rank());
  EXPECT_FALSE(partial_shape(*m.graph.value_info[0].type).has_rank());
  EXPECT_EQ(m.graph.value_info[0].type->element_type, 1);
  EXPECT_FALSE(
      partial_shape(*std::get<Box<Graph>>(m.graph.nodes[3].attributes[0].value)->outputs[0].type).has_rank());
}

TEST(OverrideInputShapes, LiteralNamesGoBeforePatterns) {
  Model m = chain();
  m.graph.inputs = {value("x"), value("a[0]"), value("z")};
  override_input_shapes(
      m, {{"*", PartialShape{1}}, {"a[0]", PartialShape{2}}, {"x", PartialShape::unknown_rank()}});
  EXPECT_FALSE(partial_shape(*m.graph.inputs[0].type).has_rank());
  EXPECT_EQ(partial_shape(*m.graph.inputs[1].type).str(), "(2,)");
  EXPECT_EQ(partial_shape(*m.graph.inputs[2].type).str(), "(1,)");
  EXPECT_THAT(message<InputError>([&] {
                override_input_shapes(m, {{"w", PartialShape{1}}});
              }),
              HasSubstr("no input 'w'"));
  m.graph.inputs[0].type->kind = Type::Kind::sequence;
  EXPECT_THAT(message<InputError>([&] {
                override_input_shapes(m, {{"x", PartialShape{1}}});
              }),
              HasSubstr("has no shape"));
}

// name_nodes

TEST(NameNodes, GivesNamesToThoseWithout) {
  Model m = model(graph({"x", "c"},
                        {node("Neg", {"x"}, {"a"}), node("Neg", {"x"}, {"b"}, "Neg_0"),
                         node("Abs", {"x"}, {"d"}, "same"), node("Abs", {"x"}, {"e"}, "same"),
                         branch({"c"}, {"y"}, graph({}, {node("Neg", {"x"}, {"r"})}, {"r"}))},
                        {"y"}));
  EXPECT_EQ(name_nodes(m), 4u);
  EXPECT_THAT(names_of(m.graph.nodes), ElementsAre("Neg_1", "Neg_0", "same", "same_0", "If_0"));
  EXPECT_EQ(std::get<Box<Graph>>(m.graph.nodes[4].attributes[0].value)->nodes[0].name, "Neg_2");
  EXPECT_EQ(name_nodes(m), 0u);
}

}  // namespace
}  // namespace polygraph::onnx::passes
