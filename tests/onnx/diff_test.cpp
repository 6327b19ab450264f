#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/diff.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "helpers/message.h"
#include "onnx/diff_align.h"
#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using Kind = Difference::Kind;
using Subject = Difference::Subject;

Node node(std::string_view op_type, std::vector<std::string_view> inputs,
          std::vector<std::string_view> outputs, std::string_view name = {}) {
  Node result;
  result.op_type = op_type;
  result.name = name;
  result.inputs = std::move(inputs);
  result.outputs = std::move(outputs);
  return result;
}

Attribute attribute(std::string_view name, Attribute::Value value) {
  Attribute result;
  result.name = name;
  result.value = std::move(value);
  return result;
}

ValueInfo value(std::string_view name, std::vector<std::int64_t> dims = {1, 2}) {
  ValueInfo info;
  info.name = name;
  Type& type = info.type.make();
  type.kind = Type::Kind::tensor;
  type.element_type = 1;
  for (const std::int64_t dim : dims) type.shape.make().dims.emplace_back().value = dim;
  return info;
}

/// float32; the bytes are kept in the model.
TensorData weight(Model& model, std::string_view name, const std::vector<float>& values) {
  TensorData tensor;
  tensor.name = name;
  tensor.data_type = 1;
  tensor.dims = {static_cast<std::int64_t>(values.size())};
  tensor.raw_data = model.storage.intern(std::as_bytes(std::span(values)));
  return tensor;
}

/// x -> Relu -> Add w -> Sigmoid -> y
Model small_model() {
  Model model;
  model.ir_version = 8;
  model.opset_imports.emplace_back().version = 17;
  Graph& graph = model.graph;
  graph.inputs = {value("x")};
  graph.outputs = {value("y")};
  graph.nodes = {node("Relu", {"x"}, {"a"}, "relu"), node("Add", {"a", "w"}, {"b"}, "add"),
                 node("Sigmoid", {"b"}, {"y"}, "sigmoid")};
  graph.initializers = {weight(model, "w", {1, 2})};
  return model;
}

/// One line for each difference: what `diff_models` says, in brief.
std::vector<std::string> brief(const Model& a, const Model& b, const DiffOptions& options = {}) {
  std::vector<std::string> lines;
  for (const Difference& difference : diff_models(a, b, options).differences) {
    std::string line(to_string(difference.kind));
    line += ' ';
    line += to_string(difference.subject);
    if (!difference.place.empty()) line += " in " + difference.place;
    if (!difference.name.empty()) line += " " + difference.name;
    if (!difference.new_name.empty()) line += ">" + difference.new_name;
    for (const FieldChange& change : difference.changes) {
      line += " | " + change.field;
      if (!change.weights) line += ": " + change.before + " -> " + change.after;
    }
    lines.push_back(line);
  }
  return lines;
}

TEST(Diff, EqualModelsDoNotDiffer) {
  const ModelDiff diff = diff_models(small_model(), small_model());
  EXPECT_TRUE(diff.equal());
  EXPECT_EQ(diff.matched_nodes, 3);
  EXPECT_EQ(diff.compared_weights, 1);
  EXPECT_EQ(diff.compared_bytes, 8);
}

TEST(Diff, FieldsOfTheModel) {
  Model b = small_model();
  b.ir_version = 9;
  b.producer_name = "exporter";
  b.opset_imports[0].version = 18;
  b.opset_imports.emplace_back().domain = "com.example";
  b.metadata_props.emplace_back().key = "k";
  b.metadata_props.back().value = "v";
  EXPECT_THAT(brief(small_model(), b),
              ElementsAre("changed model | ir_version: 8 -> 9 | producer_name:  -> exporter",
                          "changed opset ai.onnx | version: 17 -> 18",
                          "added opset com.example | version:  -> ", "added metadata k | value:  -> v"));
  EXPECT_THAT(brief(b, small_model(), {.metadata = false}),
              ElementsAre("changed model | ir_version: 9 -> 8", "changed opset ai.onnx | version: 18 -> 17",
                          "removed opset com.example | version:  -> "));
}

TEST(Diff, RenamedNodesAndValuesAreNotNew) {
  Model b = small_model();
  b.graph.inputs[0].name = "x2";
  b.graph.outputs[0].name = "y2";
  b.graph.initializers[0].name = "w2";
  b.graph.nodes = {node("Relu", {"x2"}, {"a2"}, "n1"), node("Add", {"a2", "w2"}, {"b2"}, "n2"),
                   node("Sigmoid", {"b2"}, {"y2"}, "n3")};
  EXPECT_THAT(brief(small_model(), b),
              ElementsAre("renamed input x>x2", "renamed output y>y2", "renamed initializer w>w2",
                          "renamed node relu>n1", "renamed value a>a2", "renamed node add>n2",
                          "renamed value b>b2", "renamed node sigmoid>n3"));
  EXPECT_THAT(brief(small_model(), b, {.names = false}), IsEmpty());
}

TEST(Diff, InsertedAndRemovedNodes) {
  Model b = small_model();
  b.graph.nodes.insert(b.graph.nodes.begin() + 1, node("Exp", {"a"}, {"e"}, "exp"));
  b.graph.nodes[2].inputs[0] = "e";
  EXPECT_THAT(brief(small_model(), b), ElementsAre("changed node add | inputs[0]: a -> e", "added node exp"));
  EXPECT_THAT(brief(b, small_model()),
              ElementsAre("removed node exp", "changed node add | inputs[0]: e -> a"));
}

TEST(Diff, NumbersInNamesThatShiftAreSeenThrough) {
  // As exporters name: n0, n1, ...; one node more at the front shifts all.
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (int i = 0; i < 40; ++i) list.push_back("n" + std::to_string(i));
    return list;
  }();
  const auto chain = [&](bool longer) {
    Model model = small_model();
    model.graph.nodes.clear();
    std::string_view last = "x";
    std::size_t number = 0;
    for (int i = 0; i < 20; ++i) {
      if (longer && i == 3) {
        model.graph.nodes.push_back(node("Exp", {last}, {names[number]}, names[number]));
        last = names[number++];
      }
      model.graph.nodes.push_back(node(i % 3 == 0 ? "Relu" : "Tanh", {last}, {names[number]}, names[number]));
      last = names[number++];
    }
    model.graph.outputs = {value(last)};
    return model;
  };
  const ModelDiff diff = diff_models(chain(false), chain(true));
  EXPECT_EQ(diff.matched_nodes, 20);
  EXPECT_EQ(diff.count(Subject::node, Kind::added), 1);
  EXPECT_EQ(diff.count(Subject::node, Kind::removed), 0);
  EXPECT_EQ(diff.count(Subject::node, Kind::changed), 1);
  EXPECT_EQ(diff.count(Subject::node, Kind::renamed), 16);
}

TEST(Diff, ARenamedModelWithSeveralEditsIsAligned) {
  const auto chain = [](const std::string& prefix, bool edited) {
    Model model = small_model();
    model.graph.nodes.clear();
    std::string_view last = "x";
    for (int i = 0; i < 30; ++i) {
      if (edited && i == 5) continue;
      const std::string_view out = model.storage.intern(prefix + std::to_string(i));
      model.graph.nodes.push_back(node(i % 4 == 0   ? "Relu"
                                       : i % 4 == 1 ? "Tanh"
                                                    : "Exp",
                                       {last}, {out}, out));
      last = out;
      if (!edited || i != 22) continue;
      model.graph.nodes.push_back(node("Sign", {last}, {"extra"}, "extra"));
      last = "extra";
    }
    model.graph.outputs = {value(last)};
    return model;
  };
  const ModelDiff diff = diff_models(chain("a", false), chain("b", true));
  EXPECT_EQ(diff.matched_nodes, 29);
  EXPECT_EQ(diff.count(Subject::node, Kind::added), 1);
  EXPECT_EQ(diff.count(Subject::node, Kind::removed), 1);
  EXPECT_EQ(diff.count(Subject::node, Kind::changed), 2);
}

TEST(Diff, AnotherOperatorInTheSamePlaceIsAChange) {
  Model b = small_model();
  b.graph.nodes[0] = node("Tanh", {"x"}, {"t"}, "tanh");
  b.graph.nodes[1].inputs[0] = "t";
  EXPECT_THAT(brief(small_model(), b),
              ElementsAre("changed node relu>tanh | op_type: Relu -> Tanh", "renamed value a>t"));
}

TEST(Diff, Attributes) {
  Model a = small_model(), b = small_model();
  a.graph.nodes[0].attributes = {attribute("alpha", 1.5F), attribute("axes", std::vector<std::int64_t>{1, 2}),
                                 attribute("gone", std::string_view("text"))};
  b.graph.nodes[0].attributes = {attribute("axes", std::vector<std::int64_t>{1, 3}), attribute("alpha", 2.5F),
                                 attribute("new", std::int64_t{7})};
  EXPECT_THAT(
      brief(a, b),
      ElementsAre("changed node relu | attribute 'alpha': 1.5 -> 2.5 | attribute 'axes': [1, 2] -> [1, 3] | "
                  "attribute 'gone': 'text' ->  | attribute 'new':  -> 7"));
  // The order of attributes has no meaning, and NaN equals itself.
  a.graph.nodes[0].attributes = {attribute("p", std::numeric_limits<float>::quiet_NaN()),
                                 attribute("q", 1.0F)};
  b.graph.nodes[0].attributes = {attribute("q", 1.0F),
                                 attribute("p", std::numeric_limits<float>::quiet_NaN())};
  EXPECT_THAT(brief(a, b), IsEmpty());
}

TEST(Diff, TypesOfInputsOutputsAndValues) {
  Model a = small_model(), b = small_model();
  b.graph.inputs[0] = value("x", {3, 2});
  a.graph.value_info = {value("a"), value("b")};
  b.graph.value_info = {value("b", {4, 2})};
  EXPECT_THAT(
      brief(a, b),
      ElementsAre("changed input x | type: tensor(float32, shape=(1, 2)) -> tensor(float32, shape=(3, 2))",
                  "removed value a | type: tensor(float32, shape=(1, 2)) -> ",
                  "changed value b | type: tensor(float32, shape=(1, 2)) -> tensor(float32, shape=(4, 2))"));
  b.graph.inputs = a.graph.inputs;
  EXPECT_THAT(brief(a, b, {.value_types = false}), IsEmpty());
}

TEST(Diff, OrderOfNodesAndInputs) {
  Model a = small_model();
  a.graph.inputs = {value("x"), value("z")};
  a.graph.nodes.push_back(node("Tanh", {"z"}, {"t"}, "tanh"));
  a.graph.outputs.push_back(value("t"));
  Model b = a;
  std::rotate(b.graph.nodes.begin(), b.graph.nodes.end() - 1, b.graph.nodes.end());
  std::swap(b.graph.inputs[0], b.graph.inputs[1]);
  EXPECT_THAT(brief(a, b), ElementsAre("changed model | order of inputs: x, z -> z, x",
                                       "changed model | order of nodes:  -> 1 of 4 nodes moved"));
  EXPECT_THAT(brief(a, b, {.order = false}), IsEmpty());
}

TEST(Diff, WeightsStoredDifferentlyAreEqual) {
  using namespace encode;
  const auto with = [](const std::string& tensor) { return load(encode::model(bytes(5, tensor))); };
  const Model raw_floats = with(tensor("w", 1, {2}, bytes(9, raw({1.5F, -2.0F}))));
  const Model float_data = with(tensor("w", 1, {2}, bytes(4, raw({1.5F, -2.0F}))));
  EXPECT_TRUE(diff_models(raw_floats, float_data).equal());
  const Model raw_ints = with(tensor("w", 7, {2}, bytes(9, raw({std::int64_t{5}, std::int64_t{-1}}))));
  const Model int_data = with(tensor("w", 7, {2}, bytes(7, raw_varint(5) + raw_varint(UINT64_MAX))));
  EXPECT_TRUE(diff_models(raw_ints, int_data).equal());
  // Of three 4-bit elements the last half byte is nothing.
  const Model padded = with(tensor("w", 21, {3}, bytes(9, "\x21\xf3")));
  const Model plain = with(tensor("w", 21, {3}, bytes(9, std::string("\x21\x03", 2))));
  const Model other = with(tensor("w", 21, {3}, bytes(9, std::string("\x21\x04", 2))));
  EXPECT_TRUE(diff_models(padded, plain).equal());
  const ModelDiff diff = diff_models(padded, other);
  ASSERT_EQ(diff.differences.size(), 1);
  EXPECT_EQ(diff.differences[0].changes[0].weights->first, 2);
  EXPECT_EQ(diff.differences[0].changes[0].weights->differing, 1);
  EXPECT_EQ(diff.differences[0].changes[0].weights->max_abs, 1.0);
}

TEST(Diff, WeightStatistics) {
  Model a = small_model(), b = small_model();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  a.graph.initializers = {weight(a, "w", {1, 2, 3, nan, 5, 0.0F})};
  b.graph.initializers = {weight(b, "w", {1, 2.5F, 3, nan, nan, -0.0F})};
  const ModelDiff diff = diff_models(a, b);
  ASSERT_EQ(diff.differences.size(), 1);
  const WeightDifference& weights = diff.differences[0].changes[0].weights.value();
  EXPECT_EQ(weights.elements, 6);
  EXPECT_EQ(weights.first, 1);
  EXPECT_EQ(weights.differing, 3);
  EXPECT_EQ(weights.not_finite, 1);
  EXPECT_EQ(weights.max_abs, 0.5);
  const ModelDiff by_bytes = diff_models(a, b, {.weights = DiffOptions::Weights::bytes});
  EXPECT_EQ(by_bytes.differences[0].changes[0].weights->first, 1);
  EXPECT_EQ(by_bytes.differences[0].changes[0].weights->differing, 0);
  EXPECT_TRUE(diff_models(a, b, {.weights = DiffOptions::Weights::skip}).equal());
}

TEST(Diff, LargeWeightsAreComparedInPieces) {
  Model a = small_model(), b = small_model();
  std::vector<float> values(3 << 20, 1.0F);
  a.graph.initializers = {weight(a, "w", values), weight(a, "v", values)};
  values[2'500'001] = 1.25F;
  b.graph.initializers = {weight(b, "w", values), weight(b, "v", {1})};
  b.graph.initializers[1] = a.graph.initializers[1];
  const ModelDiff diff = diff_models(a, b);
  ASSERT_EQ(diff.differences.size(), 1);
  EXPECT_EQ(diff.differences[0].name, "w");
  EXPECT_EQ(diff.differences[0].changes[0].weights->first, 2'500'001);
  EXPECT_EQ(diff.differences[0].changes[0].weights->differing, 1);
  EXPECT_EQ(diff.differences[0].changes[0].weights->max_abs, 0.25);
  // Renamed, large and equal: the name is all that differs.
  b.graph.initializers = {a.graph.initializers[0], a.graph.initializers[1]};
  b.graph.initializers[0].raw_data = b.storage.intern(*a.graph.initializers[0].raw_data);
  b.graph.initializers[0].name = "w2";
  b.graph.nodes[1].inputs[1] = "w2";
  EXPECT_THAT(brief(a, b), ElementsAre("renamed initializer w>w2"));
  EXPECT_THAT(brief(a, b, {.names = false}), IsEmpty());
}

TEST(Diff, WeightsOfAnotherTypeOrShapeAreNotRead) {
  Model b = small_model();
  b.graph.initializers[0].dims = {1, 2};
  b.graph.initializers[0].raw_data.reset();
  EXPECT_THAT(brief(small_model(), b),
              ElementsAre("changed initializer w | type: float32, shape=(2,) -> float32, shape=(1, 2)"));
}

TEST(Diff, WeightsThatCannotBeReadAreAnError) {
  Model b = small_model();
  b.graph.initializers[0].raw_data.reset();
  EXPECT_THAT(test::message<InputError>([&] { diff_models(small_model(), b); }), HasSubstr("tensor 'w'"));
  EXPECT_TRUE(diff_models(small_model(), b, {.weights = DiffOptions::Weights::skip}).equal());
}

Model with_branches(std::string_view then_op, std::string_view captured = "a") {
  Model model = small_model();
  const auto branch = [&](std::string_view op_type) {
    Graph graph;
    graph.nodes = {node(op_type, {captured}, {"r"}, "inner")};
    graph.outputs = {value("r")};
    return Box<Graph>(std::move(graph));
  };
  Node condition = node("If", {"c"}, {"i"}, "if");
  condition.attributes = {attribute("then_branch", branch(then_op)),
                          attribute("else_branch", branch("Tanh"))};
  model.graph.inputs.push_back(value("c", {}));
  model.graph.nodes[0].outputs[0] = captured;
  model.graph.nodes[1].inputs[0] = captured;
  model.graph.nodes.push_back(condition);
  model.graph.outputs.push_back(value("i"));
  return model;
}

TEST(Diff, SubgraphsAreComparedInPlace) {
  Model b = with_branches("Relu");
  std::get<Box<Graph>>(b.graph.nodes[3].attributes[0].value)->nodes[0].op_type = "Exp";
  EXPECT_THAT(brief(with_branches("Relu"), b),
              ElementsAre("changed node in node 'if' then_branch inner | op_type: Relu -> Exp"));
}

TEST(Diff, RenamedValuesThatSubgraphsTakeAreTheSame) {
  EXPECT_THAT(brief(with_branches("Relu", "a"), with_branches("Relu", "a2")),
              ElementsAre("renamed value a>a2"));
  // Another value than before is a change.
  Model b = with_branches("Relu");
  std::get<Box<Graph>>(b.graph.nodes[3].attributes[0].value)->nodes[0].inputs[0] = "b";
  EXPECT_THAT(brief(with_branches("Relu"), b),
              ElementsAre("changed node in node 'if' then_branch inner | inputs[0]: a -> b"));
}

TEST(Diff, Functions) {
  const auto with_function = [](std::string_view name, std::string_view op_type) {
    Model model = small_model();
    Function& function = model.functions.emplace_back();
    function.domain = "d";
    function.name = name;
    function.inputs = {"p"};
    function.outputs = {"q"};
    function.nodes = {node(op_type, {"p"}, {"q"}, "inner")};
    return model;
  };
  EXPECT_THAT(brief(with_function("f", "Relu"), with_function("f", "Exp")),
              ElementsAre("changed node in function 'd::f' inner | op_type: Relu -> Exp"));
  EXPECT_THAT(brief(with_function("f", "Relu"), with_function("g", "Relu")),
              ElementsAre("renamed function d::f>d::g"));
  EXPECT_THAT(brief(with_function("f", "Relu"), with_function("g", "Exp")),
              ElementsAre("removed function d::f", "added function d::g"));
}

TEST(Diff, AModelInWhichNothingFitsEndsInOrder) {
  Model b = small_model();
  b.graph.nodes = {node("Add", {"y", "y"}, {"x1"}, "loop"), node("Add", {"x1", "missing"}, {"y"}, "loop")};
  b.graph.initializers.clear();
  const ModelDiff diff = diff_models(small_model(), b);  // with a cycle, a double name and a dangling value
  EXPECT_FALSE(diff.equal());
  EXPECT_TRUE(diff_models(b, b).equal());
}

TEST(Diff, AMillionNodesTakeSeconds) {
  const auto chain = [](std::string_view special) {
    Model model = small_model();
    std::string_view last = "x";
    model.graph.nodes.clear();
    for (int i = 0; i < 1'000'000; ++i) {
      const std::string_view out = model.storage.intern("v" + std::to_string(i));
      model.graph.nodes.push_back(node(i == 500'000 ? special : i % 2 == 0 ? "Relu" : "Tanh", {last}, {out}));
      last = out;
    }
    model.graph.outputs = {value(last)};
    return model;
  };
  const Model a = chain("Relu"), b = chain("Exp");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(brief(a, b), ElementsAre("changed node v500000 | op_type: Relu -> Exp"));
  // Two seconds on a machine of its own; what is quadratic takes hours.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(Align, FindsTheFewestEdits) {
  const auto pairs = [](std::string_view a, std::string_view b) {
    auto result = align(a.size(), b.size(), [&](std::size_t i, std::size_t j) { return a[i] == b[j]; });
    std::ranges::reverse(result);
    for (const auto& [i, j] : result) EXPECT_EQ(a[i], b[j]);
    return result;
  };
  EXPECT_THAT(pairs("abc", "abc"), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 2)));
  EXPECT_THAT(pairs("abc", "ac"), ElementsAre(Pair(0, 0), Pair(2, 1)));
  EXPECT_THAT(pairs("ac", "abc"), ElementsAre(Pair(0, 0), Pair(1, 2)));
  EXPECT_THAT(pairs("abc", "xyz"), IsEmpty());
  EXPECT_THAT(pairs("", "abc"), IsEmpty());
  EXPECT_EQ(pairs("abcabba", "cbabac").size(), 4);  // the example of the paper
  EXPECT_EQ(pairs(std::string(3000, 'a'), std::string(3000, 'b')).size(), 0);
}

}  // namespace
}  // namespace polygraph::onnx
