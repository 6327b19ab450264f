// Models of ONNX's own tests compute the same after they were folded and simplified.
#include <gtest/gtest.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/simplify.h>
#include <polygraph/onnxrt.h>
#include <polygraph/onnxrt/evaluator.h>

#include <algorithm>

#include "helpers/node_test_files.h"

namespace polygraph::onnxrt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::node_test_folders;
using polygraph::test::read_tensors;

struct NodeTest {
  std::string name;
  onnx::Model model;
  FeedDict feed;
};

// Those whose inputs are tensors, and whose results are no random numbers.
std::vector<NodeTest> node_tests() {
  std::vector<NodeTest> tests;
  for (const fs::path& folder : node_test_folders()) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::string name = entry.path().filename().string();
      const bool is_random = std::ranges::any_of(
          std::initializer_list<const char*>{"random", "bernoulli", "dropout", "multinomial"},
          [&](const char* word) { return name.find(word) != std::string::npos; });
      if (is_random || !fs::exists(entry.path() / "model.onnx")) continue;
      NodeTest test{std::move(name), onnx::load_model(entry.path() / "model.onnx"), {}};
      const auto inputs = read_tensors(entry.path() / "test_data_set_0", "input");
      if (!inputs || inputs->size() > test.model.graph.inputs.size()) continue;
      for (std::size_t i = 0; i < inputs->size(); ++i) {
        std::optional<Tensor> tensor = (*inputs)[i];
        polygraph::test::restore_bfloat16(tensor, test.model.graph.inputs[i]);
        test.feed.set(std::string(test.model.graph.inputs[i].name), *tensor);
      }
      tests.push_back(std::move(test));
    }
  }
  return tests;
}

TensorMap run(const onnx::Model& model, const FeedDict& feed) {
  return session_from_onnx(model, SessionOptions{.graph_optimization_level = GraphOptimizationLevel::disabled,
                                                 .intra_op_threads = 1,
                                                 .log_severity = LogSeverity::fatal})
      .run(feed);
}

// The model with its inputs as constants.
onnx::Model with_constants(const NodeTest& test) {
  onnx::Model model = test.model;
  for (const auto& [name, tensor] : test.feed) {
    onnx::TensorData& data = model.graph.initializers.emplace_back();
    data.name = model.storage.intern(std::string_view(name));
    data.data_type = onnx::element_type_of(tensor.dtype());
    data.dims.assign(tensor.shape().begin(), tensor.shape().end());
    if (tensor.dtype() == DataType::string)
      for (const std::string& text : tensor.strings())
        data.string_data.push_back(model.storage.intern(std::string_view(text)));
    else
      data.raw_data = onnx::ByteSpan(static_cast<const std::byte*>(tensor.data()), tensor.nbytes());
  }
  std::erase_if(model.graph.inputs,
                [&](const onnx::ValueInfo& info) { return test.feed.contains(info.name); });
  model.ir_version = std::max<std::int64_t>(model.ir_version.value_or(0), 4);
  return model;
}

bool is_same(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DataType::string) return std::ranges::equal(a.strings(), b.strings());
  return compare::difference(a, b, {.infinities_compare_equal = true, .nans_compare_equal = true})
             .mismatches == 0;
}

std::string difference(const TensorMap& expected, const TensorMap& actual) {
  if (expected.size() != actual.size()) return "another number of outputs";
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!is_same(expected.at(i).second, actual.at(i).second))
      return "'" + expected.at(i).first + "': " + expected.at(i).second.str() + " became " +
             actual.at(i).second.str();
  return {};
}

// Gives every test to `edit`, and compares what ONNX Runtime computes before and after.
void expect_same(const std::function<onnx::Model(const NodeTest&)>& start,
                 const std::function<void(onnx::Model&)>& edit, std::size_t at_least) {
  std::size_t compared = 0;
  for (const NodeTest& test : node_tests()) {
    SCOPED_TRACE(test.name);
    onnx::Model model = start(test);
    const FeedDict feed = model.graph.inputs.empty() ? FeedDict() : test.feed;
    TensorMap expected;
    try {
      expected = run(model, feed);
    } catch (const Error&) {
      continue;  // not for ONNX Runtime
    }
    edit(model);
    ++compared;
    try {
      EXPECT_EQ(difference(expected, run(model, feed)), "");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_GE(compared, at_least);
}

TEST(EditedNodeModels, ComputeTheSameWhenFolded) {
  if (node_test_folders().empty()) GTEST_SKIP() << "no test cases are installed";
  const onnx::Evaluators engines{node_evaluator()};
  expect_same(
      with_constants, [&](onnx::Model& model) { onnx::passes::fold_constants(model, {}, engines); }, 800);
}

TEST(EditedNodeModels, ComputeTheSameWhenSimplified) {
  if (node_test_folders().empty()) GTEST_SKIP() << "no test cases are installed";
  const onnx::Evaluators engines{node_evaluator()};
  expect_same([](const NodeTest& test) { return test.model; },
              [&](onnx::Model& model) { onnx::passes::simplify(model, {}, engines); }, 800);
}

}  // namespace
}  // namespace polygraph::onnxrt::test
