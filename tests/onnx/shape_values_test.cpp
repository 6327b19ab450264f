#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/shape_values.h>

#include <map>
#include <string>

#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using Ints = std::vector<std::int64_t>;

/// `5` a number, `a` to `z` dimensions, `?` the unknown.
PartialInt element(const std::string& text) {
  if (text == "?") return {};
  if (text[0] >= 'a' && text[0] <= 'z') return PartialInt::dimension(text[0]);
  return PartialInt::number(std::stoll(text));
}

std::string text(const std::vector<PartialInt>& elements) {
  std::string line;
  for (const PartialInt& each : elements) {
    line += line.empty() ? "" : " ";
    if (each.is_number())
      line += std::to_string(each.value);
    else
      line += each.is_dimension() ? std::string(1, static_cast<char>(each.value)) : "?";
  }
  return line;
}

/// A vector, or for one element with `is_scalar` a scalar.
ValueFacts value(const std::vector<std::string>& elements, bool is_scalar = false, std::int32_t type = 7) {
  PartialTensor tensor{type, {}, {}};
  if (!is_scalar) tensor.dims = {static_cast<std::int64_t>(elements.size())};
  for (const std::string& each : elements) tensor.elements.push_back(element(each));
  ValueFacts facts{.element_type = type, .shape = std::vector<PartialInt>{}, .value = tensor};
  for (const std::int64_t dim : tensor.dims) facts.shape->push_back(PartialInt::number(dim));
  return facts;
}

ValueFacts of_shape(const std::vector<std::string>& dims) {
  ValueFacts facts{.element_type = 1, .shape = std::vector<PartialInt>{}, .value = {}};
  for (const std::string& each : dims) facts.shape->push_back(element(each));
  return facts;
}

/// What follows of the outputs: `[dims] elements`, joined by `|`; `-` where nothing does.
std::string propagate(Node node, const std::vector<ValueFacts>& inputs, std::int64_t opset = 18) {
  static constexpr std::string_view names[] = {"i0", "i1", "i2", "i3", "i4"};
  std::vector<const ValueFacts*> pointers;
  node.inputs.clear();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool is_given = inputs[i].value || inputs[i].shape;
    node.inputs.push_back(is_given ? names[i] : std::string_view());
    pointers.push_back(is_given ? &inputs[i] : nullptr);
  }
  std::string line;
  for (const ValueFacts& output : propagate_shape_values(node, opset, pointers)) {
    line += line.empty() ? "" : "|";
    if (!output.value) {
      line += "-";
      continue;
    }
    line += "[";
    for (const std::int64_t dim : output.value->dims)
      line += (line.back() == '[' ? "" : " ") + std::to_string(dim);
    line += "] " + text(output.value->elements);
  }
  return line.empty() ? "-" : line;
}

Node op(std::string_view type, std::vector<std::pair<std::string_view, Attribute::Value>> attributes = {},
        std::size_t outputs = 1) {
  Node node = build::node(type, {}, std::vector<std::string_view>(outputs, "o"));
  for (auto& [name, attribute] : attributes) node = build::with(std::move(node), name, std::move(attribute));
  return node;
}

const std::int64_t minus_one = -1;
const std::int64_t one = 1;

TEST(ShapeValues, ShapeAndSize) {
  EXPECT_EQ(propagate(op("Shape"), {of_shape({"n", "3", "?"})}), "[3] n 3 ?");
  EXPECT_EQ(propagate(op("Shape", {{"start", one}}), {of_shape({"n", "3", "4"})}), "[2] 3 4");
  EXPECT_EQ(
      propagate(op("Shape", {{"start", std::int64_t{-9}}, {"end", minus_one}}), {of_shape({"n", "3", "4"})}),
      "[2] n 3");
  EXPECT_EQ(propagate(op("Shape", {{"start", std::int64_t{2}}, {"end", one}}), {of_shape({"n", "3", "4"})}),
            "[0] ");
  EXPECT_EQ(propagate(op("Shape"), {ValueFacts{}}), "-");
  EXPECT_EQ(propagate(op("Size"), {of_shape({"2", "3"})}), "[] 6");
  EXPECT_EQ(propagate(op("Size"), {of_shape({"n", "1"})}), "[] n");
  EXPECT_EQ(propagate(op("Size"), {of_shape({"n", "2"})}), "[] ?");
  EXPECT_EQ(propagate(op("Size"), {of_shape({"n", "0"})}), "[] 0");
}

TEST(ShapeValues, Selecting) {
  EXPECT_EQ(propagate(op("Gather"), {value({"n", "3", "4"}), value({"-1"}, true)}), "[] 4");
  EXPECT_EQ(propagate(op("Gather"), {value({"n", "3", "4"}), value({"2", "0"})}), "[2] 4 n");
  EXPECT_EQ(propagate(op("Gather"), {value({"n", "3"}), value({"2"})}), "-");
  EXPECT_EQ(propagate(op("Gather"), {value({"n", "3"}), value({"m"})}), "-");
  EXPECT_EQ(propagate(op("Slice"), {value({"n", "3", "4", "5"}), value({"1"}), value({"-1"})}), "[2] 3 4");
  EXPECT_EQ(propagate(op("Slice"), {value({"n", "3", "4"}), value({"-1"}), value({"-9223372036854775808"}),
                                    value({"0"}), value({"-1"})}),
            "[3] 4 3 n");
  EXPECT_EQ(propagate(op("Slice"),
                      {value({"n", "3", "4"}), value({"5"}), value({"0"}), value({"0"}), value({"-2"})}),
            "[1] 4");
  EXPECT_EQ(propagate(op("Slice"), {value({"1", "2", "3"}), value({"-99"}), value({"99"})}), "[3] 1 2 3");
  EXPECT_EQ(propagate(op("Slice", {{"starts", Ints{1}}, {"ends", Ints{99}}}), {value({"n", "3"})}, 9),
            "[1] 3");
  EXPECT_EQ(propagate(op("Split", {}, 2), {value({"1", "2", "3"})}), "[2] 1 2|[1] 3");
  EXPECT_EQ(propagate(op("Split", {}, 2), {value({"1", "2", "3"})}, 13), "-");
  EXPECT_EQ(propagate(op("Split", {}, 2), {value({"1", "n", "3"}), value({"1", "2"})}), "[1] 1|[2] n 3");
  EXPECT_EQ(propagate(op("Split", {}, 2), {value({"1", "2", "3"}), value({"1", "1"})}), "-");
}

TEST(ShapeValues, SizesBesideAZeroAreBounded) {
  // Without elements, and yet with 2^63 - 1 places to go through or to add up.
  ValueFacts empty = value({});
  empty.value->dims = {INT64_MAX, 0};
  const ValueFacts shape = value({"0", "9223372036854775807"});
  EXPECT_EQ(propagate(op("Reshape", {{"allowzero", std::int64_t{1}}}), {value({}), shape}), "-");
  EXPECT_EQ(propagate(op("Expand"), {value({"1"}), shape}), "-");
  EXPECT_EQ(propagate(op("ConstantOfShape"), {shape}), "-");
  EXPECT_EQ(propagate(op("Tile"), {value({}), value({"1024"})}), "[0] ");
  EXPECT_EQ(propagate(op("Concat", {{"axis", std::int64_t{0}}}), {empty, value({})}), "-");
}

TEST(ShapeValues, ChangingShapes) {
  EXPECT_EQ(propagate(op("Concat", {{"axis", std::int64_t{0}}}), {value({"n"}), value({"3", "?"})}),
            "[3] n 3 ?");
  EXPECT_EQ(propagate(op("Unsqueeze"), {value({"n"}, true), value({"0"})}), "[1] n");
  EXPECT_EQ(propagate(op("Unsqueeze", {{"axes", Ints{1}}}), {value({"n", "3"})}, 11), "[2 1] n 3");
  EXPECT_EQ(propagate(op("Squeeze"), {value({"n"})}), "[] n");
  EXPECT_EQ(propagate(op("Squeeze"), {value({"n", "3"}), value({"0"})}), "-");
  EXPECT_EQ(propagate(op("Reshape"), {value({"n", "3", "4", "5"}), value({"2", "-1"})}), "[2 2] n 3 4 5");
  EXPECT_EQ(propagate(op("Reshape"), {value({"n", "3"}), value({"3", "-1"})}), "-");
  EXPECT_EQ(propagate(op("Reshape"), {value({"n", "3"}), value({"0", "1"})}), "[2 1] n 3");
  EXPECT_EQ(propagate(op("Reshape", {{"allowzero", one}}), {value({"n", "3"}), value({"0", "1"})}), "-");
  EXPECT_EQ(propagate(op("Expand"), {value({"n"}), value({"3"})}), "[3] n n n");
  EXPECT_EQ(propagate(op("Tile"), {value({"n", "2"}), value({"2"})}), "[4] n 2 n 2");
  EXPECT_EQ(propagate(op("Flatten", {{"axis", std::int64_t{0}}}), {value({"n", "2"})}), "[1 2] n 2");
  EXPECT_EQ(propagate(op("Transpose"), {value({"n", "2"})}), "[2] n 2");
}

TEST(ShapeValues, Arithmetic) {
  EXPECT_EQ(propagate(op("Add"), {value({"n", "2"}), value({"0"})}), "[2] n 2");
  EXPECT_EQ(propagate(op("Add"), {value({"n", "2"}), value({"1", "2"})}), "[2] ? 4");
  EXPECT_EQ(propagate(op("Add"), {value({"9223372036854775807"}), value({"1"})}), "[1] ?");
  EXPECT_EQ(propagate(op("Sub"), {value({"n", "n", "m"}), value({"n", "0", "n"})}), "[3] 0 n ?");
  EXPECT_EQ(propagate(op("Mul"), {value({"n", "n", "?"}), value({"1", "0", "0"})}), "[3] n 0 0");
  EXPECT_EQ(propagate(op("Div"), {value({"7", "-7", "n", "5"}), value({"2", "2", "1", "0"})}),
            "[4] 3 -3 n ?");
  EXPECT_EQ(propagate(op("Mod"), {value({"7", "-7", "7"}), value({"3", "3", "-3"})}), "[3] 1 2 -2");
  EXPECT_EQ(propagate(op("Mod", {{"fmod", one}}), {value({"7", "-7", "7"}), value({"3", "3", "-3"})}),
            "[3] 1 -1 1");
  EXPECT_EQ(propagate(op("Mod"), {value({"5", "5"}), value({"0", "-1"})}), "[2] ? 0");
  EXPECT_EQ(propagate(op("Max"), {value({"n", "3"}), value({"0", "5"}), value({"-1"}, true)}), "[2] n 5");
  EXPECT_EQ(propagate(op("Min"), {value({"n", "3"}), value({"0", "5"})}), "[2] 0 3");
  EXPECT_EQ(propagate(op("Neg"), {value({"n", "3", "-9223372036854775808"})}), "[3] ? -3 ?");
  EXPECT_EQ(propagate(op("Abs"), {value({"n", "-3"})}), "[2] n 3");
  EXPECT_EQ(propagate(op("Add"), {value({"100"}, false, 3), value({"100"}, false, 3)}), "[1] ?");  // int8
  EXPECT_EQ(propagate(op("Add"), {value({"1"}, false, 7), value({"1"}, false, 6)}), "-");
}

TEST(ShapeValues, Deciding) {
  EXPECT_EQ(propagate(op("Equal"), {value({"n", "n", "n", "2"}), value({"n", "-1", "3", "2"})}),
            "[4] 1 0 ? 1");
  EXPECT_EQ(propagate(op("Less"), {value({"n", "n", "1"}), value({"0", "5", "2"})}), "[3] 0 ? 1");
  EXPECT_EQ(propagate(op("Greater"), {value({"n", "n"}), value({"-1", "0"})}), "[2] 1 ?");
  EXPECT_EQ(propagate(op("GreaterOrEqual"), {value({"n", "n"}), value({"0", "1"})}), "[2] 1 ?");
  EXPECT_EQ(propagate(op("LessOrEqual"), {value({"n", "n"}), value({"n", "-1"})}), "[2] 1 0");
  const auto bools = [](const std::vector<std::string>& elements) { return value(elements, false, 9); };
  EXPECT_EQ(propagate(op("And"), {bools({"?", "?", "1"}), bools({"0", "1", "1"})}), "[3] 0 ? 1");
  EXPECT_EQ(propagate(op("Or"), {bools({"?", "?", "0"}), bools({"1", "0", "0"})}), "[3] 1 ? 0");
  EXPECT_EQ(propagate(op("Xor"), {bools({"1", "?"}), bools({"1", "0"})}), "[2] 0 ?");
  EXPECT_EQ(propagate(op("Not"), {bools({"1", "?"})}), "[2] 0 ?");
  EXPECT_EQ(propagate(op("Where"), {bools({"1", "0", "?", "?"}), value({"n", "n", "n", "1"}),
                                    value({"2", "2", "n", "2"})}),
            "[4] n 2 n ?");
}

TEST(ShapeValues, MakingAndReducing) {
  EXPECT_EQ(propagate(op("Range"), {value({"5"}, true), value({"0"}, true), value({"-2"}, true)}),
            "[3] 5 3 1");
  EXPECT_EQ(propagate(op("Range"), {value({"0"}, true), value({"9999"}, true), value({"1"}, true)}), "-");
  EXPECT_EQ(propagate(op("NonZero"), {value({"1", "0", "3"})}), "[1 2] 0 2");
  EXPECT_EQ(propagate(op("ReduceProd", {{"axes", Ints{0}}, {"keepdims", std::int64_t{0}}}),
                      {value({"2", "3", "n"})}),
            "[] ?");
  EXPECT_EQ(propagate(op("ReduceProd"), {value({"2", "3"})}), "[1] 6");
  EXPECT_EQ(propagate(op("ReduceSum"), {value({"n", "0"}), value({"-1"})}), "[1] n");
  EXPECT_EQ(propagate(op("ReduceMax"), {value({"2", "7"})}), "[1] 7");
  EXPECT_EQ(propagate(op("ReduceMin"), {value({})}), "-");
  EXPECT_EQ(propagate(op("Cast", {{"to", std::int64_t{6}}}), {value({"n", "3", "3000000000"})}), "[3] ? 3 ?");
  EXPECT_EQ(propagate(op("Cast", {{"to", std::int64_t{9}}}), {value({"5", "0"})}), "[2] 1 0");
  EXPECT_EQ(propagate(op("Cast", {{"to", std::int64_t{1}}}), {value({"5", "0"})}), "-");
  Node custom = op("Add");
  custom.domain = "my";
  EXPECT_EQ(propagate(custom, {value({"1"}), value({"1"})}), "-");
}

TEST(ShapeValues, ConstantReshapes) {
  const auto folded = [](const std::vector<std::string>& shape, const std::vector<std::string>& data,
                         bool copies_zeros = true) {
    const ValueFacts facts = of_shape(data);
    const auto result = constant_reshape(*value(shape).value, &facts, copies_zeros);
    return result ? *result : Ints{};
  };
  EXPECT_EQ(folded({"n", "12"}, {"n", "3", "4"}), (Ints{-1, 12}));
  EXPECT_EQ(folded({"?", "12"}, {"n", "3", "4"}), (Ints{-1, 12}));
  EXPECT_EQ(folded({"n", "m", "3"}, {"n", "m", "3", "1"}), (Ints{0, 0, 3}));
  EXPECT_EQ(folded({"n", "m", "3"}, {"n", "m", "3", "1"}, false), Ints{});  // zeros would be zeros
  EXPECT_EQ(folded({"m", "n"}, {"n", "m"}), Ints{});
  EXPECT_EQ(folded({"n", "-1"}, {"n", "m"}), (Ints{0, -1}));
  EXPECT_EQ(folded({"?", "-1"}, {"n", "m"}), Ints{});
  EXPECT_EQ(folded({"?", "0"}, {"n", "m"}),
            Ints{});  // nothing may be inferred beside a size that may be zero
  EXPECT_EQ(folded({"?", "0"}, {"n", "3"}), (Ints{-1, 0}));
}

}  // namespace
}  // namespace polygraph::onnx
