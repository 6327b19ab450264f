#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnx/sparsity.h>
#include <polygraph/onnx/weights.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using encode::bytes;
using encode::varint;
using ::testing::ElementsAre;

std::string node(std::string_view op, std::vector<std::string> inputs, std::string_view output,
                 std::string_view attributes = {}, std::string_view domain = {}) {
  std::string out;
  for (const std::string& input : inputs) out += bytes(1, input);
  out += bytes(2, output) + bytes(3, std::string(op) + "_" + std::string(output)) + bytes(4, op);
  return bytes(1, out + std::string(attributes) + (domain.empty() ? "" : bytes(7, domain)));
}

std::string int_attribute(std::string_view name, std::uint64_t value) {
  return bytes(5, bytes(1, name) + varint(3, value) + varint(20, 2));
}

std::string perm_attribute(std::initializer_list<std::uint64_t> values) {
  std::string out = bytes(1, "perm");
  for (const std::uint64_t value : values) out += varint(8, value);
  return bytes(5, out + varint(20, 7));
}

// An initializer with the given floats as raw data.
std::string weight(std::string_view name, std::initializer_list<std::int64_t> dims,
                   const std::vector<float>& values) {
  const std::string raw(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  return bytes(5, encode::tensor(name, 1, dims, bytes(9, raw)));
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

// The values of an initializer after a model was written and read again.
std::vector<float> saved_values(const Model& model, std::string_view name) {
  const Bytes encoded = encode_model(model);
  const Model again = load_model_from_bytes(encoded.span());
  for (const TensorData& tensor : again.graph.initializers) {
    if (tensor.name != name) continue;
    const Tensor values = tensor_of(tensor, again);
    return {values.values<float>().begin(), values.values<float>().end()};
  }
  ADD_FAILURE() << "no initializer " << name;
  return {};
}

TEST(PrunableWeights, AreSummedOverAlongTheRightAxis) {
  const Model model = encode::load(
      encode::model(node("Conv", {"x", "conv"}, "a") + node("MatMul", {"a", "right"}, "b") +
                    node("MatMul", {"left", "b"}, "c") + node("Gemm", {"c", "plain"}, "d") +
                    node("Gemm", {"d", "turned"}, "e", int_attribute("transB", 1)) +
                    node("Transpose", {"behind"}, "behind_t", perm_attribute({1, 0})) +
                    node("Cast", {"behind_t"}, "behind_c", int_attribute("to", 1)) +
                    node("MatMul", {"e", "behind_c"}, "f") + node("MatMul", {"f", "vector"}, "g") +
                    weight("conv", {2, 4, 1, 1}, ramp(8)) + weight("right", {8, 2}, ramp(16)) +
                    weight("left", {3, 2, 4}, ramp(24)) + weight("plain", {4, 2}, ramp(8)) +
                    weight("turned", {2, 4}, ramp(8)) + weight("behind", {2, 4}, ramp(8)) +
                    weight("vector", {4}, ramp(4))));
  const PrunableWeights found = prunable_weights(model);
  std::vector<std::pair<std::string, std::size_t>> axes;
  for (const PrunableWeight& each : found.weights) axes.emplace_back(each.tensor->name, each.axis);
  EXPECT_THAT(axes, ElementsAre(std::pair("conv", 1), std::pair("right", 0), std::pair("left", 2),
                                std::pair("plain", 0), std::pair("turned", 1), std::pair("behind", 1),
                                std::pair("vector", 0)));
  EXPECT_TRUE(found.skipped.empty());
  EXPECT_EQ(found.weights[1].user, "MatMul_b");
}

TEST(PrunableWeights, SaysWhyAWeightIsNone) {
  const Model model = encode::load(
      encode::model(node("MatMul", {"x", "odd"}, "a") +
                    bytes(5, encode::tensor("whole", 7, {4, 1}, bytes(9, std::string(32, '\1')))) +
                    node("MatMul", {"a", "whole"}, "b") + node("MatMul", {"b", "both"}, "c") +
                    node("Gemm", {"c", "both"}, "d", int_attribute("transB", 1)) +
                    weight("odd", {6, 2}, ramp(12)) + weight("both", {4, 4}, ramp(16))));
  const PrunableWeights found = prunable_weights(model);
  EXPECT_TRUE(found.weights.empty());
  ASSERT_EQ(found.skipped.size(), 3u);
  EXPECT_EQ(found.skipped[0].reason, "axis 0 is 6 long, not a multiple of four");
  EXPECT_EQ(found.skipped[1].reason, "its type is int64, not float32, float16 or bfloat16");
  EXPECT_EQ(found.skipped[2].reason, "node 'MatMul_c' sums over its axis 0, node 'Gemm_d' over 1");
}

TEST(PrunableWeights, RowsWithoutElementsAreNotGoneThrough) {
  constexpr std::int64_t many = std::int64_t{1} << 62;
  const Model model =
      encode::load(encode::model(node("MatMul", {"x", "w"}, "y") + weight("w", {many, 0}, {})));
  const PrunableWeights found = prunable_weights(model);
  EXPECT_TRUE(found.weights.empty());
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].reason, "it has no elements");
}

TEST(PrunableWeights, ACycleOfCastsEnds) {
  const Model model = encode::load(
      encode::model(node("Cast", {"b"}, "a") + node("Cast", {"a"}, "b") + node("MatMul", {"x", "b"}, "y")));
  EXPECT_TRUE(prunable_weights(model).weights.empty());
}

TEST(PrunableWeights, ALongChainOfCastsIsFollowed) {
  std::string nodes;
  for (int i = 0; i < 5000; ++i)
    nodes += node("Cast", {"w" + std::to_string(i)}, "w" + std::to_string(i + 1));
  const Model model = encode::load(
      encode::model(nodes + node("MatMul", {"x", "w5000"}, "y") + weight("w0", {4, 2}, ramp(8))));
  EXPECT_EQ(prunable_weights(model).weights.size(), 1u);
}

TEST(MeasureSparsity, CountsDenseGroups) {
  const Model model = encode::load(
      encode::model(node("MatMul", {"x", "w"}, "y") + weight("w", {4, 2}, {1, 0, -0.0f, 0, 3, 5, 4, 6})));
  const PrunableWeights found = prunable_weights(model);
  const Sparsity sparsity = measure_sparsity(found.weights[0], model);
  EXPECT_EQ(sparsity.groups, 2u);
  EXPECT_EQ(sparsity.dense_groups, 1u);  // 1 -0 3 4 is dense, 0 0 5 6 is not
  EXPECT_EQ(sparsity.zeros, 3u);
  EXPECT_FALSE(sparsity.is_2_4());
  EXPECT_FALSE(is_2_4_sparse(found.weights[0], model));
}

TEST(PruneWeights, KeepsTheTwoLargestOfFour) {
  const Model model =
      encode::load(encode::model(node("Gemm", {"x", "w"}, "y", int_attribute("transB", 1)) +
                                 weight("w", {2, 8}, {1, -4, 2, 3, 5, 5, 5, 5, 0, 0, 0, -1, 9, 0, 8, NAN})));
  const Model pruned = prune_weights(model);
  const std::vector<float> values = saved_values(pruned, "w");
  EXPECT_EQ(std::vector<float>(values.begin(), values.end() - 4),
            (std::vector<float>{0, -4, 0, 3, 0, 0, 5, 5, 0, 0, 0, -1}));
  EXPECT_EQ(values[12], 9);
  EXPECT_EQ(values[14], 0);
  EXPECT_TRUE(std::isnan(values[15]));        // nothing is larger
  EXPECT_EQ(saved_values(model, "w")[0], 1);  // the caller's model stays
}

// Rows longer than the pieces in which values are computed, and pieces that end
// inside of a group.
TEST(PruneWeights, IsTheSameInPieces) {
  std::vector<float> values(12 * 1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 1009) - 500;
  const Model model =
      encode::load(encode::model(node("MatMul", {"x", "w"}, "y") + weight("w", {12, 1000}, values)));
  Model pruned = prune_weights(model);
  const std::vector<float> whole = saved_values(pruned, "w");
  for (std::size_t row = 0; row < 12; row += 4) {
    for (std::size_t column = 0; column < 1000; ++column) {
      std::vector<float> group;
      for (std::size_t k = 0; k < 4; ++k) group.push_back(whole[(row + k) * 1000 + column]);
      ASSERT_LE(std::ranges::count_if(group, [](float v) { return v != 0; }), 2);
    }
  }
  const DeferredData& data = *pruned.graph.initializers[0].deferred;
  std::vector<std::byte> pieces(data.size());
  for (std::size_t offset = 0; offset < pieces.size(); offset += 192)
    data.read(offset, std::span(pieces).subspan(offset, std::min<std::size_t>(192, pieces.size() - offset)));
  EXPECT_EQ(std::memcmp(pieces.data(), whole.data(), pieces.size()), 0);
}

class Stripping : public ::testing::Test {
 protected:
  std::string graph_ =
      node("Conv", {"x", "conv", "bias"}, "a") + node("Add", {"a", "kept_bias"}, "b") +
      node("Gather", {"table", "b"}, "c") + node("Gather", {"small_table", "b"}, "d") +
      node("Plugin", {"c", "plugin"}, "e", {}, "custom") + node("MatMul", {"e", "sparse"}, "f") +
      bytes(1, bytes(2, "made") + bytes(4, "Constant") +
                   bytes(5, bytes(1, "value") + varint(20, 4) +
                                bytes(5, encode::tensor("", 1, {4}, bytes(9, std::string(16, '\1')))))) +
      node("MatMul", {"f", "made"}, "y") + weight("conv", {1, 4, 1, 1}, ramp(4)) +
      weight("bias", {1}, ramp(1)) + weight("kept_bias", {1}, ramp(1)) + weight("table", {1024}, ramp(1024)) +
      weight("small_table", {1023}, ramp(1023)) + weight("plugin", {2}, ramp(2)) +
      weight("sparse", {4, 1}, {0, 1, 0, 2}) + bytes(12, bytes(1, "y"));
  Model model_ = encode::load(encode::model(graph_) + bytes(8, bytes(1, "custom") + varint(2, 3)) +
                              bytes(14, bytes(1, "author") + bytes(2, "me")));
};

TEST_F(Stripping, TakesTheDataOfWeightsAndLeavesMarks) {
  Model stripped = model_;
  const WeightReport report = passes::strip_weights(stripped);
  EXPECT_THAT(report.weights, ElementsAre("conv", "bias", "table", "plugin", "sparse", "made"));
  EXPECT_THAT(report.sparse, ElementsAre("sparse"));
  EXPECT_EQ(report.bytes, 16u + 4 + 4096 + 8 + 16 + 16);
  EXPECT_EQ(stripped.doc_string, "TRT_WEIGHTLESS");
  const Bytes encoded = encode_model(stripped);
  const Model again = load_model_from_bytes(encoded.span());
  EXPECT_EQ(again.opset_imports.size(), 2u);
  EXPECT_EQ(again.metadata_props.size(), 1u);
  for (const TensorData& tensor : again.graph.initializers) {
    const bool marked = tensor.doc_string.starts_with("TRT_WEIGHTLESS/");
    EXPECT_EQ(marked, stored_size(tensor) == 0) << tensor.name;
    EXPECT_EQ(tensor.doc_string == "TRT_WEIGHTLESS/SPARSE_2_4", tensor.name == "sparse");
  }
  EXPECT_EQ(again.graph.initializers.size(),
            8u);  // what a Constant made is one now
}

TEST_F(Stripping, KeepsWhatIsExcluded) {
  Model stripped = model_;
  const WeightReport report = passes::strip_weights(stripped, {.exclude = {"table", "conv"}});
  EXPECT_THAT(report.weights, ElementsAre("bias", "plugin", "sparse", "made"));
  EXPECT_EQ(saved_values(stripped, "conv"), ramp(4));
  try {
    passes::strip_weights(stripped, {.exclude = {"tabel"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("there is no initializer 'tabel' to exclude"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'table'"));
  }
}

// Values kept as numbers of a typed field are data, too.
TEST(StripWeights, ClearsTypedFields) {
  Model model =
      encode::load(encode::model(node("MatMul", {"x", "w"}, "y") +
                                 bytes(5, encode::tensor("w", 1, {2}, bytes(4, encode::raw({1.0f, 2.0f}))))));
  EXPECT_EQ(passes::strip_weights(model).bytes, 8u);
  const Bytes encoded = encode_model(model);
  EXPECT_EQ(stored_size(load_model_from_bytes(encoded.span()).graph.initializers[0]), 0u);
}

TEST_F(Stripping, ReconstructsTheSameRandomValuesForASeed) {
  const Model stripped = strip_weights(model_);
  const Model one = reconstruct_weights(stripped);
  EXPECT_EQ(saved_values(one, "table"), saved_values(reconstruct_weights(stripped), "table"));
  EXPECT_NE(saved_values(one, "table"), saved_values(reconstruct_weights(stripped, 2), "table"));
  const std::vector<float> values = saved_values(one, "table");
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 1024;
  double variance = 0;
  for (const float value : values) variance += (value - mean) * (value - mean) / 1024;
  EXPECT_NEAR(mean, 0, 0.1);
  EXPECT_NEAR(variance, 1, 0.15);
  const std::vector<float> sparse = saved_values(one, "sparse");
  EXPECT_EQ(std::ranges::count(sparse, 0.0f), 2);
  EXPECT_EQ(saved_values(one, "kept_bias"), ramp(1));
}

TEST(ReconstructWeights, RefusesAModelThatWasNotStripped) {
  Model model = encode::load(encode::model(node("Relu", {"x"}, "y")));
  EXPECT_THROW(passes::reconstruct_weights(model), InputError);
}

TEST(WeightLoaders, PrintAsExpressions) {
  const auto load = [] { return encode::load(encode::model("")); };
  EXPECT_EQ(StripWeights(load, {.exclude = {"w"}}).str(),
            "StripWeights(/* callable */, {.exclude = {\"w\"}})");
  EXPECT_EQ(ReconstructWeights(load).str(), "ReconstructWeights(/* callable */)");
  EXPECT_EQ(ReconstructWeights(load, 7).str(), "ReconstructWeights(/* callable */, 7)");
  EXPECT_EQ(PruneWeights(load).str(), "PruneWeights(/* callable */)");
}

}  // namespace
}  // namespace polygraph::onnx
