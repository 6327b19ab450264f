#include "compare/run_comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <algorithm>
#include <cctype>

#include "compare/align_shapes.h"

namespace polygraph::compare {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<std::string> find_alike(const std::string& name, std::size_t index, const TensorMap& outputs) {
  if (outputs.contains(name)) return name;
  const std::string wanted = lower(name);
  for (const auto& [other, tensor] : outputs) {
    const std::string candidate = lower(other);
    if (candidate.find(wanted) != std::string::npos || wanted.find(candidate) != std::string::npos)
      return other;
  }
  if (index < outputs.size()) return outputs.at(index).first;
  return std::nullopt;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text.empty() ? "none" : text;
}

}  // namespace

std::optional<std::string> find_output(const std::string& name, std::size_t index,
                                       const IterationResult& first, const IterationResult& second) {
  std::optional<std::string> found = find_alike(name, index, second.outputs);
  if (!found || *found == name) return found;
  if (first.outputs.contains(*found)) {
    log_text(Severity::verbose,
             fmt::format("Will not compare {} with {}, since the former already has an exact match", *found,
                         name));
    return std::nullopt;
  }
  log_once(Severity::warning,
           fmt::format("Output names did not match exactly. Assuming {} output: {} corresponds to output: {}",
                       second.runner_name, *found, name));
  return found;
}

namespace detail {
namespace {

class Comparison {
 public:
  Comparison(const IterationResult& first, const IterationResult& second, const ComparisonPlan& plan,
             const Measure& measure)
      : first_(first), second_(second), plan_(plan), measure_(measure) {}

  OutputResults run() {
    OutputResults results;
    std::vector<std::string> used;
    for (std::size_t index = 0; index < first_.outputs.size(); ++index) {
      const std::string& name = first_.outputs.at(index).first;
      for (const std::string& other : partners(name, index)) {
        const Tensor* const tensor = second_.outputs.find(other);
        if (tensor == nullptr) {
          log_once(
              Severity::warning,
              fmt::format(
                  "For output: '{}' [{}], skipping corresponding output: '{}' [{}], since the output was "
                  "not found",
                  name, first_.runner_name, other, second_.runner_name));
          continue;
        }
        used.push_back(other);
        OutputResult result = compare(name, first_.outputs.at(index).second, other, *tensor);
        const bool passed = result.passed();
        keep(results, name, std::move(result));
        if (!passed && plan_.fail_fast) return results;
      }
      if (find(results, name) == nullptr)
        log_once(Severity::warning, fmt::format("Output '{}' of {} was not compared: {} has nothing like it.",
                                                name, first_.runner_name, second_.runner_name));
    }
    if (results.empty())
      throw InputError(fmt::format("All outputs were skipped, no common outputs found! {} has {}; {} has {}.",
                                   first_.runner_name, quoted(first_.outputs.names()), second_.runner_name,
                                   quoted(second_.outputs.names())),
                       "Comparing nothing would prove nothing.");
    for (const std::string& name : second_.outputs.names())
      if (std::ranges::find(used, name) == used.end())
        log_once(Severity::warning, fmt::format("Output '{}' of {} was not compared: {} has nothing like it.",
                                                name, second_.runner_name, first_.runner_name));
    return results;
  }

 private:
  std::vector<std::string> partners(const std::string& name, std::size_t index) const {
    if (plan_.find_output_func) return plan_.find_output_func(name, index, second_);
    const std::optional<std::string> found = find_output(name, index, first_, second_);
    return found ? std::vector{*found} : std::vector<std::string>{};
  }

  /// An output that is compared with several keeps the first failure.
  static void keep(OutputResults& results, const std::string& name, OutputResult result) {
    const auto found = std::ranges::find(results, name, &OutputResults::value_type::first);
    if (found == results.end())
      results.emplace_back(name, std::move(result));
    else if (found->second.passed())
      found->second = std::move(result);
  }

  OutputResult compare(const std::string& name, const Tensor& first, const std::string& other,
                       const Tensor& second) const {
    OutputDetails details{.runner0_name = first_.runner_name,
                          .runner1_name = second_.runner_name,
                          .dtype0 = first.dtype(),
                          .dtype1 = second.dtype(),
                          .shape0 = first.shape(),
                          .shape1 = second.shape()};
    OutputResult result = measured(name, first, second, details);
    result.output0_name = name;
    result.output1_name = other;
    result.details = std::make_shared<const OutputDetails>(std::move(details));
    return result;
  }

  OutputResult measured(const std::string& name, const Tensor& first, const Tensor& second,
                        OutputDetails& details) const {
    details.shape = first.shape();
    Tensor aligned = second;
    if (!plan_.check_shapes) aligned = match_shape(second, first.shape(), details.notes);
    if (aligned.shape() != first.shape()) {
      details.problem =
          fmt::format("Will not compare outputs of different shapes.\nNote: Output shapes are {} and {}.",
                      first.shape().str(), second.shape().str());
      return false;
    }
    const bool has_strings = first.dtype() == DataType::string || second.dtype() == DataType::string;
    if (has_strings && first.dtype() != second.dtype()) {
      details.problem = fmt::format("Will not compare an output of type {} with one of type {}.",
                                    to_string(first.dtype()), to_string(second.dtype()));
      return false;
    }
    if (first.element_count() == 0)
      details.notes.emplace_back("The output has no elements, so nothing can differ.");
    if (has_strings && !plan_.takes_strings) {
      details.difference = difference(first, aligned, {.distribution = false});
      details.notes.emplace_back("Strings are compared for equality.");
      return details.difference->mismatches == 0;
    }
    return measure_(name, first, aligned, details);
  }

  const IterationResult& first_;
  const IterationResult& second_;
  const ComparisonPlan& plan_;
  const Measure& measure_;
};

}  // namespace

OutputResults run_comparison(const IterationResult& first, const IterationResult& second,
                             const ComparisonPlan& plan, const Measure& measure) {
  return Comparison(first, second, plan, measure).run();
}

void warn_of_unknown_names(const std::vector<std::string>& names, const char* option_name,
                           const IterationResult& first, const IterationResult& second) {
  for (const std::string& name : names) {
    if (first.outputs.contains(name) || second.outputs.contains(name)) continue;
    std::vector<std::string> known = first.outputs.names();
    for (const std::string& other : second.outputs.names())
      if (!first.outputs.contains(other)) known.push_back(other);
    log_once(Severity::warning, fmt::format("The option {} names '{}', which is no output.{}", option_name,
                                            name, suggest(name, known)));
  }
}

}  // namespace detail
}  // namespace polygraph::compare
