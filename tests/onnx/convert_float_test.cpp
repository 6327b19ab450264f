#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/official.h>

#include "helpers/message.h"
#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Model parse(std::string_view graph, std::string_view opset = "17") {
  return parse_text("<ir_version: 10, opset_import: [\"\" : " + std::string(opset) + "]>\n" +
                    std::string(graph));
}

struct Converted {
  Model model;
  ConvertFloatReport report;
  std::string nodes;
};

Converted to_fp16(std::string_view graph, const ConvertFloatOptions& options = {}) {
  Converted result{parse(graph), {}, {}};
  result.report = passes::convert_to_fp16(result.model, options);
  for (const CheckFinding& finding : check_model(result.model, true)) ADD_FAILURE() << finding.message;
  result.nodes = build::text(result.model.graph.nodes);
  return result;
}

std::int32_t type_of(const Model& model, std::string_view name) {
  for (const TensorData& data : model.graph.initializers)
    if (data.name == name) return data.data_type;
  for (const auto* infos : {&model.graph.inputs, &model.graph.outputs, &model.graph.value_info})
    for (const ValueInfo& info : *infos)
      if (info.name == name) return *info.type->element_type;
  return 0;
}

TEST(ConvertFloat, KeepsTheTypesOfInputsAndOutputs) {
  const Converted c =
      to_fp16("agraph (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { a = Add (x, w) y = Relu (a) }");
  EXPECT_EQ(c.nodes, "x_fp16 = Cast(x); a = Add(x_fp16, w); y_fp16 = Relu(a); y = Cast(y_fp16)");
  EXPECT_EQ(type_of(c.model, "x"), 1);
  EXPECT_EQ(type_of(c.model, "y"), 1);
  EXPECT_EQ(type_of(c.model, "w"), 10);
  EXPECT_EQ(c.report.converted_nodes, 2u);
  EXPECT_EQ(c.report.casts, 2u);
  EXPECT_EQ(c.report.converted_weights, 1u);
  EXPECT_EQ(c.report.bytes_before, 8u);
  EXPECT_EQ(c.report.bytes_after, 4u);
  EXPECT_EQ(tensor_of(c.model.graph.initializers[0], c.model).element_as_double(1), 2.0);
}

TEST(ConvertFloat, OrConvertsThem) {
  const Converted c =
      to_fp16("agraph (float[2] x, int64[2] i) => (float[2] y) { f = Cast <to = 1> (i) y = Add (x, f) }",
              {.keep_io_types = false});
  EXPECT_EQ(c.nodes, "f = Cast(i); y = Add(x, f)");
  EXPECT_EQ(type_of(c.model, "x"), 10);
  EXPECT_EQ(type_of(c.model, "y"), 10);
  EXPECT_EQ(type_of(c.model, "i"), 7);
}

TEST(ConvertFloat, BlockedNodesStayWithOneCastForEachBorder) {
  const auto text = R"(agraph (float[2] x) => (float[2] y, float[2] z) {
    [a] a = Sin (x)  [b] b = Cos (a)  [c] c = Neg (a)  [y] y = Add (b, c)  [z] z = Sub (b, a) })";
  const Converted by_name = to_fp16(text, {.block_nodes = {"b"}});
  EXPECT_EQ(
      by_name.nodes,
      "x_fp16 = Cast(x); a = Sin(x_fp16); a_fp32 = Cast(a); b = Cos(a_fp32); b_fp16 = Cast(b); c = Neg(a); "
      "y_fp16 = Add(b_fp16, c); y = Cast(y_fp16); z_fp16 = Sub(b_fp16, a); z = Cast(z_fp16)");
  ASSERT_EQ(by_name.report.kept.size(), 1u);
  EXPECT_THAT(by_name.report.kept[0].reason, HasSubstr("blocked"));
  EXPECT_EQ(to_fp16(text, {.block_op_types = {"*"}}).nodes, build::text(parse(text).graph.nodes));
  Model model = parse(text);
  EXPECT_THAT(test::message<InputError>([&] { passes::convert_to_fp16(model, {.block_nodes = {"nope"}}); }),
              HasSubstr("'nope'"));
}

TEST(ConvertFloat, WeightsThatDoNotSurviveKeepTheirNodes) {
  const Converted c = to_fp16(R"(agraph (float[2] x) => (float[2] y)
    <float big = {100000}, float tiny = {1e-12}, float small = {1e-6}> {
      a = Mul (x, big)  b = Add (a, tiny)  y = Mul (b, small) })");
  EXPECT_EQ(
      c.nodes,
      "a = Mul(x, big); b = Add(a, tiny); b_fp16 = Cast(b); y_fp16 = Mul(b_fp16, small); y = Cast(y_fp16)");
  EXPECT_EQ(type_of(c.model, "big"), 1);
  EXPECT_EQ(type_of(c.model, "tiny"), 1);
  EXPECT_EQ(type_of(c.model, "small"), 10);
  ASSERT_EQ(c.report.losses.size(), 3u);
  EXPECT_EQ(c.report.losses[0].overflowing, 1u);
  EXPECT_EQ(c.report.losses[1].vanishing, 1u);
  EXPECT_EQ(c.report.losses[2].subnormal, 1u);
  EXPECT_TRUE(c.report.losses[0].kept && c.report.losses[1].kept && !c.report.losses[2].kept);
}

TEST(ConvertFloat, OrAreClamped) {
  const Converted c =
      to_fp16("agraph (float[2] x) => (float[2] y) <float[2] w = {100000, 1e-12}> { y = Mul (x, w) }",
              {.clamp = true});
  const Tensor w = tensor_of(c.model.graph.initializers[0], c.model);
  EXPECT_EQ(w.element_as_double(0), 65504.0);
  EXPECT_EQ(w.element_as_double(1), 0x1p-24);
}

TEST(ConvertFloat, WhatComputesInFloat32GetsWeightsOfFullPrecision) {
  const Converted c = to_fp16(R"(agraph (float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
    a = Add (x, w)  [keep] b = Mul (a, w)  y = Relu (b) })",
                              {.block_nodes = {"keep"}});
  EXPECT_EQ(type_of(c.model, "w"), 1);
  EXPECT_THAT(c.nodes, HasSubstr("w_fp16 = Cast(w)"));
  EXPECT_THAT(c.nodes, HasSubstr("b = Mul(a_fp32, w)"));
}

TEST(ConvertFloat, SizesAndScalesStayExact) {
  const Converted c = to_fp16(R"(agraph (float[1, 1, h, w] x) => (float[1, 1, p, q] y)
    <float two = {2}, float[2] ones = {1, 1}, int64[2] axes = {2, 3}> {
      s = Shape (x)  hw = Gather (s, axes)  f = Cast <to = 1> (hw)  g = Mul (f, two)  r = Div (g, f)
      scales = Concat <axis = 0> (ones, r)
      y = Resize (x, , scales) })");
  EXPECT_EQ(
      c.nodes,
      "x_fp16 = Cast(x); s = Shape(x); hw = Gather(s, axes); f = Cast(hw); g = Mul(f, two); r = Div(g, f); "
      "scales = Concat(ones, r); y_fp16 = Resize(x_fp16, _, scales); y = Cast(y_fp16)");
  EXPECT_EQ(type_of(c.model, "ones"), 1);
}

TEST(ConvertFloat, ConstantsAndCastsInNodes) {
  const Converted c = to_fp16(R"(agraph (int64[2] i, float[2] x) => (float[2] y, int64[2] z) {
      k = Constant <value_floats = [1.5, 2.5]> ()
      s = Shape (x)
      o = ConstantOfShape (s)
      f = Cast <to = 1> (i)
      a = Sum (k, o, f, x)
      z = Cast <to = 7> (a)
      y = Relu (a) })");
  EXPECT_THAT(c.nodes, HasSubstr("a = Sum(k, o, f, x_fp16); z = Cast(a)"));
  const Node& constant = c.model.graph.nodes[1];
  ASSERT_EQ(constant.op_type, "Constant");
  EXPECT_EQ(constant.attributes[0].name, "value");
  EXPECT_EQ(std::get<Box<TensorData>>(constant.attributes[0].value)->data_type, 10);
}

TEST(ConvertFloat, SubGraphsAreConvertedToo) {
  const Converted c = to_fp16(R"(agraph (bool c, float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
    a = Sin (x)
    b = If (c) <then_branch = t () => (float[2] p) { p = Add (a, w) },
                else_branch = e () => (float[2] q) { m = Max (a, w)  q = Identity (m) }>
    y = Relu (b) })");
  EXPECT_EQ(c.nodes,
            "w_fp16 = Cast(w); x_fp16 = Cast(x); a = Sin(x_fp16); a_fp32 = Cast(a); "
            "b = If(c){ -> p = Add(a, w_fp16) -> p}{ -> m = Max(a_fp32, w); m_fp16 = Cast(m); q = "
            "Identity(m_fp16) -> q}; "
            "y_fp16 = Relu(b); y = Cast(y_fp16)");
}

TEST(ConvertFloat, LoopsCarryTheNarrowType) {
  const auto text = R"(agraph (int64 n, bool c, float[2] x) => (float[2] y, float[n, 2] s) {
    [loop] y, s = Loop (n, c, x) <body = b (int64 i, bool go, float[2] v) => (bool go2, float[2] v2, float[2] e) {
      go2 = Identity (go)  v2 = Sin (v)  e = Cos (v) }> })";
  const Converted c = to_fp16(text);
  EXPECT_THAT(c.nodes, HasSubstr("y_fp16, s_fp16 = Loop(n, c, x_fp16){i, go, v -> "));
  const Converted blocked = to_fp16(text, {.block_nodes = {"loop"}});
  EXPECT_EQ(blocked.nodes,
            "y, s = Loop(n, c, x){i, go, v -> v_fp16 = Cast(v); go2 = Identity(go); v2 = Sin(v_fp16); "
            "v2_fp32 = Cast(v2); "
            "e = Cos(v_fp16); e_fp32 = Cast(e) -> go2, v2_fp32, e_fp32}");
}

TEST(ConvertFloat, FunctionsAreInlined) {
  Model model = parse_text(R"(<ir_version: 10, opset_import: ["" : 17, "my" : 1]>
    agraph (float[2] x) => (float[2] y) { y = my.f (x) }
    <domain: "my", opset_import: ["" : 17]>
    f (x) => (y) { a = Sin (x) y = Cos (a) })");
  EXPECT_EQ(passes::convert_to_fp16(model).converted_nodes, 2u);
  EXPECT_TRUE(model.functions.empty());
  EXPECT_THAT(check_model(model, true), IsEmpty());
}

TEST(ConvertFloat, OperatorsWithoutTheTypeStay) {
  Model model = parse("agraph (float[2] x) => (float[2] y) { a = Sin (x)  y = Relu (a) }");
  const ConvertFloatReport report = passes::convert_to_bf16(model);
  EXPECT_EQ(build::text(model.graph.nodes),
            "a = Sin(x); a_bf16 = Cast(a); y_bf16 = Relu(a_bf16); y = Cast(y_bf16)");
  ASSERT_EQ(report.kept.size(), 1u);
  EXPECT_EQ(report.kept[0].reason, "Sin has no bfloat16 in opset 17");
  EXPECT_THAT(check_model(model, true), IsEmpty());

  Model old = parse("agraph (float[2] x) => (float[2] y) { y = Relu (x) }", "12");
  EXPECT_THAT(test::message<InputError>([&] { passes::convert_to_bf16(old); }),
              testing::AllOf(HasSubstr("Cast"), HasSubstr("opset 12"), HasSubstr("--opset")));
}

TEST(ConvertFloat, LargeWeightsAreConvertedWhenTheyAreRead) {
  Model model = build::model(build::graph({"x"}, {build::node("MatMul", {"x", "w"}, {"y"})}, {"y"}));
  TensorData& w = model.graph.initializers.emplace_back();
  w.name = "w";
  std::vector<float> values(100 * 100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 7;
  set_data(w, Tensor::from<float>(values, Shape{100, 100}), model.storage);
  passes::convert_to_fp16(model);
  ASSERT_TRUE(model.graph.initializers[0].deferred);
  const Tensor narrow = tensor_of(model.graph.initializers[0], model);
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(narrow.values<float16>()[i].bits, float16(values[i]).bits);
}

TEST(ConvertFloat, ChecksItsOptionsAndPrintsItself) {
  Model model = parse("agraph (float[2] x) => (float[2] y) { y = Relu (x) }");
  EXPECT_THAT(test::message<UsageError>([&] { passes::convert_to_fp16(model, {.vanish_tolerance = 2}); }),
              HasSubstr("vanish_tolerance is 2"));
  EXPECT_THAT(ConvertToFp16([&] { return model; }, {.keep_io_types = false}).str(),
              HasSubstr("{.keep_io_types = false}"));
  EXPECT_EQ(convert_to_bf16(model).graph.nodes.size(), 3u);
}

}  // namespace
}  // namespace polygraph::onnx
