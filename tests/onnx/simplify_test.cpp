#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/simplify.h>

#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Model parse(std::string_view graph, std::string_view opset = "17") {
  return parse_text("<ir_version: 10, opset_import: [\"\" : " + std::string(opset) + "]>\n" +
                    std::string(graph));
}

/// The nodes that are left, after checking that the model is valid.
std::string simplified(std::string_view graph, const SimplifyOptions& options = {}) {
  Model model = parse(graph);
  passes::simplify(model, options);
  EXPECT_THAT(check_model(model, true), IsEmpty());
  return build::text(model.graph.nodes);
}

TEST(Simplify, RemovesWhatPassesItsInputOn) {
  EXPECT_EQ(
      simplified("agraph (float[2] x) => (float[2] y) { a = Identity (x) b = Dropout (a) y = Relu (b) }"),
      "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[2] x) => (float[2] y) { a = Cast <to = 1> (x) y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(
      simplified(
          "agraph (float[2, 3] x) => (float[2, 3] y) { a = Transpose <perm = [0, 1]> (x) y = Relu (a) }"),
      "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[n, 3] x) => (float[n, 3] y) <int64[2] s = {-1, 3}> { a = Reshape (x, "
                       "s) y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[n, 3] x) => (float[n, 3] y) { a = Flatten (x) y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[2, 3] x) => (float[2, 3] y) <int64[2] s = {1, 3}> { a = Expand (x, s) "
                       "y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[n, 3] x) => (float[n, 3] y) <int64[4] p = {0, 0, 0, 0}> { a = Pad (x, "
                       "p) y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[n] x) => (float[n] y) <int64[1] s = {0}, int64[1] e = "
                       "{9223372036854775807}> { a = Slice (x, s, e) y = Relu (a) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float[n] x) => (float[n] y) { a = Concat <axis = 0> (x) b = Sum (a) c = Max "
                       "(b) y = Relu (c) }"),
            "y = Relu(x)");
}

TEST(Simplify, ArithmeticWithNeutralNumbersGoesOnlyWhereItIsExact) {
  EXPECT_EQ(simplified("agraph (float[n] x) => (float[n] y) <float one = {1}> { a = Mul (one, x) b = Div (a, "
                       "one) y = Relu (b) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (int64[n] x) => (int64[n] y) <int64 zero = {0}> { a = Add (zero, x) b = Sub "
                       "(a, zero) y = Abs (b) }"),
            "y = Abs(x)");
  EXPECT_EQ(
      simplified("agraph (float[n] x) => (float[n] y) <float zero = {0}> { a = Sub (x, zero) y = Relu (a) }"),
      "y = Relu(x)");
  EXPECT_EQ(
      simplified(
          "agraph (float[n] x) => (float[n] y) <float zero = {-0.0}> { a = Add (x, zero) y = Relu (a) }"),
      "y = Relu(x)");
  // -0.0 + 0.0 is 0.0, 0.0 - x is no x, and the product may have another shape.
  EXPECT_EQ(
      simplified("agraph (float[n] x) => (float[n] y) <float zero = {0}> { a = Add (x, zero) y = Relu (a) }"),
      "a = Add(x, zero); y = Relu(a)");
  EXPECT_EQ(
      simplified("agraph (float[n] x) => (float[n] y) <float zero = {0}> { a = Sub (zero, x) y = Relu (a) }"),
      "a = Sub(zero, x); y = Relu(a)");
  EXPECT_EQ(
      simplified("agraph (float x) => (float[1] y) <float[1] one = {1}> { a = Mul (x, one) y = Relu (a) }"),
      "a = Mul(x, one); y = Relu(a)");
  EXPECT_EQ(
      simplified(
          "agraph (float[n] x) => (float[m] y) <float[2] ones = {1, 1}> { a = Mul (x, ones) y = Relu (a) }"),
      "a = Mul(x, ones); y = Relu(a)");
}

TEST(Simplify, KeepsWhatLooksLikeNothingButIsNot) {
  EXPECT_EQ(simplified("agraph (float[4] x) => (float[4] y) <int64[1] s = {-1}, int64[1] e = {-5}, int64[1] "
                       "a = {0}, int64[1] t = {-1}> { r = Slice (x, s, e, a, t) y = Relu (r) }"),
            "r = Slice(x, s, e, a, s); y = Relu(r)");
  EXPECT_EQ(simplified("agraph (float[2, 2] x) => (float[2, 2] y) { t = Transpose (x) y = Relu (t) }"),
            "t = Transpose(x); y = Relu(t)");
  EXPECT_EQ(simplified("agraph (float[2] x) => (float[2] y) <float r = {0.5}, bool train = {1}> { d = "
                       "Dropout (x, r, train) y = Relu (d) }"),
            "d = Dropout(x, r, train); y = Relu(d)");
  EXPECT_EQ(simplified("agraph (float[2] x) => (float[2] y) { y = Identity (x) }"), "y = Identity(x)");
}

TEST(Simplify, AnOutputKeepsItsName) {
  EXPECT_EQ(
      simplified(
          "agraph (float[2] x) => (float[2] y, float[2] z) { a = Relu (x) y = Identity (a) z = Neg (a) }"),
      "y = Relu(x); z = Neg(y)");
  EXPECT_EQ(simplified("agraph (float[2] x) => (float[2] y, float[2] z) { a = Relu (x) y = Identity (a) z = "
                       "Identity (a) }"),
            "y = Relu(x); z = Identity(y)");
}

TEST(Simplify, JoinsPairs) {
  EXPECT_EQ(simplified("agraph (float[2, 3, 4] x) => (float[2, 3, 4] y) { a = Transpose <perm = [1, 2, 0]> "
                       "(x) b = Transpose <perm = [2, 0, 1]> (a) y = Relu (b) }"),
            "y = Relu(x)");
  Model model = parse(
      "agraph (float[2, 3, 4] x) => (float[4, 2, 3] y) { a = Transpose <perm = [1, 2, 0]> (x) y = Transpose "
      "<perm = [1, 2, 0]> (a) }");
  EXPECT_EQ(passes::simplify(model).pairs, 1u);
  ASSERT_EQ(build::text(model.graph.nodes), "y = Transpose(x)");
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(model.graph.nodes[0].attributes[0].value),
            (std::vector<std::int64_t>{2, 0, 1}));
  EXPECT_THAT(check_model(model, true), IsEmpty());

  EXPECT_EQ(simplified("agraph (float[n, m] x) => (float[k, 4] y) <int64[1] flat = {-1}, int64[2] s = {-1, "
                       "4}> { a = Reshape (x, flat) y = Reshape (a, s) }"),
            "y = Reshape(x, s)");
  EXPECT_EQ(simplified("agraph (float[n, m] x) => (float[n, m] y) <int64[1] axes = {1}> { a = Unsqueeze (x, "
                       "axes) b = Squeeze (a, axes) y = Relu (b) }"),
            "y = Relu(x)");
  EXPECT_EQ(simplified("agraph (float16[n] x) => (float16[n] y) { a = Cast <to = 1> (x) b = Cast <to = 10> "
                       "(a) y = Relu (b) }"),
            "y = Relu(x)");
  EXPECT_EQ(
      simplified("agraph (int32[n] x) => (double[n] y) { a = Cast <to = 7> (x) y = Cast <to = 11> (a) }"),
      "y = Cast(x)");
}

TEST(Simplify, KeepsPairsThatLoseSomething) {
  EXPECT_EQ(
      simplified("agraph (float[n] x) => (float[n] y) { a = Cast <to = 10> (x) y = Cast <to = 1> (a) }"),
      "a = Cast(x); y = Cast(a)");
  EXPECT_EQ(simplified("agraph (int64[n] x) => (int64[n] y) { a = Cast <to = 1> (x) y = Cast <to = 7> (a) }"),
            "a = Cast(x); y = Cast(a)");
  EXPECT_EQ(simplified("agraph (float[n, m] x) => (float[k, 4] y) <int64[1] flat = {-1}, int64[2] s = {0, "
                       "4}> { a = Reshape (x, flat) y = Reshape (a, s) }"),
            "a = Reshape(x, flat); y = Reshape(a, s)");
}

TEST(Simplify, ComputesOnceWhatIsComputedTwice) {
  EXPECT_EQ(simplified("agraph (float[n] x) => (float[n] y) { a = Sin (x) b = Sin (x) c = Neg (a) d = Neg "
                       "(b) y = Add (c, d) }"),
            "a = Sin(x); c = Neg(a); y = Add(c, c)");
  EXPECT_EQ(simplified("agraph (float[n, m] x) => (y) { a = Softmax <axis = 0> (x) b = Softmax <axis = 1> "
                       "(x) y = Add (a, b) }"),
            "a = Softmax(x); b = Softmax(x); y = Add(a, b)");
  EXPECT_EQ(
      simplified(
          "agraph (float[n] x) => (y) { a = RandomNormalLike (x) b = RandomNormalLike (x) y = Add (a, b) }"),
      "a = RandomNormalLike(x); b = RandomNormalLike(x); y = Add(a, b)");
}

TEST(Simplify, KeepsOneOfEqualWeights) {
  Model model = parse(R"(agraph (float[2] x) => (float[2] y)
    <float[2] a = {1, 2}, float[2] b = {1, 2}, float[2] c = {1, 3}, int32[2] d = {1, 2}> {
      s = Add (x, a) t = Mul (s, b) u = Sub (t, c) i = Cast <to = 1> (d) y = Pow (u, i) })");
  const SimplifyReport report = passes::simplify(model, {.fold = false});
  EXPECT_EQ(report.duplicate_weights, 1u);
  EXPECT_EQ(report.duplicate_bytes, 8u);
  EXPECT_THAT(build::text(model.graph.nodes), HasSubstr("t = Mul(s, a)"));
  EXPECT_EQ(model.graph.initializers.size(), 3u);
}

TEST(Simplify, EachKindCanBeSwitchedOff) {
  const auto text = R"(agraph (float[2, 3] x) => (float[2, 3] y) {
    a = Identity (x) t = Transpose (a) b = Transpose (t) c = Relu (b) d = Relu (b) y = Add (c, d) })";
  EXPECT_EQ(simplified(text), "c = Relu(x); y = Add(c, c)");
  EXPECT_THAT(simplified(text, {.no_ops = false}), HasSubstr("Identity"));
  EXPECT_THAT(simplified(text, {.pairs = false}), HasSubstr("Transpose"));
  EXPECT_THAT(simplified(text, {.duplicates = false}), HasSubstr("Add(c, d)"));
}

TEST(Simplify, WorksInSubGraphsAndCounts) {
  Model model = parse(R"(agraph (bool c, float[2] x) => (y) {
    y = If (c) <then_branch = a () => (s) { i = Identity (x) s = Relu (i) }, else_branch = b () => (t) { t = Neg (x) }> })");
  const SimplifyReport report = passes::simplify(model);
  EXPECT_EQ(build::text(model.graph.nodes), "y = If(c){ -> s = Relu(x) -> s}{ -> t = Neg(x) -> t}");
  ASSERT_EQ(report.operators.size(), 4u);
  EXPECT_EQ(report.operators[0].op_type, "Identity");
  EXPECT_EQ(report.operators[0].before, 1u);
  EXPECT_EQ(report.operators[0].after, 0u);
}

}  // namespace
}  // namespace polygraph::onnx
