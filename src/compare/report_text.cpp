#include <fmt/format.h>
#include <polygraph/compare/report_text.h>

#include <algorithm>

#include "compare/index_text.h"
#include "compare/json_text.h"
#include "compare/number_text.h"
#include "core/python_repr.h"

namespace polygraph::compare {
namespace {

using detail::general;
using detail::index_text;

/// Lines of text, each at its level.
class Lines {
 public:
  void add(int level, std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (!text_.empty()) text_ += '\n';
      text_.append(4 * static_cast<std::size_t>(level), ' ');
      text_ += text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string tensor_text(DataType dtype, const Shape& shape) {
  return fmt::format("(dtype={}, shape={})", to_string(dtype), shape.str());
}

/// A number as Python prints a float: `1e-05`.
std::string float_text(double value) {
  const std::string text = detail::python_json_number(value);
  return text == "NaN" ? "nan" : text == "Infinity" ? "inf" : text;
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += (text.size() > 1 ? ", " : "") + python_repr(name);
  return text + "]";
}

void add_distribution(Lines& lines, int level, const TensorStatistics& found) {
  if (found.histogram) lines.add(level, histogram_text(*found.histogram));
}

void add_worst(Lines& lines, int level, const OutputDetails& details) {
  const std::vector<ElementDifference>& worst = details.difference->worst;
  if (worst.empty()) return;
  lines.add(level, "Worst elements:");
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const ElementDifference& element = worst[i];
    std::string values;
    if (i < details.worst_values.size())
      values = fmt::format(" | {} vs. {}", details.worst_values[i].first, details.worst_values[i].second);
    lines.add(level + 1, fmt::format("{}{} | abs={}, rel={}", index_text(element.index, details.shape),
                                     values, general(element.absolute), general(element.relative)));
  }
}

void add_differences(Lines& lines, const OutputResult& result, bool shows_more) {
  const OutputDetails& details = *result.details;
  const DifferenceStatistics& found = *details.difference;
  lines.add(1, fmt::format("Error Metrics: {}", result.output0_name));
  lines.add(2, required_tolerance_text(result, details.quantile));
  const bool has_strings = details.dtype0 == DataType::string;
  if (!has_strings && found.second_has_zeros && is_floating(details.dtype1))
    lines.add(
        2,
        fmt::format("{} | Output: {}: Some values are 0; relative differences to them may be extremely high.",
                    details.runner1_name, result.output1_name));
  for (const auto& [title, statistics] : {std::pair{"Absolute Difference", &found.absolute},
                                          std::pair{"Relative Difference", &found.relative}}) {
    lines.add(2, fmt::format("{} | Stats: {}", title, statistics_text(*statistics, details.shape)));
    if (shows_more) add_distribution(lines, 3, *statistics);
  }
  for (const auto& [runner, output, statistics] :
       {std::tuple{&details.runner0_name, &result.output0_name, &found.first},
        std::tuple{&details.runner1_name, &result.output1_name, &found.second}})
    if (statistics->first_nan)
      lines.add(2, fmt::format("First NaN: {} | Output: {} at {}, {} of {}", *runner, *output,
                               index_text(*statistics->first_nan, details.shape), statistics->nan_count,
                               statistics->count));
  if (result.passed()) return;
  if (found.first_mismatch)
    lines.add(2, fmt::format("Mismatches: {} of {}, the first at {}", found.mismatches, found.absolute.count,
                             index_text(*found.first_mismatch, details.shape)));
  add_worst(lines, 2, details);
}

}  // namespace

std::string numbers_text(const TensorStatistics& found, const Shape& shape, bool with_percentiles) {
  const auto at = [&](std::int64_t index) { return found.count == 0 ? "()" : index_text(index, shape); };
  std::string text =
      fmt::format("mean={}, std-dev={}, var={}, median={}, min={} at {}, max={} at {}, avg-magnitude={}",
                  general(found.mean), general(found.std_dev), general(found.variance), general(found.median),
                  general(found.min), at(found.min_index), general(found.max), at(found.max_index),
                  general(found.avg_magnitude));
  if (with_percentiles)
    text +=
        fmt::format(", p90={}, p95={}, p99={}", general(found.p90), general(found.p95), general(found.p99));
  return text;
}

std::string statistics_text(const TensorStatistics& found, const Shape& shape, bool with_percentiles) {
  std::string text = numbers_text(found, shape, with_percentiles);
  if (found.first_nan)
    text += fmt::format(", nan={} of {} from {}", found.nan_count, found.count,
                        index_text(*found.first_nan, shape));
  if (found.first_inf)
    text += fmt::format(", inf={} of {} from {}", found.inf_count, found.count,
                        index_text(*found.first_inf, shape));
  return text;
}

std::string histogram_text(const Histogram& histogram) {
  constexpr std::int64_t longest_bar = 40;
  const std::int64_t most = std::ranges::max(histogram.counts);
  if (most == 0) return {};
  std::array<std::string, Histogram::bin_count + 1> edges;
  std::ranges::transform(histogram.edges, edges.begin(), [](double edge) { return general(edge, 3); });
  const auto longest = [](auto first, auto last) {
    std::size_t length = 0;
    for (; first != last; ++first) length = std::max(length, first->size());
    return length;
  };
  const std::size_t start = longest(edges.begin(), edges.end()),
                    end = longest(edges.begin() + 1, edges.end());
  std::string text =
      fmt::format("---- Histogram ----\n{:{}}|  Num Elems | Visualization", "Bin Range", start + end + 5);
  for (std::size_t i = 0; i < Histogram::bin_count; ++i) {
    const std::int64_t count = histogram.counts[i];
    const auto bar = static_cast<std::size_t>(static_cast<double>(longest_bar) * static_cast<double>(count) /
                                              static_cast<double>(most));
    text += fmt::format("\n({:<{}}, {:<{}}) | {:10} | {}", edges[i], start, edges[i + 1], end, count,
                        std::string(bar, '#'));
  }
  return text;
}

std::string tolerance_text(const Threshold& threshold) {
  if (threshold.metric != Metric::simple) return {};
  return fmt::format("Tolerance: [abs={}, rel={}] | Checking {} error", general(threshold.atol),
                     general(threshold.rtol), to_string(threshold.check_error_stat));
}

std::string required_tolerance_text(const OutputResult& result, double quantile) {
  if (result.metric() != Metric::simple) return {};
  const ErrorStat stat = result.threshold().check_error_stat;
  const std::string_view field = stat == ErrorStat::elemwise ? "max" : to_string(stat);
  const auto number = [&](std::string_view kind) {
    const std::optional<double> value = result.value(fmt::format("{}_{}", field, kind));
    return value ? general(*value) : "unknown";
  };
  std::string text = fmt::format("Minimum Required Tolerance: {} error | [abs={}] OR [rel={}]",
                                 to_string(stat), number("absdiff"), number("reldiff"));
  if (stat == ErrorStat::elemwise) text += " (requirements may be lower if both abs/rel tolerances are set)";
  if (stat == ErrorStat::quantile) text += fmt::format(" (quantile={})", general(quantile, 4));
  return text;
}

std::string verdict_text(const OutputResult& result) {
  if (const std::optional<Description> description = result.describe()) return description->line;
  const bool passed = result.passed();
  std::string start = fmt::format("{} | Output: '{}'", passed ? "PASSED" : "FAILED", result.output0_name);
  if (result.metric() == Metric::simple)
    return fmt::format("{} | Difference {} tolerance (rel={}, abs={})", start,
                       passed ? "is within" : "exceeds", float_text(result.threshold().rtol),
                       float_text(result.threshold().atol));
  if (result.details != nullptr && !result.details->problem.empty())
    return fmt::format("FAILED | Output: `{}` | {}", result.output0_name, result.details->problem);
  return start;
}

std::string output_text(std::string_view label, const OutputResult& result, const ReportOptions& options) {
  Lines lines;
  if (result.details == nullptr) {
    lines.add(0, verdict_text(result));
    return lines.take();
  }
  const OutputDetails& details = *result.details;
  lines.add(0, fmt::format("{} | Comparing Output: '{}' {} with '{}' {}", label, result.output0_name,
                           tensor_text(details.dtype0, details.shape0), result.output1_name,
                           tensor_text(details.dtype1, details.shape1)));
  if (result.metric()) lines.add(1, tolerance_text(result.threshold()));
  for (const std::string& note : details.notes) lines.add(1, note);
  if (result.metric() == Metric::simple && details.difference)
    add_differences(lines, result, options.verbose || !result.passed());
  if (details.ulp)
    lines.add(
        1, fmt::format(
               "Units in the Last Place | max={} at {}, mean={}", general(details.ulp->max),
               details.shape.element_count() == 0 ? "()" : index_text(details.ulp->max_index, details.shape),
               general(details.ulp->mean)));
  lines.add(1, verdict_text(result));
  return lines.take();
}

std::string compared_statistics_text(const OutputResult& result, const Tensor& first, const Tensor& second,
                                     const ReportOptions& options) {
  const bool shows_more = options.verbose || !result.passed();
  const bool has_strings = first.dtype() == DataType::string || second.dtype() == DataType::string;
  const OutputDetails* const details = result.details.get();
  TensorStatistics found[2];
  if (details != nullptr && details->difference && details->has_distribution) {
    found[0] = details->difference->first;
    found[1] = details->difference->second;
  } else if (!has_strings && first.shape() == second.shape()) {
    const DifferenceStatistics both = difference(first, second, {.worst = 0});
    found[0] = both.first;
    found[1] = both.second;
  } else {
    for (const auto& [tensor, place] : {std::pair{&first, &found[0]}, std::pair{&second, &found[1]}})
      if (tensor->dtype() != DataType::string) *place = statistics(*tensor);
  }
  const std::string runners[] = {details != nullptr ? details->runner0_name : "",
                                 details != nullptr ? details->runner1_name : ""};
  const std::string* const outputs[] = {&result.output0_name, &result.output1_name};
  const Tensor* const tensors[] = {&first, &second};
  Lines lines;
  for (std::size_t side = 0; side < 2; ++side) {
    const Tensor& tensor = *tensors[side];
    // The second may have been reshaped: its indices are told in the shape that was compared.
    const Shape& shape = details != nullptr && details->difference ? details->shape : tensor.shape();
    lines.add(0, fmt::format("{}: {} | Stats: {}", runners[side], *outputs[side],
                             tensor.dtype() == DataType::string
                                 ? fmt::format("{} strings", tensor.element_count())
                                 : statistics_text(found[side], shape, tensor.dtype() != DataType::boolean)));
    if (!shows_more) continue;
    if (tensor.element_count() <= options.small_output) {
      lines.add(1, "---- Values ----");
      lines.add(2, tensor.str());
    }
    if (tensor.dtype() != DataType::boolean) add_distribution(lines, 1, found[side]);
  }
  return lines.take();
}

std::string function_text(std::string_view label, const OutputResults& results) {
  std::vector<std::string> names, mismatched;
  for (const auto& [name, result] : results) {
    names.push_back(name);
    if (!result.passed()) mismatched.push_back(name);
  }
  if (mismatched.empty() && !names.empty())
    return fmt::format("PASSED | {} | All outputs matched | Outputs: {}", label, list_text(names));
  return fmt::format("FAILED | {} | Mismatched outputs: {}", label, list_text(mismatched));
}

std::string axis_text(const std::vector<AxisError>& errors) {
  Lines lines;
  for (const AxisError& error : errors)
    lines.add(0, fmt::format("Axis {}: largest mean error at index {} ({}; over all: {})", error.axis,
                             error.index, general(error.mean), general(error.overall_mean)));
  return lines.take();
}

}  // namespace polygraph::compare
