#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/statistics.h>

#include <limits>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using namespace encode;
using testing::HasSubstr;

std::string node(std::string_view op, std::initializer_list<std::string_view> inputs,
                 std::initializer_list<std::string_view> outputs, const std::string& more = {}) {
  std::string out;
  for (const std::string_view input : inputs) out += bytes(1, input);
  for (const std::string_view output : outputs) out += bytes(2, output);
  return bytes(1, out + bytes(4, op) + more);
}

/// A number, or a name; `?` for nothing known.
std::string info(std::string_view name, std::initializer_list<std::string_view> dims,
                 std::uint64_t type = 1) {
  std::string shape;
  for (const std::string_view dim : dims) {
    std::string content;
    if (dim != "?")
      content = dim.find_first_not_of("0123456789") == std::string_view::npos
                    ? varint(1, std::stoull(std::string(dim)))
                    : bytes(2, dim);
    shape += bytes(1, content);
  }
  return bytes(1, name) + bytes(2, bytes(1, varint(1, type) + bytes(2, shape)));
}
std::string input(std::string_view name, std::initializer_list<std::string_view> dims) {
  return bytes(11, info(name, dims));
}
std::string value(std::string_view name, std::initializer_list<std::string_view> dims) {
  return bytes(13, info(name, dims));
}
/// An initializer of float32 without its values: they are not to be read.
std::string weights(std::string_view name, std::initializer_list<std::int64_t> dims) {
  return bytes(5, tensor(name, 1, dims, ""));
}
std::string int_attribute(std::string_view name, std::uint64_t number) {
  return bytes(5, bytes(1, name) + varint(3, number) + varint(20, 2));
}
std::string ints_attribute(std::string_view name, std::initializer_list<std::uint64_t> list) {
  std::string out = bytes(1, name);
  for (const std::uint64_t number : list) out += varint(8, number);
  return bytes(5, out + varint(20, 7));
}
std::string text_attribute(std::string_view name, std::string_view text) {
  return bytes(5, bytes(1, name) + bytes(4, text) + varint(20, 3));
}
std::string graph_attribute(std::string_view name, std::string_view graph) {
  return bytes(5, bytes(1, name) + bytes(6, graph) + varint(20, 5));
}

struct Counted {
  Model model;
  ModelStatistics result;
  const NodeStatistics& operator[](std::size_t i) const { return result.nodes.at(i); }
  std::string operations(std::size_t i = 0) const {
    return result.nodes.at(i).operations ? result.nodes[i].operations->str() : "unknown";
  }
  std::string bytes(std::size_t i = 0) const {
    return result.nodes.at(i).bytes ? result.nodes[i].bytes->str() : "unknown";
  }
};

Counted count(const std::string& graph) {
  Counted counted{load(encode::model(graph)), {}};
  counted.result = statistics(counted.model);
  return counted;
}

TEST(SymbolicSize, IsAPolynomial) {
  const SymbolicSize n = SymbolicSize::named("n");
  const SymbolicSize m = SymbolicSize::named("m");
  EXPECT_EQ(SymbolicSize().str(), "0");
  EXPECT_EQ(SymbolicSize(-1), SymbolicSize(0));
  EXPECT_EQ((SymbolicSize(2) * SymbolicSize(3) + SymbolicSize(1)).value(), 7);
  EXPECT_EQ((n * n * SymbolicSize(3) + m * n + n + SymbolicSize(5)).str(), "m*n + 3*n^2 + n + 5");
  EXPECT_EQ((n + m) * (n + m), n * n + m * m + SymbolicSize(2) * n * m);
  EXPECT_EQ(n.value(), std::nullopt);
  EXPECT_EQ((n * SymbolicSize(0)).value(), 0);
  EXPECT_EQ((n * SymbolicSize(9)).divided_by(8), n * SymbolicSize(2));
  EXPECT_EQ(SymbolicSize::upper_bound(n * SymbolicSize(2) + m, n + SymbolicSize(4)),
            n * SymbolicSize(2) + m + SymbolicSize(4));
  EXPECT_EQ((n * m + n + m + SymbolicSize(1)).str(2), "m*n + m + (2 more terms)");
}

TEST(SymbolicSize, StaysAtTheLargestNumber) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ((SymbolicSize(most) + SymbolicSize(1)).value(), most);
  EXPECT_EQ((SymbolicSize(most / 2) * SymbolicSize(3)).value(), most);
}

TEST(Statistics, OfMatricesAndConvolutions) {
  const Counted matmul = count(input("x", {"batch", "64"}) + weights("w", {64, 10}) +
                               node("MatMul", {"x", "w"}, {"y"}) + value("y", {"batch", "10"}));
  EXPECT_EQ(matmul.operations(), "1280*batch");
  EXPECT_EQ(matmul.bytes(), "296*batch + 2560");
  EXPECT_EQ(matmul[0].parameters, 640);
  EXPECT_EQ(matmul[0].parameter_bytes, 2560);
  EXPECT_EQ(matmul.result.parameters, 640);

  const Counted gemm =
      count(input("x", {"64", "8"}) + weights("w", {64, 10}) + weights("c", {10}) +
            node("Gemm", {"x", "w", "c"}, {"y"}, int_attribute("transA", 1)) + value("y", {"8", "10"}));
  EXPECT_EQ(gemm.operations(), std::to_string(2 * 8 * 10 * 64 + 80));

  const Counted conv = count(
      input("x", {"1", "4", "8", "8"}) + weights("w", {6, 2, 3, 3}) + weights("b", {6}) +
      node("Conv", {"x", "w", "b"}, {"y"}, int_attribute("group", 2)) + value("y", {"1", "6", "6", "6"}));
  EXPECT_EQ(conv.operations(), std::to_string(2 * 216 * 18 + 216));
  EXPECT_EQ(conv[0].parameters, 6 * 18 + 6);

  const Counted transposed =
      count(input("x", {"1", "4", "8", "8"}) + weights("w", {4, 6, 2, 2}) +
            node("ConvTranspose", {"x", "w"}, {"y"}) + value("y", {"1", "6", "9", "9"}));
  EXPECT_EQ(transposed.operations(), std::to_string(2 * 256 * 24));

  const std::string operands = input("a", {"b", "4", "8"}) + input("c", {"b", "8", "5"});
  EXPECT_EQ(
      count(operands + node("Einsum", {"a", "c"}, {"y"}, text_attribute("equation", "bij, bjk -> bik")) +
            value("y", {"b", "4", "5"}))
          .operations(),
      "320*b");
  EXPECT_EQ(count(operands + node("Einsum", {"a", "c"}, {"y"}, text_attribute("equation", "bij,jk")) +
                  value("y", {"b", "4", "5"}))
                .operations(),
            "unknown");
}

TEST(Statistics, OfRecurrentLayersAndAttention) {
  const Counted lstm = count(input("x", {"seq", "1", "16"}) + weights("w", {1, 32, 16}) +
                             weights("r", {1, 32, 8}) + weights("b", {1, 64}) +
                             node("LSTM", {"x", "w", "r", "b"}, {"y"}) + value("y", {"seq", "1", "1", "8"}));
  EXPECT_EQ(lstm.operations(), std::to_string(2 * 32 * 16 + 2 * 32 * 8 + 64 + 9 * 8) + "*seq");

  const Counted attention =
      count(input("q", {"1", "4", "s", "16"}) + input("k", {"1", "4", "t", "16"}) +
            input("v", {"1", "4", "t", "16"}) + node("Attention", {"q", "k", "v"}, {"y"}) +
            value("y", {"1", "4", "s", "16"}));
  EXPECT_EQ(attention.operations(), std::to_string(2 * 64 + 2 * 64 + 5 * 4) + "*s*t");
}

TEST(Statistics, OfTheRest) {
  const std::string x = input("x", {"2", "3", "8", "8"});
  const auto operations = [&](std::string_view op, const std::string& more = {}) {
    return count(x + node(op, {"x"}, {"y"}, more) + value("y", {"2", "3", "4", "4"})).operations();
  };
  EXPECT_EQ(operations("MaxPool", ints_attribute("kernel_shape", {2, 2})), std::to_string(96 * 4));
  EXPECT_EQ(operations("MaxPool"), "unknown");
  EXPECT_EQ(operations("ReduceMean"), "384");
  EXPECT_EQ(operations("Relu"), "96");
  EXPECT_EQ(operations("Softmax"), "480");
  EXPECT_EQ(operations("LayerNormalization"), "672");
  EXPECT_EQ(operations("Resize", text_attribute("mode", "linear")), std::to_string(96 * 8));
  EXPECT_EQ(operations("Transpose"), "0");
}

TEST(Statistics, BytesFollowWhatIsMoved) {
  const std::string x = input("x", {"100", "8"});
  EXPECT_EQ(count(x + node("Reshape", {"x", "s"}, {"y"}) + value("y", {"800"})).bytes(), "0");
  EXPECT_EQ(count(x + node("Relu", {"x"}, {"y"}) + value("y", {"100", "8"})).bytes(), "6400");
  EXPECT_EQ(count(x + bytes(5, tensor("i", 7, {2}, "")) + node("Gather", {"x", "i"}, {"y"}) +
                  value("y", {"2", "8"}))
                .bytes(),
            std::to_string(2 * 64 + 16));
  const Counted narrow =
      count(bytes(5, tensor("i", 22, {3}, "")) + node("Cast", {"i"}, {"y"}) + value("y", {"3"}));
  EXPECT_EQ(narrow.bytes(), std::to_string(12 + 2)) << "three elements of 4 bits take two bytes";
}

TEST(Statistics, WhatIsNotKnownIsListed) {
  const Counted counted =
      count(input("x", {"2"}) + node("Relu", {"x"}, {"y"}) + node("Foo", {"x"}, {"z"}, bytes(7, "my")) +
            node("NonZero", {"x"}, {"n"}) + node("Neg", {"x"}, {"w"}) + value("w", {"2"}));
  EXPECT_EQ(counted.result.unknown, 3u);
  EXPECT_EQ(counted[0].unknown, "no shape is known of 'y'");
  EXPECT_EQ(counted[1].unknown, "the operator is not known here");
  EXPECT_EQ(counted[2].unknown, "the operator is not known here");
  EXPECT_EQ(counted.operations(1), "unknown");
  EXPECT_EQ(counted.result.operations, SymbolicSize(2));
  ASSERT_EQ(counted.result.operators.size(), 4u);
  EXPECT_EQ(counted.result.operators[3].op_type, "my::Foo");
  EXPECT_EQ(counted.result.operators[3].unknown, 1u);
}

TEST(Statistics, DimensionsWithoutANameAreNamedAfterTheirPlace) {
  EXPECT_EQ(count(input("x", {"?", "3"}) + node("Relu", {"x"}, {"y"}) + value("y", {"?", "3"})).operations(),
            "3*y[0]");
  // Two dimensions that are called `?` are not the same one.
  const std::string question =
      bytes(1, "x") +
      bytes(2, bytes(1, varint(1, 1) + bytes(2, bytes(1, bytes(2, "?")) + bytes(1, bytes(2, "?")))));
  EXPECT_EQ(count(bytes(11, question) + node("ReduceSum", {"x"}, {"y"})).operations(), "x[0]*x[1]");
}

TEST(Statistics, ConstantsOfNodesAreParameters) {
  const std::string constant =
      bytes(5, bytes(1, "value") + bytes(5, tensor("", 1, {4, 8}, "")) + varint(20, 4));
  const Counted counted = count(input("x", {"2", "4"}) + node("Constant", {}, {"w"}, constant) +
                                node("MatMul", {"x", "w"}, {"y"}) + value("y", {"2", "8"}));
  EXPECT_EQ(counted.result.parameters, 32);
  EXPECT_EQ(counted[1].parameters, 32);
  EXPECT_EQ(counted.operations(1), "128");
}

std::string body(std::string_view op) {
  return node(op, {"x"}, {"t"}) + bytes(12, info("t", {"n"}));
}

TEST(Statistics, BranchesAreListedAndTheLargerCounts) {
  const Counted counted =
      count(input("x", {"n"}) + node("If", {"c"}, {"y"},
                                     graph_attribute("then_branch", body("Relu")) +
                                         graph_attribute("else_branch", body("Softmax"))));
  ASSERT_EQ(counted.result.nodes.size(), 3u);
  EXPECT_EQ(counted[0].path, "0");
  EXPECT_EQ(counted[1].path, "0/then_branch/0");
  EXPECT_EQ(counted.operations(1), "n");
  EXPECT_EQ(counted.operations(2), "5*n");
  EXPECT_EQ(counted.result.operations.str(), "5*n");
}

TEST(Statistics, LoopsCountTheirIterations) {
  const auto loop = [](const std::string& count_of) {
    return count(input("x", {"n"}) + bytes(5, tensor("M", 7, {}, bytes(9, raw<std::int64_t>({12})))) +
                 node("Loop", {count_of, ""}, {"y"}, bytes(3, "l") + graph_attribute("body", body("Relu"))));
  };
  EXPECT_EQ(loop("M").result.operations.str(), "12*n");
  EXPECT_EQ(loop("M").operations(1), "n");
  EXPECT_EQ(loop("x").result.operations.str(), "iterations(l)*n");
  const Counted scan =
      count(input("x", {"n"}) + input("s", {"seq", "4"}) +
            node("Scan", {"x", "s"}, {"y"},
                 int_attribute("num_scan_inputs", 1) + graph_attribute("body", body("Relu"))));
  EXPECT_EQ(scan.result.operations.str(), "n*seq");
}

TEST(Statistics, DamagedShapesDoNotHurt) {
  const Counted counted = count(weights("w", {-1, std::numeric_limits<std::int64_t>::max()}) +
                                weights("v", {1L << 40, 1L << 40}) + node("MatMul", {"w", "v"}, {"y"}) +
                                node("Conv", {"y"}, {"z"}) + node("LSTM", {}, {}) + node("Einsum", {}, {}));
  EXPECT_EQ(counted.result.nodes.size(), 4u);
}

}  // namespace
}  // namespace polygraph::onnx
