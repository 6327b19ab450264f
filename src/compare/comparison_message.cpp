#include "compare/comparison_message.h"

#include <polygraph/compare/output_details.h>
#include <polygraph/compare/reduce_iterations.h>

#include <memory>
#include <utility>

namespace polygraph::compare {
namespace detail {
namespace {

void write(MessageWriter& writer, const Shape& shape) {
  writer.write_size(shape.rank());
  for (const std::int64_t dim : shape) writer.write(dim);
}

void write(MessageWriter& writer, const TensorStatistics& found) {
  for (const double value : {found.mean, found.variance, found.std_dev, found.min, found.max,
                             found.avg_magnitude, found.sum_squares, found.finite_min, found.finite_max,
                             found.median, found.p90, found.p95, found.p99, found.quantile})
    writer.write(value);
  for (const std::int64_t value :
       {found.count, found.min_index, found.max_index, found.nan_count, found.inf_count})
    writer.write(value);
  writer.write(found.first_nan);
  writer.write(found.first_inf);
  writer.write(found.histogram.has_value());
  if (!found.histogram) return;
  for (const double edge : found.histogram->edges) writer.write(edge);
  for (const std::int64_t count : found.histogram->counts) writer.write(count);
}

TensorStatistics read_statistics(MessageReader& reader) {
  TensorStatistics found;
  for (double* value : {&found.mean, &found.variance, &found.std_dev, &found.min, &found.max,
                        &found.avg_magnitude, &found.sum_squares, &found.finite_min, &found.finite_max,
                        &found.median, &found.p90, &found.p95, &found.p99, &found.quantile})
    *value = reader.read<double>();
  for (std::int64_t* value :
       {&found.count, &found.min_index, &found.max_index, &found.nan_count, &found.inf_count})
    *value = reader.read<std::int64_t>();
  found.first_nan = reader.read_optional<std::int64_t>();
  found.first_inf = reader.read_optional<std::int64_t>();
  found.histogram = reader.read_optional([&] {
    Histogram histogram;
    for (double& edge : histogram.edges) edge = reader.read<double>();
    for (std::int64_t& count : histogram.counts) count = reader.read<std::int64_t>();
    return histogram;
  });
  return found;
}

void write(MessageWriter& writer, const DifferenceStatistics& found) {
  for (const TensorStatistics* part : {&found.first, &found.second, &found.absolute, &found.relative})
    write(writer, *part);
  writer.write(found.mismatches);
  writer.write(found.first_mismatch);
  writer.write_size(found.worst.size());
  for (const ElementDifference& element : found.worst) {
    writer.write(element.index);
    writer.write(element.absolute);
    writer.write(element.relative);
  }
  writer.write(found.dot);
  writer.write(found.second_has_zeros);
}

DifferenceStatistics read_difference(MessageReader& reader) {
  DifferenceStatistics found;
  for (TensorStatistics* part : {&found.first, &found.second, &found.absolute, &found.relative})
    *part = read_statistics(reader);
  found.mismatches = reader.read<std::int64_t>();
  found.first_mismatch = reader.read_optional<std::int64_t>();
  found.worst.resize(reader.read_size(sizeof(std::int64_t) + 2 * sizeof(double)));
  for (ElementDifference& element : found.worst) {
    element.index = reader.read<std::int64_t>();
    element.absolute = reader.read<double>();
    element.relative = reader.read<double>();
  }
  found.dot = reader.read<double>();
  found.second_has_zeros = reader.read_bool();
  return found;
}

void write(MessageWriter& writer, const OutputDetails& details) {
  writer.write(details.runner0_name);
  writer.write(details.runner1_name);
  writer.write(details.dtype0);
  writer.write(details.dtype1);
  write(writer, details.shape0);
  write(writer, details.shape1);
  writer.write(details.problem);
  writer.write(details.notes);
  write(writer, details.shape);
  writer.write(details.difference.has_value());
  if (details.difference) write(writer, *details.difference);
  writer.write(details.has_distribution);
  writer.write_size(details.worst_values.size());
  for (const auto& [first, second] : details.worst_values) {
    writer.write(first);
    writer.write(second);
  }
  writer.write(details.quantile);
  writer.write(details.ulp.has_value());
  if (!details.ulp) return;
  writer.write(details.ulp->max);
  writer.write(details.ulp->mean);
  writer.write(details.ulp->max_index);
}

OutputDetails read_details(MessageReader& reader) {
  OutputDetails details;
  details.runner0_name = reader.read_text();
  details.runner1_name = reader.read_text();
  details.dtype0 = reader.read_data_type();
  details.dtype1 = reader.read_data_type();
  details.shape0 = reader.read_shape();
  details.shape1 = reader.read_shape();
  details.problem = reader.read_text();
  details.notes = reader.read_texts();
  details.shape = reader.read_shape();
  details.difference = reader.read_optional([&] { return read_difference(reader); });
  details.has_distribution = reader.read_bool();
  details.worst_values.resize(reader.read_size(2 * sizeof(std::uint64_t)));
  for (auto& [first, second] : details.worst_values) {
    first = reader.read_text();
    second = reader.read_text();
  }
  details.quantile = reader.read<double>();
  details.ulp = reader.read_optional([&] {
    UlpDistance ulp;
    ulp.max = reader.read<double>();
    ulp.mean = reader.read<double>();
    ulp.max_index = reader.read<std::int64_t>();
    return ulp;
  });
  return details;
}

void write(MessageWriter& writer, const OutputResult& result) {
  writer.write(result.metric());
  if (result.metric()) {
    writer.write_size(result.values().size());
    for (const std::optional<double>& value : result.values()) writer.write(value);
    const Threshold& threshold = result.threshold();
    writer.write(threshold.metric);
    writer.write(threshold.value);
    writer.write(threshold.check_error_stat);
    writer.write(threshold.atol);
    writer.write(threshold.rtol);
    writer.write(result.stored_verdict());
  } else {
    writer.write(result.passed());
  }
  writer.write(result.output0_name);
  writer.write(result.output1_name);
  writer.write(result.details != nullptr);
  if (result.details) write(writer, *result.details);
}

OutputResult read_numbers(MessageReader& reader, Metric metric) {
  std::vector<std::optional<double>> values(reader.read_size());
  for (auto& value : values) value = reader.read_optional<double>();
  Threshold threshold;
  threshold.metric = reader.read_enum<Metric>(all_metrics().size());
  threshold.value = reader.read<double>();
  threshold.check_error_stat = reader.read_enum<ErrorStat>(error_stat_names.size());
  threshold.atol = reader.read<double>();
  threshold.rtol = reader.read<double>();
  const std::optional<bool> verdict = reader.read_optional([&] { return reader.read_bool(); });
  return {metric, std::move(values), threshold, verdict};
}

OutputResult read_result(MessageReader& reader) {
  const auto metric = reader.read_optional([&] { return reader.read_enum<Metric>(all_metrics().size()); });
  OutputResult result = metric ? read_numbers(reader, *metric) : OutputResult(reader.read_bool());
  result.output0_name = reader.read_text();
  result.output1_name = reader.read_text();
  if (reader.read_bool()) result.details = std::make_shared<const OutputDetails>(read_details(reader));
  return result;
}

}  // namespace

void write_comparisons(MessageWriter& writer, const std::vector<PairComparison>& comparisons) {
  writer.write_size(comparisons.size());
  for (const PairComparison& comparison : comparisons) {
    writer.write(comparison.runners.first);
    writer.write(comparison.runners.second);
    writer.write(comparison.passed);
    writer.write_size(comparison.results.size());
    for (const OutputResults& results : comparison.results) {
      writer.write_size(results.size());
      for (const auto& [name, result] : results) {
        writer.write(name);
        write(writer, result);
      }
    }
  }
}

std::vector<PairComparison> read_comparisons(MessageReader& reader) {
  constexpr std::size_t list = sizeof(std::uint64_t);  // an empty one, or an empty text
  std::vector<PairComparison> comparisons(reader.read_size(3 * list));
  for (PairComparison& comparison : comparisons) {
    comparison.runners.first = reader.read_text();
    comparison.runners.second = reader.read_text();
    comparison.passed = reader.read_bool();
    comparison.results.resize(reader.read_size(list));
    for (OutputResults& results : comparison.results)
      for (std::size_t left = reader.read_size(3 * list); left > 0; --left) {
        std::string name = reader.read_text();
        results.emplace_back(std::move(name), read_result(reader));
      }
  }
  return comparisons;
}

}  // namespace detail

Bytes encode_comparisons(const std::vector<PairComparison>& comparisons) {
  detail::MessageWriter writer;
  detail::write_comparisons(writer, comparisons);
  return writer.take();
}

std::vector<PairComparison> decode_comparisons(const Bytes& message) {
  detail::MessageReader reader(message);
  std::vector<PairComparison> comparisons = detail::read_comparisons(reader);
  reader.expect_end();
  return comparisons;
}

}  // namespace polygraph::compare
