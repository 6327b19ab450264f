#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/official_loaders.h>
#include <polygraph/onnx/save.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <thread>

#include "helpers/message.h"
#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using test::message;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A model of opset 17 around the graph.
Model model_of(const std::string& graph) {
  return parse_text("<ir_version: 8, opset_import: [\"\" : 17, \"my\" : 1]>\n" + graph);
}

std::vector<std::string> messages(const Model& model, bool full = false) {
  std::vector<std::string> texts;
  for (const CheckFinding& finding : check_model(model, full))
    texts.push_back(finding.node + "|" + finding.message);
  return texts;
}

/// The type that the graph states of a value, or "?".
std::string type_of(const Graph& graph, std::string_view name) {
  for (const auto* list : {&graph.inputs, &graph.outputs, &graph.value_info})
    for (const ValueInfo& info : *list)
      if (info.name == name && info.type) return to_string(*info.type);
  return "?";
}

TEST(ParseText, ReadsAModelAndWritesItBack) {
  const std::string text = R"(<
   ir_version: 8,
   opset_import: ["" : 17]
>
g (float[n,3] x) => (float[n,3] y) {
   [relu] y = Relu (x)
})";
  const Model model = parse_text(text);
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opset(), 17);
  ASSERT_THAT(model.graph.nodes, SizeIs(1));
  EXPECT_EQ(model.graph.nodes[0].name, "relu");
  EXPECT_EQ(type_of(model.graph, "x"), "tensor(float32, shape=('n', 3))");
  EXPECT_EQ(to_text(model), text);
}

TEST(ParseText, GivesAGraphTheNewestVersions) {
  const Model model = parse_text("agraph (float[n] x) => (float[n] y) { y = Relu (x) }");
  EXPECT_EQ(model.ir_version, 14);
  EXPECT_GE(model.opset().value_or(0), 27);
  EXPECT_THAT(check_model(model, true), IsEmpty());
}

TEST(ParseText, SaysWhereAnErrorIs) {
  EXPECT_THAT(
      message<InputError>([] { parse_text("agraph (float[n] x) => (float[n] y) {\n  y = Relu (x }"); }),
      HasSubstr("Cannot read the ONNX text: line 2, column 15: Expected character )"));
  EXPECT_THAT(message<InputError>([] { parse_text(""); }), HasSubstr("line 1, column 1"));
}

TEST(ParseText, RefusesNestingThatNoStackHolds) {
  std::string text = "agraph (";
  for (int i = 0; i < 1'000'000; ++i) text += "seq(";
  EXPECT_THAT(message<InputError>([&] { parse_text(text); }),
              HasSubstr("column 1208: brackets are nested too deep"));
}

TEST(ToText, LeavesOutLargePayloads) {
  Model model =
      parse_text(R"(agraph (float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Add (x, w) })");
  EXPECT_THAT(to_text(model), HasSubstr("float[4] w =  {1,2,3,4}"));
  EXPECT_THAT(to_text(model, 15), AllOf(HasSubstr("float[4] w = {...}"), Not(HasSubstr("polygraph"))));
}

TEST(CheckModel, AcceptsWhatIsValid) {
  EXPECT_THAT(messages(model_of("g (float[n] x) => (float[n] y) { y = Relu (x) }"), true), IsEmpty());
  EXPECT_THAT(messages(model_of("g (float[n] x) => (float[n] y) { y = my.Anything <a = 1> (x) }"), true),
              IsEmpty());
}

TEST(CheckModel, FindsEverythingOnce) {
  const Model model = model_of(R"(g (float[n] x) => (float[n] y, float[n] z) {
    [n1] t = Nope (x)
    [n2] u = Add (t, q)
    [n3] y = Relu (u, u)
    [n4] t = Relu <foo = 1> (x)
    [n5] v = Add (t, q)
  })");
  EXPECT_THAT(
      messages(model),
      ElementsAre(HasSubstr("n1|No Op registered for Nope"), HasSubstr("n2|The input 'q' of Add 'n2'"),
                  AllOf(HasSubstr("n3|"), HasSubstr("Relu")), HasSubstr("n4|Unrecognized attribute: foo"),
                  HasSubstr("n4|The output 't' of Relu 'n4'"), HasSubstr("n5|The input 'q' of Add 'n5'"),
                  HasSubstr("|Nothing in the graph makes its output 'z'")));
}

TEST(CheckModel, FindsWhatIsInSubgraphsAndFunctions) {
  const Model model = model_of(R"(g (bool c, float[n] x) => (float[n] y) {
      [if] y = If (c) <
        then_branch = a () => (float[n] t) { [bad] t = Relu (nothing) },
        else_branch = b () => (float[n] e) { e = my.twice (x) }>
    }
    <domain: "my", opset_import: ["" : 17]>
    twice (a) => (b) { [inner] b = Relu <alpha = 1.0> (a) })");
  EXPECT_THAT(messages(model),
              ElementsAre(HasSubstr("bad|The input 'nothing'"), HasSubstr("inner|Unrecognized attribute")));
}

TEST(CheckModel, FullFindsContradictingShapes) {
  const Model model =
      model_of(R"(g (float[2,3] x, float[4,5] w) => (float[a,b] y) { [mm] y = MatMul (x, w) })");
  EXPECT_THAT(messages(model), IsEmpty());
  EXPECT_THAT(messages(model, true),
              ElementsAre(AllOf(HasSubstr("mm|"), HasSubstr("Incompatible dimensions"))));
}

TEST(CheckModel, ComparesHeldBackPayloadsWithTheirShapes) {
  using namespace encode;
  const std::string data(4000, '\0');
  const auto model_with = [&](std::initializer_list<std::int64_t> dims, const std::string& fields) {
    return load(varint(1, 8) + bytes(8, varint(2, 17)) +
                    bytes(7, bytes(2, "g") + bytes(5, tensor("w", 1, dims, fields)) +
                                 bytes(1, bytes(1, "w") + bytes(2, "y") + bytes(4, "Relu")) +
                                 bytes(12, bytes(1, "y") + bytes(2, bytes(1, varint(1, 1) + bytes(2, ""))))),
                std::filesystem::temp_directory_path());
  };
  EXPECT_THAT(messages(model_with({1000}, bytes(9, data))), IsEmpty());
  EXPECT_THAT(
      messages(model_with({999}, bytes(9, data))),
      ElementsAre(HasSubstr("raw_data holds 4000 bytes, but a float32 tensor of shape (999,) has 3996")));
  EXPECT_THAT(messages(model_with({-1000}, bytes(9, data))), ElementsAre(HasSubstr("negative dimension")));
  const std::string missing = bytes(13, bytes(1, "location") + bytes(2, "no-such-file")) + varint(14, 1);
  EXPECT_THAT(messages(model_with({1000}, missing)), ElementsAre(HasSubstr("no-such-file")));
}

TEST(CheckModel, RefusesFunctionsThatMultiplyWithoutEnd) {
  std::string text = "g (float[n] x) => (float[n] y) { y = my.f0 (x) }";
  for (int i = 0; i < 60; ++i)
    text += "<domain: \"my\", opset_import: [\"\" : 17, \"my\" : 1]> f" + std::to_string(i) +
            " (a) => (b) { c = my.f" + std::to_string(i + 1) + " (a) b = my.f" + std::to_string(i + 1) +
            " (c) }";
  text += "<domain: \"my\", opset_import: [\"\" : 17]> f60 (a) => (b) { b = Relu (a) }";
  Model model = model_of(text);
  EXPECT_THAT(messages(model), IsEmpty());
  EXPECT_THAT(messages(model, true), ElementsAre(HasSubstr("more than 50000000 nodes")));
  EXPECT_THAT(message<InputError>([&] { infer_shapes_officially(model); }),
              HasSubstr("more than 50000000 nodes"));
  EXPECT_THAT(message<InputError>([&] { passes::inline_functions(model); }),
              HasSubstr("more than 50000000 nodes"));
}

TEST(CheckModel, FindsFunctionsThatCallThemselves) {
  Model model = model_of(R"(g (float[n] x) => (float[n] y) { y = my.f (x) }
    <domain: "my", opset_import: ["my" : 1]> f (a) => (b) { b = my.f (a) })");
  EXPECT_THAT(messages(model), ElementsAre(HasSubstr("Cycle")));
  EXPECT_THAT(message<InputError>([&] { passes::inline_functions(model); }), HasSubstr("calls itself"));
}

TEST(InferShapes, AddsTypesAndCarriesNames) {
  Model model = model_of(R"(g (float[n,3] x, float[n,3] z) => (float[a,b] y) {
    t = Add (x, z)
    s = Shape (t)
    m = NonZero (x)
    y = Relu (t)
  })");
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_EQ(type_of(model.graph, "t"), "tensor(float32, shape=('n', 3))");
  EXPECT_EQ(type_of(model.graph, "s"), "tensor(int64, shape=(2,))");
  EXPECT_EQ(type_of(model.graph, "m"), "tensor(int64, shape=(2, -1))");  // no made-up name
  EXPECT_EQ(type_of(model.graph, "y"), "tensor(float32, shape=('a', 3))");
  EXPECT_THAT(model.graph.value_info, SizeIs(3));
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_THAT(model.graph.value_info, SizeIs(3));
}

TEST(InferShapes, ComputesShapes) {
  Model model = model_of(R"(g (float[n,6] x) => (float[p,q,r] y) <int64[2] tail = {2, 3}> {
    zero = Constant <value = int64[1] {0}> ()
    shape = Shape (x)
    batch = Gather (shape, zero)
    target = Concat <axis = 0> (batch, tail)
    t = Reshape (x, target)
    y = Relu (t)
  })");
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_EQ(type_of(model.graph, "t"), "tensor(float32, shape=('n', 2, 3))");
}

TEST(InferShapes, ReachesSubgraphs) {
  Model model = model_of(R"(g (bool c, float[n,3] x) => (y) {
    y = If (c) <then_branch = a () => (t) { u = Relu (x) t = Exp (u) }, else_branch = b () => (e) { e = Neg (x) }>
  })");
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_EQ(type_of(model.graph, "y"), "tensor(float32, shape=('n', 3))");
  const Graph& branch = *std::get<Box<Graph>>(model.graph.nodes[0].attributes[0].value);
  EXPECT_EQ(type_of(branch, "u"), "tensor(float32, shape=('n', 3))");
  EXPECT_EQ(type_of(branch, "t"), "tensor(float32, shape=('n', 3))");
}

TEST(InferShapes, GoesOnBehindAProblem) {
  Model model = model_of(R"(g (float[2,3] x, float[4,5] w) => (float[a,b] y) {
    [mm] t = MatMul (x, w)
    u = Relu (x)
    [m2] v = MatMul (w, w)
    y = Add (t, u)
  })");
  EXPECT_THAT(infer_shapes_officially(model),
              ElementsAre(HasSubstr("node name: mm"), HasSubstr("node name: m2"), HasSubstr("Add")));
  EXPECT_EQ(type_of(model.graph, "u"), "tensor(float32, shape=(2, 3))");
  EXPECT_EQ(type_of(model.graph, "t"), "?");
  EXPECT_THAT(message<InputError>([&] { infer_shapes(model, InferShapesOptions{.error_ok = false}); }),
              AllOf(HasSubstr("Cannot infer the shapes"), HasSubstr("There are 2 more such problems")));
}

TEST(InferShapes, TakesNothingAway) {
  Model model =
      model_of(R"(g (float[n,m] x) => (float[p,q] y) <float[k,7] t> { t = Relu (x) y = Relu (t) })");
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_EQ(type_of(model.graph, "t"), "tensor(float32, shape=('k', 7))");
  EXPECT_EQ(type_of(model.graph, "y"), "tensor(float32, shape=('p', 7))");
}

TEST(ConvertOpset, KeepsWhatTheConverterForgets) {
  Model model = model_of(R"(g (float[2,3] x) => (float[2,3] y) <float[3] w = {1, 2, 3}> {
    [custom] c = my.Thing <a = 1> (x)
    [add] t = Add (c, w)
    [sum] s = ReduceMean <axes = [1]> (t)
    y = Add (t, s)
  })");
  model.graph.nodes[1].doc_string = "documented";
  model.graph.nodes[1].metadata_props = {{.key = "k", .value = "v", .unknown = {}}};
  model.metadata_props = {{.key = "author", .value = "me", .unknown = {}}};
  model.graph.initializers[0].doc_string = "weights";
  passes::convert_opset(model, 18);
  EXPECT_EQ(model.opset(), 18);
  EXPECT_THAT(messages(model, true), IsEmpty());
  EXPECT_EQ(model.graph.nodes[0].domain, "my");
  EXPECT_THAT(to_text(model), HasSubstr("[custom] c = my.Thing <a: int = 1> (x)"));
  const Node& add = model.graph.nodes[1];
  EXPECT_EQ(add.name, "add");
  EXPECT_EQ(add.doc_string, "documented");
  EXPECT_THAT(add.metadata_props, SizeIs(1));
  EXPECT_THAT(model.metadata_props, SizeIs(1));
  EXPECT_EQ(model.graph.initializers[0].doc_string, "weights");
  const auto sum = std::ranges::find(model.graph.nodes, "ReduceMean", &Node::op_type);
  ASSERT_NE(sum, model.graph.nodes.end());
  EXPECT_THAT(sum->inputs, SizeIs(2));  // the axes are an input from 18 on
  EXPECT_THAT(sum->attributes, IsEmpty());
  EXPECT_EQ(sum->name, "sum");
}

TEST(ConvertOpset, GivesNewNodesNamesOfTheirOwn) {
  Model model = model_of(R"(g (float[2,3,4] x) => (float[2,3,4] y) { [s] y = Softmax <axis = 1> (x) })");
  model.opset_imports[0].version = 12;
  passes::convert_opset(model, 18);  // there it becomes three nodes
  std::multiset<std::string_view> names;
  for (const Node& node : model.graph.nodes) names.insert(node.name);
  EXPECT_THAT(names, SizeIs(4));
  EXPECT_THAT(names, Contains("s").Times(1));
  EXPECT_THAT(names, Contains("s_1").Times(1));
  EXPECT_THAT(messages(model, true), IsEmpty());
}

TEST(ConvertOpset, SaysWhatItCannotConvert) {
  Model model = model_of("g (float[n] x) => (float[n] y) { y = Relu (x) }");
  EXPECT_THAT(message<InputError>([&] { passes::convert_opset(model, 99); }),
              AllOf(HasSubstr("to opset 99: there is no such version"), HasSubstr("Allowed are 1 to")));
  Model with_function = model_of(R"(g (float[2,3] x) => (float[2,1] y) { y = my.mean (x) }
    <domain: "my", opset_import: ["" : 17]> mean (a) => (b) { [m] b = ReduceMean <axes = [1]> (a) })");
  const std::string before = to_text(with_function);
  EXPECT_THAT(message<InputError>([&] { passes::convert_opset(with_function, 18); }),
              AllOf(HasSubstr("'my.mean'"), HasSubstr("ReduceMean"), HasSubstr("Inline the functions")));
  EXPECT_EQ(to_text(with_function), before);
  EXPECT_EQ(passes::inline_functions(with_function), 1u);
  passes::convert_opset(with_function, 18);
  EXPECT_THAT(messages(with_function, true), IsEmpty());
}

TEST(InlineFunctions, ReplacesNestedCallsAndKeepsPayloads) {
  const std::string weights(4000, 'w');
  Model model = model_of(R"(g (float[1000] x) => (float[1000] y) { t = my.twice (x)  y = my.once (t) }
    <domain: "my", opset_import: ["" : 17, "my" : 1]> twice (a) => (b) { c = my.once (a)  b = my.once (c) }
    <domain: "my", opset_import: ["" : 17]> once (a) => (b) { w = Constant <value = float[1] {1.0}> () b = Add (a, w) })");
  TensorData& tensor = *std::get<Box<TensorData>>(model.functions[1].nodes[0].attributes[0].value);
  clear_data(tensor);
  tensor.dims = {1000};
  tensor.raw_data = model.storage.intern(std::as_bytes(std::span(weights)));
  EXPECT_EQ(inline_functions(model, {"once"}).functions.size(), 1u);
  EXPECT_EQ(passes::inline_functions(model, {"my.*"}), 4u);
  EXPECT_THAT(model.functions, IsEmpty());
  ASSERT_THAT(model.graph.nodes, SizeIs(6));
  int constants = 0;
  for (const Node& node : model.graph.nodes) {
    if (node.op_type != "Constant") continue;
    const TensorData& copy = *std::get<Box<TensorData>>(node.attributes[0].value);
    EXPECT_FALSE(copy.is_external());
    ASSERT_TRUE(copy.raw_data);
    EXPECT_EQ(copy.raw_data->size(), weights.size());
    ++constants;
  }
  EXPECT_EQ(constants, 3);
  EXPECT_THAT(messages(model, true), IsEmpty());
}

TEST(InlineFunctions, NamesWhatThereIsNot) {
  Model model = model_of(R"(g (float[n] x) => (float[n] y) { y = my.once (x) }
    <domain: "my", opset_import: ["" : 17]> once (a) => (b) { b = Relu (a) })");
  EXPECT_THAT(message<InputError>([&] { passes::inline_functions(model, {"onec"}); }),
              AllOf(HasSubstr("Cannot inline 'onec'"), HasSubstr("'my.once'")));
}

TEST(OfficialLoaders, PrintTheExpressionThatMakesThem) {
  const auto load = ConvertOpset(InferShapes(OnnxFromText("g () => () {}"), {.strict = true}), 18);
  EXPECT_EQ(load.str(), "ConvertOpset(InferShapes(OnnxFromText(\"g () => () {}\"), {.strict = true}), 18)");
  EXPECT_EQ(InlineFunctions(OnnxFromText("t"), {"f"}).str(), "InlineFunctions(OnnxFromText(\"t\"), {\"f\"})");
}

TEST(OfficialLoaders, WorkOnACopy) {
  const Model model = model_of("g (float[n] x) => (float[n] y) { t = Relu (x) y = Relu (t) }");
  EXPECT_THAT(infer_shapes(model).graph.value_info, SizeIs(1));
  EXPECT_EQ(convert_opset(model, 18).opset(), 18);
  EXPECT_EQ(model.opset(), 17);
  EXPECT_THAT(model.graph.value_info, IsEmpty());
}

TEST(Official, IsThreadSafe) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 20; ++round) {
        Model model = model_of("g (float[n] x) => (float[n] y) { t = Relu (x) y = Relu (t) }");
        EXPECT_THAT(check_model(model, true), IsEmpty());
        EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
      }
    });
}

TEST(Official, TakesLongGraphs) {
  constexpr int count = 100'000;
  std::string text = "g (float[n,3] v0) => (float[n,3] v" + std::to_string(count) + ") {";
  for (int i = 0; i < count; ++i)
    text += "v" + std::to_string(i + 1) + " = Relu (v" + std::to_string(i) + ")\n";
  Model model = model_of(text + "}");
  EXPECT_THAT(check_model(model), IsEmpty());
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
  EXPECT_EQ(type_of(model.graph, "v77777"), "tensor(float32, shape=('n', 3))");
}

TEST(Official, TakesDeepGraphs) {
  std::string body = "g60 () => (float[n] o60) { o60 = Relu (x) }";
  for (int depth = 59; depth > 0; --depth) {
    const std::string d = std::to_string(depth);
    body = "g" + d + " () => (float[n] o" + d + ") { o" + d + " = If (c) <then_branch = " + body +
           ", else_branch = e () => (float[n] t" + d + ") { t" + d + " = Neg (x) }> }";
  }
  const std::string graph = "g (bool c, float[n] x) => (float[n] y) { y = If (c) <then_branch = " + body +
                            ", else_branch = e () => (float[n] f) { f = Neg (x) }> }";
  Model model = model_of(graph);
  EXPECT_THAT(messages(model, true), IsEmpty());
  EXPECT_THAT(infer_shapes_officially(model), IsEmpty());
}

}  // namespace
}  // namespace polygraph::onnx
