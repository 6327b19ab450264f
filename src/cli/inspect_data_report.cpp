#include "cli/inspect_data_report.h"

#include <fmt/format.h>
#include <polygraph/compare/accuracy_results.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/indented_text.h"
#include "cli/json_output.h"
#include "cli/tensor_report.h"
#include "compare/number_text.h"

namespace polygraph::cli {
namespace {

using compare::SavedKind;

/// The iterations of one runner, or of the inputs, as far as they are shown.
template <class Shown>
struct Series {
  std::string name;
  std::size_t count = 0;
  std::vector<Shown> shown = {};
};

/// Reads all iterations and keeps what `show(iteration, tensors, runtime)` makes of those that are wanted.
template <class Shown, class Show>
std::vector<Series<Shown>> read_series(const std::filesystem::path& path, SavedKind kind, bool all,
                                       Show show) {
  std::vector<Series<Shown>> series;
  const auto add = [&](Series<Shown>& to, const TensorMap& tensors, const std::optional<double>& runtime) {
    if (all || to.count == 0) to.shown.push_back(show(to.count, tensors, runtime));
    ++to.count;
  };
  if (kind == SavedKind::inputs) {
    series.push_back({});
    const auto reader = compare::feed_reader({path});
    while (const auto feed = reader->next()) add(series.front(), *feed, std::nullopt);
    return series;
  }
  const auto reader = compare::results_reader({path});
  while (const auto results = reader->next()) {
    std::map<std::string_view, std::size_t> seen;
    for (const compare::RunnerResults& runner : *results) {
      // The second runner of a name is another series.
      std::size_t ordinal = seen[runner.runner_name]++;
      auto found = std::ranges::find_if(
          series, [&](const Series<Shown>& one) { return one.name == runner.runner_name && ordinal-- == 0; });
      if (found == series.end()) found = series.insert(found, {.name = runner.runner_name});
      for (const compare::IterationResult& iteration : runner.iterations)
        add(*found, iteration.outputs, iteration.runtime);
    }
  }
  return series;
}

std::string values_text(const Tensor& tensor, const DataReportOptions& options) {
  constexpr std::int64_t numpy_threshold = 1000;
  constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
  const bool whole = options.num_items < 0;
  return tensor.str(whole ? unlimited : numpy_threshold, whole ? 1 : options.num_items,
                    options.line_width < 0 ? unlimited : options.line_width);
}

std::string tensors_text(const TensorMap& tensors, const DataReportOptions& options) {
  IndentedText text(1024);
  for (const auto& [name, tensor] : tensors) {
    const auto found = measured(tensor);
    text << TensorInfo{name, tensor.dtype(), tensor.shape()}.str()
         << " | Stats: " << statistics_line(tensor, found) << '\n';
    text.begin_block();
    std::string more = options.histogram ? histogram_lines(tensor, found) : "";
    if (options.values) more += values_text(tensor, options) + "\n";
    text << more;
    text.end_block();
  }
  return text.finish();
}

std::string report_of_tensors(const std::filesystem::path& path, SavedKind kind,
                              const DataReportOptions& options) {
  const auto series = read_series<std::string>(
      path, kind, options.all,
      [&](std::size_t, const TensorMap& tensors, const auto&) { return tensors_text(tensors, options); });
  std::size_t width = 0;
  for (const auto& one : series) width = std::max(width, one.name.size());
  IndentedText text(4096);
  if (kind == SavedKind::inputs)
    text << fmt::format("==== Data ({} iterations) ====\n\n", series.front().count);
  else
    text << fmt::format("==== Run Results ({} runners) ====\n\n", series.size());
  for (const auto& [name, count, shown] : series) {
    if (kind == SavedKind::results)
      text << fmt::format("---- {:<{}} ({} iterations) ----\n\n", name, width, count);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const bool has_heading = count > 1 && options.all;
      if (has_heading) {
        text << fmt::format("-- Iteration: {}\n", i);
        text.begin_block();
      }
      text << shown[i];
      if (has_heading) text.end_block();
      text << '\n';
    }
    if (shown.empty()) text << '\n';
  }
  return text.finish();
}

/// Names of fields and values that are there.
std::vector<std::pair<std::string_view, double>> metrics_of(const compare::OutputResult& result) {
  std::vector<std::pair<std::string_view, double>> metrics;
  if (!result.metric()) return metrics;
  const auto fields = compare::traits(*result.metric()).fields;
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (const auto value = result.values()[i]) metrics.emplace_back(fields[i], *value);
  return metrics;
}

std::string_view name_of(compare::Aggregation aggregation) {
  return aggregation == compare::Aggregation::average ? "average" : "per_sample";
}

std::string accuracy_text(const compare::AccuracyResults& results, const DataReportOptions& options) {
  IndentedText text(4096);
  text << fmt::format("==== Accuracy Results ({} comparison(s)) ====\n", results.functions.size());
  for (const compare::AccuracyResult& function : results.functions) {
    text << fmt::format("\n---- Aggregation: {} ----\n", name_of(function.aggregation));
    for (const auto& [runners, iterations] : function.pairs) {
      const auto stats = function.stats(runners);
      text << fmt::format("\n{} vs. {} | {}/{} iteration(s) matched\n", runners.first, runners.second,
                          stats.matched, stats.total);
      for (std::size_t i = 0; i < iterations.size() && (options.all || i == 0); ++i) {
        text.begin_block();
        text << fmt::format("-- Iteration: {}\n", i);
        text.begin_block();
        for (const auto& [output, result] : iterations[i]) {
          text << output << (result.passed() ? " | PASSED" : " | FAILED");
          std::string separator = " | ";
          for (const auto& [field, value] : metrics_of(result)) {
            text << separator << field << "=" << compare::detail::general(value);
            separator = ", ";
          }
          text << '\n';
        }
        text.end_block();
        text.end_block();
        text << '\n';
      }
    }
  }
  return text.finish();
}

using Json = nlohmann::ordered_json;

Json iteration_json(std::size_t index, const TensorMap& tensors, const std::optional<double>& runtime,
                    const DataReportOptions& options) {
  Json json{{"iteration", index}};
  if (runtime) json["runtime"] = *runtime;
  json["tensors"] = Json::array();
  for (const auto& [name, tensor] : tensors) {
    Json entry{
        {"name", json_text(name)}, {"dtype", to_string(tensor.dtype())}, {"shape", tensor.shape().dims()}};
    entry["statistics"] = statistics_of_values_json(tensor, options.histogram);
    if (options.values) entry["values"] = json_text(values_text(tensor, options));
    json["tensors"].push_back(std::move(entry));
  }
  return json;
}

Json tensors_json(const std::filesystem::path& path, SavedKind kind, const DataReportOptions& options) {
  const auto series = read_series<Json>(
      path, kind, options.all,
      [&](std::size_t index, const TensorMap& tensors, const std::optional<double>& runtime) {
        return iteration_json(index, tensors, runtime, options);
      });
  Json json{{"kind", compare::to_string(kind)}};
  if (kind == SavedKind::inputs) {
    json["iterations"] = series.front().count;
    json["shown"] = series.front().shown;
    return json;
  }
  json["runners"] = Json::array();
  for (const auto& [name, count, shown] : series)
    json["runners"].push_back({{"name", json_text(name)}, {"iterations", count}, {"shown", shown}});
  return json;
}

Json accuracy_json(const compare::AccuracyResults& results, const DataReportOptions& options) {
  Json json{{"kind", compare::to_string(SavedKind::accuracy_results)}, {"comparisons", Json::array()}};
  for (const compare::AccuracyResult& function : results.functions) {
    Json comparison{{"aggregation", name_of(function.aggregation)}, {"pairs", Json::array()}};
    for (const auto& [runners, iterations] : function.pairs) {
      const auto stats = function.stats(runners);
      Json pair{{"runners", {json_text(runners.first), json_text(runners.second)}},
                {"matched", stats.matched},
                {"total", stats.total},
                {"shown", Json::array()}};
      for (std::size_t i = 0; i < iterations.size() && (options.all || i == 0); ++i) {
        Json outputs = Json::array();
        for (const auto& [output, result] : iterations[i]) {
          Json metrics = Json::object();
          for (const auto& [field, value] : metrics_of(result)) metrics[std::string(field)] = value;
          outputs.push_back(
              {{"name", json_text(output)}, {"passed", result.passed()}, {"metrics", std::move(metrics)}});
        }
        pair["shown"].push_back({{"iteration", i}, {"outputs", std::move(outputs)}});
      }
      comparison["pairs"].push_back(std::move(pair));
    }
    json["comparisons"].push_back(std::move(comparison));
  }
  return json;
}

}  // namespace

std::string data_report_text(const std::filesystem::path& path, const DataReportOptions& options) {
  const SavedKind kind = compare::saved_kind(path);
  if (kind == SavedKind::accuracy_results)
    return accuracy_text(compare::AccuracyResults::load(path), options);
  return report_of_tensors(path, kind, options);
}

std::string data_report_json(const std::filesystem::path& path, const DataReportOptions& options) {
  const SavedKind kind = compare::saved_kind(path);
  const Json json = kind == SavedKind::accuracy_results
                        ? accuracy_json(compare::AccuracyResults::load(path), options)
                        : tensors_json(path, kind, options);
  return json.dump(2) + "\n";
}

}  // namespace polygraph::cli
