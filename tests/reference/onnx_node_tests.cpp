#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/reference/runner.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "helpers/node_test_files.h"
#include "reference/operators.h"

// The ONNX project's tests, computed in double precision.
namespace polygraph::reference::test {
namespace {

namespace fs = std::filesystem;

// Operators of these tests without a kernel, and why.
const std::map<std::string, std::string> not_covered{
    {"Bernoulli", "random"},
    {"Dropout", "random in training mode; computed otherwise"},
    {"RandomUniformLike", "random"},
    {"RandomNormalLike", "random"},
    {"CausalConvWithState", "of a preview opset"},
    {"FlexAttention", "of a preview domain"},
    {"LinearAttention", "of a preview opset"},
    {"ImageDecoder", "needs decoders of image files"},
    {"RegexFullMatch", "needs RE2's expressions"},
    {"StringNormalizer", "needs a locale"},
    {"ArrayFeatureExtractor", "ai.onnx.ml"},
    {"Binarizer", "ai.onnx.ml"},
    {"LabelEncoder", "ai.onnx.ml"},
    {"TreeEnsemble", "ai.onnx.ml"},
    {"Adagrad", "training"},
    {"Adam", "training"},
    {"Momentum", "training"},
    {"Gradient", "training"},
};

// Tests whose expected numbers are not what the operator's page defines, by the beginning of their names.
const std::map<std::string, std::string> not_exact{
    {"test_averagepool_2d_ceil_last_window_starts_on_pad", "given with four digits"},
    {"test_gridsample_bicubic", "given with four digits"},
    {"test_roialign_aligned", "given with four digits"},
    {"test_blackmanwindow", "computed with 3.1415 for pi"},
    {"test_hammingwindow", "computed with 3.1415 for pi"},
    {"test_hannwindow", "computed with 3.1415 for pi"},
    {"test_dynamicquantizelinear", "25.4999... is rounded to 25.5 in float32, and then to 26"},
    {"test_cast_FLOAT16_to_", "whole numbers of 4 and 2 bits wrap; ONNX leaves what is out of range open"},
    {"test_cast_FLOAT_to_", "likewise, and fp4 has no NaN"},
    {"test_castlike_FLOAT16_to_", "likewise"},
    {"test_castlike_FLOAT_to_", "likewise"},
};
// Of casts, only those to these types.
constexpr std::string_view open_casts[] = {"INT2", "INT4", "FLOAT4E2M1"};

bool is_not_exact(const std::string& name) {
  for (const auto& [beginning, reason] : not_exact) {
    if (!name.starts_with(beginning)) continue;
    if (!name.starts_with("test_cast")) return true;
    if (std::ranges::any_of(open_casts,
                            [&](std::string_view type) { return name.find(type) != std::string::npos; }))
      return true;
  }
  return false;
}

// The expected numbers were computed in the model's own type: what that leaves is all the difference there
// may be.
double tolerance(DataType dtype) {
  switch (dtype) {
    case DataType::float64:
      return 1e-7;  // attributes are float32
    case DataType::float32:
      return 2e-6;
    case DataType::float16:
      return 0x1p-9;
    case DataType::bfloat16:
      return 0x1p-6;
    default:
      return 0;
  }
}

bool same_element(const Tensor& actual, const Tensor& expected, std::int64_t i, double absolute) {
  if (!is_floating(actual.dtype())) return actual.element_as_text(i) == expected.element_as_text(i);
  const double a = actual.element_as_double(i), b = expected.element_as_double(i);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= absolute + tolerance(actual.dtype()) * std::abs(b);
}

std::string difference(const Tensor& actual, const Tensor& expected) {
  if (actual.dtype() != expected.dtype())
    return fmt::format("type {} instead of {}", to_string(actual.dtype()), to_string(expected.dtype()));
  if (actual.shape() != expected.shape())
    return fmt::format("shape {} instead of {}", actual.shape().str(), expected.shape().str());
  const double absolute = tolerance(actual.dtype()) == 0 || actual.dtype() == DataType::string
                              ? 0
                              : tolerance(actual.dtype()) * polygraph::test::largest_magnitude(expected);
  for (std::int64_t i = 0; i < actual.element_count(); ++i)
    if (!same_element(actual, expected, i, absolute))
      return fmt::format("element {} is {} instead of {}", i, actual.element_as_text(i),
                         expected.element_as_text(i));
  return {};
}

struct Sweep {
  std::size_t right = 0;
  std::vector<std::string> wrong;
};

bool has_operator_not_covered(const onnx::Model& model) {
  bool found = false;
  onnx::for_each_graph(model, [&](const onnx::Graph& graph) {
    for (const onnx::Node& node : graph.nodes)
      found = found || not_covered.contains(std::string(node.op_type));
  });
  return found;
}

void run(const fs::path& test, Sweep& sweep) {
  const std::string name = test.filename().string();
  const onnx::Model model = onnx::load_model(test / "model.onnx");
  auto inputs = polygraph::test::read_tensors(test / "test_data_set_0", "input");
  auto expected = polygraph::test::read_tensors(test / "test_data_set_0", "output");
  if (!inputs || !expected || inputs->size() > model.graph.inputs.size() || expected->empty()) return;
  const auto is_tensor = [](const onnx::ValueInfo& info) {
    return info.type && info.type->kind == onnx::Type::Kind::tensor;
  };
  if (!std::ranges::all_of(model.graph.inputs, is_tensor) ||
      !std::ranges::all_of(model.graph.outputs, is_tensor))
    return;
  try {
    Runner runner(model);
    const auto active = runner.activate();
    FeedDict feed;
    for (std::size_t i = 0; i < inputs->size(); ++i) {
      polygraph::test::restore_bfloat16((*inputs)[i], model.graph.inputs[i]);
      feed.set(std::string(model.graph.inputs[i].name), *(*inputs)[i]);
    }
    // Some data sets are of other shapes than the model says.
    const TensorMap& outputs = runner.infer(feed, false);
    for (std::size_t i = 0; i < expected->size(); ++i) {
      polygraph::test::restore_bfloat16((*expected)[i], model.graph.outputs.at(i));
      const std::string wrong = difference(outputs.at(i).second, *(*expected)[i]);
      if (!wrong.empty() && !(wrong.starts_with("element") && is_not_exact(name))) {
        sweep.wrong.push_back(fmt::format("{}: output {}: {}", name, i, wrong));
        return;
      }
    }
    ++sweep.right;
  } catch (const Error& error) {
    if (!has_operator_not_covered(model)) sweep.wrong.push_back(fmt::format("{}: {}", name, error.what()));
  }
}

TEST(OnnxNodeTests, AreComputedAsExpected) {
  const auto folders = polygraph::test::node_test_folders();
  if (folders.empty()) GTEST_SKIP() << "no test cases are installed";
  Sweep sweep;
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder))
      if (fs::exists(entry.path() / "model.onnx")) run(entry.path(), sweep);
  EXPECT_GT(sweep.right, 800u);
  std::ranges::sort(sweep.wrong);
  EXPECT_TRUE(sweep.wrong.empty()) << fmt::format("{}", fmt::join(sweep.wrong, "\n"));
  RecordProperty("right", static_cast<int>(sweep.right));
}

TEST(OnnxNodeTests, ListOnlyOperatorsWithoutKernels) {
  for (const auto& [op_type, reason] : not_covered)
    EXPECT_EQ(find_kernel(op_type) != nullptr, reason.starts_with("random")) << op_type;
}

}  // namespace
}  // namespace polygraph::reference::test
