#include "contract/evaluator_contract.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "helpers/node_test_files.h"

namespace polygraph::test {

namespace fs = std::filesystem;

namespace {

// Cases that say nothing about an evaluator.
bool is_left_out(const std::string& test) {
  // Its output contradicts the text of the operator (ONNX issue 5398).
  if (test == "test_maxunpool_export_with_output_shape") return true;
  // Random numbers.
  return test.starts_with("test_bernoulli") || test.starts_with("test_training_dropout");
}

// A thousandth, or what the last digit of a coarse type makes up; none where there is hardly a fraction.
double tolerance(DataType dtype) {
  switch (dtype) {
    case DataType::float16:
      return 0x1p-9;
    case DataType::bfloat16:
      return 0x1p-7;
    case DataType::float32:
    case DataType::float64:
      return 1e-3;
    default:
      return 0;
  }
}

bool same_number(double a, double b, double relative, double absolute) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= absolute + relative * std::abs(b);
}

// Numbers written as text may have more digits than are needed.
bool same_text(const std::string& a, const std::string& b) {
  if (a == b) return true;
  char* end = nullptr;
  const float number = std::strtof(a.c_str(), &end);
  return !a.empty() && *end == '\0' && number == std::strtof(b.c_str(), nullptr);
}

bool same_element(const Tensor& actual, const Tensor& expected, std::int64_t i, double absolute) {
  if (actual.dtype() == DataType::string)
    return same_text(actual.strings()[static_cast<std::size_t>(i)],
                     expected.strings()[static_cast<std::size_t>(i)]);
  if (!is_floating(actual.dtype())) return actual.element_as_text(i) == expected.element_as_text(i);
  return same_number(actual.element_as_double(i), expected.element_as_double(i), tolerance(actual.dtype()),
                     absolute);
}

// What is wrong with `actual`; empty if nothing.
std::string difference(const Tensor& actual, const Tensor& expected) {
  if (actual.dtype() != expected.dtype())
    return fmt::format("type {} instead of {}", to_string(actual.dtype()), to_string(expected.dtype()));
  if (actual.shape() != expected.shape())
    return fmt::format("shape {} instead of {}", actual.shape().str(), expected.shape().str());
  const double absolute = tolerance(expected.dtype()) != 0 ? 1e-7 + 1e-6 * largest_magnitude(expected) : 0;
  for (std::int64_t i = 0; i < actual.element_count(); ++i)
    if (!same_element(actual, expected, i, absolute))
      return fmt::format("element {} is {} instead of {}", i, actual.element_as_text(i),
                         expected.element_as_text(i));
  return {};
}

std::string difference(const std::vector<std::optional<Tensor>>& actual,
                       const std::vector<std::optional<Tensor>>& expected) {
  std::size_t next = 0;
  for (const std::optional<Tensor>& tensor : actual) {
    if (!tensor) continue;  // left out: there is no file for it
    if (next == expected.size()) return "too many outputs";
    const std::string text = difference(*tensor, *expected[next++]);
    if (!text.empty()) return fmt::format("output {}: {}", next - 1, text);
  }
  return next == expected.size() ? "" : "too few outputs";
}

}  // namespace

NodeTestResults run_node_tests(const onnx::Evaluator& evaluator) {
  std::vector<fs::path> tests;
  for (const fs::path& folder : node_test_folders())
    for (const auto& entry : fs::directory_iterator(folder)) tests.push_back(entry.path());
  std::ranges::sort(tests);
  NodeTestResults results;
  for (const fs::path& test : tests) {
    const std::string name = test.filename().string();
    if (is_left_out(name) || !fs::exists(test / "model.onnx")) continue;
    const onnx::Model model = onnx::load_model(test / "model.onnx");
    if (model.graph.nodes.size() != 1 || !model.graph.initializers.empty()) continue;
    auto inputs = read_tensors(test / "test_data_set_0", "input");
    auto expected = read_tensors(test / "test_data_set_0", "output");
    if (!inputs || !expected || expected->empty()) continue;
    for (std::size_t i = 0; i < inputs->size(); ++i) restore_bfloat16((*inputs)[i], model.graph.inputs.at(i));
    for (std::size_t i = 0; i < expected->size(); ++i)
      restore_bfloat16((*expected)[i], model.graph.outputs.at(i));

    const onnx::Node& node = model.graph.nodes[0];
    std::vector<std::optional<Tensor>> arguments;
    for (const std::string_view input : node.inputs) {
      const auto at = std::ranges::find(model.graph.inputs, input, &onnx::ValueInfo::name);
      if (input.empty() || at == model.graph.inputs.end())
        arguments.emplace_back();
      else
        arguments.push_back(inputs->at(static_cast<std::size_t>(at - model.graph.inputs.begin())));
    }
    try {
      const auto outputs = evaluator.evaluate({node, model, arguments});
      const std::string wrong = difference(outputs, *expected);
      if (wrong.empty())
        results.right.push_back(name);
      else
        results.wrong.push_back(fmt::format("{} ({}): {}", name, node.op_type, wrong));
    } catch (const BackendError& error) {
      const auto& lines = error.engine_messages();
      results.refused.push_back(fmt::format("{} ({}): {}", name, node.op_type,
                                            lines.empty() ? std::string(error.problem()) : lines[0]));
    }
  }
  return results;
}

}  // namespace polygraph::test
