#include "cli/surgeon_verify.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/runner.h>

#include <charconv>
#include <memory>

#include "cli/input_options.h"
#include "cli/surgeon_engines.h"
#include "compare/index_text.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

TensorMap outputs_of(Runner& runner, const FeedDict& feed) {
  return runner.infer(feed).clone();
}

std::string first_difference(const std::string& name, const Tensor& expected, const Tensor& actual,
                             const compare::DifferenceOptions& tolerance) {
  if (expected.dtype() != actual.dtype() || expected.shape() != actual.shape())
    return fmt::format("The output '{}' was {} {} and is {} {}.", name, to_string(expected.dtype()),
                       expected.shape().str(), to_string(actual.dtype()), actual.shape().str());
  const compare::DifferenceStatistics found = compare::difference(actual, expected, tolerance);
  if (found.mismatches == 0) return {};
  if (expected.dtype() == DataType::string)
    return fmt::format("The texts of the output '{}' are others.", name);
  const std::int64_t worst = found.worst.front().index;
  return fmt::format(
      "{} of the {} values of the output '{}' differ; most of all the one at {}: {} was, {} is.",
      found.mismatches, expected.element_count(), name, compare::detail::index_text(worst, expected.shape()),
      expected.element_as_text(worst), actual.element_as_text(worst));
}

}  // namespace

double parse_tolerance(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || parsed != end || !(value >= 0))
    throw UsageError(fmt::format("'{}' is no number of 0 or more.", text));
  return value;
}

std::string verify_same(const onnx::Model& original, const onnx::Model& changed, const DataLoading& data,
                        const compare::DifferenceOptions& tolerance) {
  const std::unique_ptr<Runner> first = reference_runner(original);
  TensorMap expected;
  FeedDict feed;
  {
    const Activation active = first->activate();
    feed = inputs_for(first->input_metadata(), data);
    expected = outputs_of(*first, feed);
  }
  const std::unique_ptr<Runner> second = reference_runner(changed);
  const Activation active = second->activate();
  const TensorMap& actual = second->infer(feed);
  log_verbose("Both models ran with {}", second->name());
  for (const auto& [name, tensor] : expected) {
    const Tensor* other = actual.find(name);
    if (other == nullptr) return fmt::format("There is no output '{}' any more.", name);
    std::string difference = first_difference(name, tensor, *other, tolerance);
    if (!difference.empty()) return difference;
  }
  return {};
}

}  // namespace polygraph::cli
