#include "cli/run_html.h"

#include <fmt/format.h>
#include <polygraph/compare/output_details.h>
#include <polygraph/compare/report_text.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <span>

#include "cli/page_text.h"
#include "cli/run_html_page.h"
#include "compare/base64.h"
#include "compare/index_text.h"

namespace polygraph::cli {
namespace {

using compare::InvalidValues;
using compare::RunnerTimes;

using Json = nlohmann::ordered_json;
using compare::ErrorMap;
using compare::FunctionSummary;
using compare::Metric;
using compare::OutputDetails;
using compare::OutputResult;
using compare::OutputSummary;
using compare::PairSummary;
using compare::TensorStatistics;

constexpr std::size_t most_listed = 1000;  // outputs of a pair
constexpr std::size_t most_in_full = 200;  // outputs of all pairs
constexpr std::size_t longest_name = 300;
constexpr std::size_t longest_text = 2000;
constexpr std::size_t most_notes = 20;
constexpr std::size_t most_layers = 500;  // of a runner

Json text_json(std::string_view text, std::size_t length = longest_text) {
  return shortened(text, length);
}

// JSON has no infinities; as many digits as a plot shows would be wasted on the rest.
Json number(double value, int digits = 6) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

Json numbers(std::span<const double> values, int digits = 4) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value, digits));
  return list;
}

bool passes(const PairSummary& pair, const OutputSummary& output) {
  return pair.average_passed ? *pair.average_passed : output.passed == output.iterations;
}

Badness badness_of_summary(const PairSummary& pair, const OutputSummary& output) {
  Badness badness = output.worst ? badness_of(*output.worst) : Badness{.ratio = HUGE_VAL};
  badness.failed = !passes(pair, output);
  return badness;
}

// A result, and what it is held against.
Json result_json(const PairSummary& pair, const OutputSummary& output, std::size_t function) {
  const Badness badness = badness_of_summary(pair, output);
  Json object{{"f", function},
              {"ok", !badness.failed},
              {"passed", output.passed},
              {"of", output.iterations},
              {"first", output.first_failure ? Json(*output.first_failure) : Json()},
              {"at", output.worst_iteration},
              {"ratio", number(badness.ratio, 4)}};
  if (!output.worst || !output.worst->metric()) return object;
  const OutputResult& worst = *output.worst;
  const compare::MetricTraits& traits = compare::traits(*worst.metric());
  if (*worst.metric() == Metric::simple) {
    const compare::Threshold& threshold = worst.threshold();
    object["stat"] = to_string(threshold.check_error_stat);
    object["limits"] = {number(threshold.atol), number(threshold.rtol)};
    const std::size_t place = threshold.check_error_stat == compare::ErrorStat::mean       ? 2
                              : threshold.check_error_stat == compare::ErrorStat::median   ? 4
                              : threshold.check_error_stat == compare::ErrorStat::quantile ? 6
                                                                                           : 0;
    object["values"] = Json::array();
    for (const std::size_t at : {place, place + 1})
      object["values"].push_back(worst.values()[at] ? number(*worst.values()[at]) : Json());
  } else {
    object["metric"] = traits.label;
    object["unit"] = traits.unit;
    object["higher"] = traits.higher_is_better;
    object["values"] = Json::array({worst.values().front() ? number(*worst.values().front()) : Json()});
    object["limits"] = Json::array({number(worst.threshold().value)});
  }
  return object;
}

Json statistics_json(const TensorStatistics& found, const Shape& shape, bool distribution) {
  Json list = Json::array();
  const auto at = [&](std::int64_t index) { return " at " + compare::detail::index_text(index, shape); };
  const auto add = [&](const char* name, double value, std::string more = {}) {
    list.push_back(Json::array({name, number(value), std::move(more)}));
  };
  if (found.count == 0) return list;
  add("mean", found.mean);
  add("std-dev", found.std_dev);
  add("min", found.min, at(found.min_index));
  add("max", found.max, at(found.max_index));
  add("mean magnitude", found.avg_magnitude);
  if (distribution) {
    add("median", found.median);
    add("p90", found.p90);
    add("p95", found.p95);
    add("p99", found.p99);
  }
  const auto odd = [&](const char* name, std::int64_t count, std::optional<std::int64_t> first) {
    list.push_back(
        Json::array({name, count, first ? " first at " + compare::detail::index_text(*first, shape) : ""}));
  };
  odd("NaN", found.nan_count, found.first_nan);
  odd("infinite", found.inf_count, found.first_inf);
  return list;
}

// What a comparison saw: of the first function that measured differences, the best informed.
const OutputResult* told_result(const PairSummary& pair, const std::string& name) {
  const OutputResult* told = nullptr;
  for (const FunctionSummary& function : pair.functions) {
    const auto found = std::ranges::find(function.outputs, name, &OutputSummary::name);
    if (found == function.outputs.end() || !found->worst || !found->worst->details) continue;
    const bool is_better = !told ||
                           (found->worst->details->has_distribution && !told->details->has_distribution) ||
                           (found->worst->details->difference && !told->details->difference);
    if (is_better) told = &*found->worst;
  }
  return told;
}

Json full_json(const OutputResult& result) {
  const OutputDetails& details = *result.details;
  Json object = Json::object();
  if (!details.problem.empty()) object["problem"] = text_json(details.problem);
  if (!details.notes.empty()) {
    object["notes"] = Json::array();
    for (const std::string& note : details.notes)
      if (object["notes"].size() < most_notes) object["notes"].push_back(text_json(note));
  }
  if (!details.difference) return object;
  const compare::DifferenceStatistics& found = *details.difference;
  object["stats"] = Json::array();
  const bool is_text = details.dtype0 == DataType::string;
  for (const TensorStatistics* each : {&found.first, &found.second, &found.absolute, &found.relative})
    object["stats"].push_back(is_text ? Json::array()
                                      : statistics_json(*each, details.shape, details.has_distribution));
  object["worst"] = Json::array();
  for (std::size_t i = 0; i < found.worst.size(); ++i) {
    const compare::ElementDifference& element = found.worst[i];
    Json row = Json::array({compare::detail::index_text(element.index, details.shape)});
    const bool has_values = i < details.worst_values.size();
    row.push_back(has_values ? text_json(details.worst_values[i].first, 60) : Json());
    row.push_back(has_values ? text_json(details.worst_values[i].second, 60) : Json());
    row.push_back(number(element.absolute));
    row.push_back(number(element.relative));
    object["worst"].push_back(std::move(row));
  }
  if (found.first_mismatch)
    object["first_mismatch"] = compare::detail::index_text(*found.first_mismatch, details.shape);
  return object;
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  std::string text(compare::detail::base64_size(bytes.size()), '\0');
  compare::detail::encode_base64(std::as_bytes(std::span(bytes)), text.data());
  return text;
}

// A byte for each cell: 0 for no difference, 255 for one that is not finite, between them on a logarithmic
// scale from `low` to `high`.
Json levels_json(const std::vector<double>& values, const std::vector<std::int64_t>& not_finite) {
  double low = HUGE_VAL, high = 0;
  for (const double value : values)
    if (value > 0) low = std::min(low, value), high = std::max(high, value);
  std::vector<std::uint8_t> levels(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (not_finite[i] > 0)
      levels[i] = 255;
    else if (values[i] > 0)
      levels[i] = static_cast<std::uint8_t>(
          high == low ? 254 : 1 + std::lround(253 * std::log(values[i] / low) / std::log(high / low)));
  }
  return {{"low", low <= high ? number(low) : Json(0)}, {"high", number(high)}, {"levels", base64(levels)}};
}

Json histogram_json(const compare::ErrorHistogram& histogram) {
  return {{"edges", numbers(histogram.bins.edges)},
          {"counts", histogram.counts},
          {"zeros", histogram.zeros},
          {"inf", histogram.infinities},
          {"nan", histogram.nans}};
}

Json map_json(const ErrorMap& map) {
  const compare::HeatMap& heat = map.heat;
  Json object{{"heat",
               {{"split", heat.split},
                {"rows", heat.rows},
                {"columns", heat.columns},
                {"cellRows", heat.cell_rows},
                {"cellColumns", heat.cell_columns},
                {"max", levels_json(heat.max, heat.not_finite)},
                {"mean", levels_json(heat.mean, heat.not_finite)}}}};
  object["axes"] = Json::array();
  for (const compare::AxisProfile& axis : map.axes) {
    if (object["axes"].size() == 8) break;
    object["axes"].push_back({{"axis", axis.axis},
                              {"length", axis.length},
                              {"max", numbers(axis.max, 3)},
                              {"mean", numbers(axis.mean, 3)},
                              {"odd", axis.not_finite}});
  }
  object["values"] = {{"edges", numbers(map.values.edges)},
                      {"counts", {map.values.counts[0], map.values.counts[1]}},
                      {"odd", map.values.not_finite}};
  object["absolute"] = histogram_json(map.absolute);
  object["relative"] = histogram_json(map.relative);
  object["magnitudes"] = numbers(map.magnitudes.edges);
  Json& density = object["density"] = Json::array();  // index, count, ...
  for (std::size_t i = 0; i < map.density.size(); ++i)
    if (map.density[i] > 0) {
      density.push_back(i);
      density.push_back(map.density[i]);
    }
  return object;
}

// Rows of a name, what runs it, a count, calls and seconds, the longest first.
Json layer_times_json(const LayerTimes& times) {
  Json object{{"inferences", times.inferences},
              {"seconds", number(times.seconds)},
              {"all", number(times.layer_seconds())},
              {"count", times.layers.size()}};
  object["layers"] = Json::array();
  for (const LayerTime& layer : times.longest_first()) {
    if (object["layers"].size() == most_layers) break;
    object["layers"].push_back({text_json(layer.name, longest_name), text_json(layer.type, longest_name),
                                text_json(layer.ran_by, longest_name), layer.calls, number(layer.seconds)});
  }
  object["types"] = Json::array();
  for (const TypeTime& type : times.by_type()) {
    if (object["types"].size() == most_layers) break;
    object["types"].push_back(
        {text_json(type.type, longest_name), type.layers, type.calls, number(type.seconds)});
  }
  return object;
}

Json strip_json(const MetricStrip& strip) {
  std::vector<double> worst;
  std::string failed;
  for (const MetricStrip::Bucket& bucket : strip.buckets()) {
    worst.push_back(bucket.worst);
    failed += bucket.failed ? '1' : '0';
  }
  return {{"per", strip.per_bucket()},
          {"of", strip.iterations()},
          {"worst", numbers(worst, 3)},
          {"failed", failed}};
}

struct Ranked {
  Badness badness;
  std::size_t pair = 0;
  std::size_t place = 0;  // among the outputs of the pair
};

// One pair's outputs in the order in which they appeared.
std::vector<std::string> names_of(const PairSummary& pair) {
  std::vector<std::string> names;
  for (const FunctionSummary& function : pair.functions)
    for (const OutputSummary& output : function.outputs)
      if (&function == &pair.functions.front() ||
          std::ranges::find(pair.functions.front().outputs, output.name, &OutputSummary::name) ==
              pair.functions.front().outputs.end())
        if (&function == &pair.functions.front() || std::ranges::find(names, output.name) == names.end())
          names.push_back(output.name);
  return names;
}

class Page {
 public:
  Page(const compare::RunReport& report, const RunPlots& plots) : report_(report), plots_(plots) {
    for (std::size_t i = 0; i < report.pairs.size(); ++i) rank(i);
    std::ranges::stable_sort(ranked_, std::ranges::greater(), &Ranked::badness);
  }

  Json data() {
    Json object{{"passed", report_.passed},
                {"title", title()},
                {"sentences", sentences()},
                {"command", text_json(report_.command)},
                {"model", text_json(report_.model)},
                {"version", POLYGRAPH_VERSION},
                {"written", now()},
                {"iterations", report_.iterations},
                {"seconds", number(report_.seconds)},
                {"validated", report_.validated}};
    object["runners"] = Json::array();
    for (const RunnerTimes& runner : report_.runners) {
      const bool any = runner.iterations > 0;
      object["runners"].push_back(
          {{"name", text_json(runner.name)},
           {"inferences", runner.iterations},
           {"mean", any ? number(runner.seconds / static_cast<double>(runner.iterations)) : Json()},
           {"least", any ? number(runner.least) : Json()},
           {"most", any ? number(runner.most) : Json()}});
      if (runner.layer_times.inferences > 0)
        object["runners"].back()["layerTimes"] = layer_times_json(runner.layer_times);
    }
    object["invalid"] = Json::array();
    for (const InvalidValues& each : report_.invalid) {
      if (object["invalid"].size() == most_in_full) break;
      object["invalid"].push_back({{"runner", text_json(each.runner)},
                                   {"output", text_json(each.output, longest_name)},
                                   {"iterations", each.iterations},
                                   {"first", each.first_iteration},
                                   {"text", text_json(each.text)}});
    }
    object["invalidCount"] = report_.invalid.size();
    object["limits"] = {{"listed", most_listed}, {"full", most_in_full}, {"drawn", RunPlots::most_maps}};
    object["pairs"] = Json::array();
    for (std::size_t i = 0; i < report_.pairs.size(); ++i) object["pairs"].push_back(pair_json(i));
    return object;
  }

 private:
  void rank(std::size_t index) {
    const PairSummary& pair = report_.pairs[index];
    std::vector<std::string>& names = names_.emplace_back(names_of(pair));
    std::vector<Ranked> outputs(names.size());
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < names.size(); ++i) {
      outputs[i].pair = index;
      outputs[i].place = i;
      places.emplace(names[i], i);
    }
    for (const FunctionSummary& function : pair.functions)
      for (const OutputSummary& output : function.outputs) {
        Ranked& ranked = outputs[places.at(output.name)];
        ranked.badness = std::max(ranked.badness, badness_of_summary(pair, output));
      }
    ranked_.insert(ranked_.end(), outputs.begin(), outputs.end());
  }

  std::string title() const { return report_.passed ? "Passed" : "Failed"; }

  Json sentences() const {
    Json list = Json::array();
    const auto times = [](std::int64_t count, const char* noun) {
      return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
    };
    if (report_.pairs.empty())
      list.push_back(fmt::format("{} ran for {}; nothing was compared.", runner_names(),
                                 times(report_.iterations, "iteration")));
    for (std::size_t i = 0; i < report_.pairs.size(); ++i) {
      const PairSummary& pair = report_.pairs[i];
      const auto failed = std::ranges::count_if(
          ranked_, [&](const Ranked& output) { return output.pair == i && output.badness.failed; });
      const auto count = static_cast<std::int64_t>(names_[i].size());
      std::string text = fmt::format("{} and {}, {}: ", pair.runners.first, pair.runners.second,
                                     times(pair.iterations, "iteration"));
      if (pair.average_passed)
        text += fmt::format("averages {}.", *pair.average_passed ? "are within their thresholds"
                                                                 : "are not within their thresholds");
      else if (failed == 0)
        text += count == 1 ? "the output agrees." : fmt::format("all {} outputs agree.", count);
      else
        text += fmt::format(
            "{} of {} failed{}.", failed, times(count, "output"),
            pair.iterations == 1
                ? ""
                : fmt::format(", in {} of {} iterations", pair.iterations - pair.passed, pair.iterations));
      const auto worst = std::ranges::find(ranked_, i, &Ranked::pair);
      if (worst != ranked_.end()) text += " " + worst_text(pair, names_[i][worst->place]);
      if (failed > 1 && failed < count) text += first_failure_text(i);
      list.push_back(text_json(text));
    }
    if (report_.validated)
      list.push_back(report_.invalid.empty()
                         ? "No output has NaN or an infinity."
                         : fmt::format("{} NaN or infinities.",
                                       report_.invalid.size() == 1
                                           ? "One output has"
                                           : fmt::format("{} outputs have", report_.invalid.size())));
    return list;
  }

  // Of many layers, the one with which it begins.
  std::string first_failure_text(std::size_t index) const {
    const Ranked* first = nullptr;
    for (const Ranked& output : ranked_)
      if (output.pair == index && output.badness.failed && (!first || output.place < first->place))
        first = &output;
    return fmt::format(" The first to fail, in the order of the outputs, is '{}'.",
                       shortened(names_[index][first->place], 80));
  }

  std::string runner_names() const {
    std::string text;
    for (const RunnerTimes& runner : report_.runners) text += (text.empty() ? "" : ", ") + runner.name;
    return text;
  }

  static std::string worst_text(const PairSummary& pair, const std::string& name) {
    const OutputSummary* worst = nullptr;
    for (const FunctionSummary& function : pair.functions) {
      const auto found = std::ranges::find(function.outputs, name, &OutputSummary::name);
      if (found == function.outputs.end()) continue;
      if (!worst || badness_of_summary(pair, *found) > badness_of_summary(pair, *worst)) worst = &*found;
    }
    if (!worst || !worst->worst) return {};
    std::string text = fmt::format("The worst is '{}'", shortened(name, 80));
    if (pair.iterations > 1) text += fmt::format(" in iteration {}", worst->worst_iteration);
    const OutputResult& result = *worst->worst;
    if (!result.metric()) return text + ".";
    const double value = main_number(result).value_or(std::nan(""));
    if (*result.metric() != Metric::simple)
      return text + fmt::format(": {} {:.4g}{}, threshold {:.4g}.", compare::traits(*result.metric()).label,
                                value, compare::traits(*result.metric()).unit, result.threshold().value);
    const bool is_elementwise = result.threshold().check_error_stat == compare::ErrorStat::elemwise;
    text += fmt::format(": {} difference {}",
                        is_elementwise ? "largest" : to_string(result.threshold().check_error_stat),
                        std::isnan(value) ? "NaN" : fmt::format("{:.4g}", value));
    if (is_elementwise && result.details && result.details->difference &&
        result.details->difference->mismatches > 0)
      text += fmt::format(", {} of {} elements out of tolerance", result.details->difference->mismatches,
                          result.details->difference->absolute.count);
    return text + ".";
  }

  Json pair_json(std::size_t index) {
    const PairSummary& pair = report_.pairs[index];
    Json object{{"first", text_json(pair.runners.first)},
                {"second", text_json(pair.runners.second)},
                {"ok", pair.is_good()},
                {"iterations", pair.iterations},
                {"passed", pair.passed},
                {"average", pair.average_passed ? Json(*pair.average_passed) : Json()},
                {"count", names_[index].size()}};
    object["functions"] = Json::array();
    for (const FunctionSummary& function : pair.functions) object["functions"].push_back(function.label);
    std::vector<std::size_t> rank_of(names_[index].size());
    std::size_t rank = 0;
    std::vector<std::size_t> in_full_of(names_[index].size(), most_in_full);
    for (std::size_t i = 0; i < ranked_.size(); ++i) {
      if (ranked_[i].pair != index) continue;
      rank_of[ranked_[i].place] = rank++;
      in_full_of[ranked_[i].place] = i;
    }
    std::vector<std::map<std::string_view, const OutputSummary*>> summaries(pair.functions.size());
    for (std::size_t f = 0; f < pair.functions.size(); ++f)
      for (const OutputSummary& output : pair.functions[f].outputs)
        summaries[f].emplace(output.name, &output);
    Json& outputs = object["outputs"] = Json::array();
    for (std::size_t place = 0; place < names_[index].size(); ++place) {
      if (rank_of[place] >= most_listed) continue;
      const std::string& name = names_[index][place];
      Json output{{"name", text_json(name, longest_name)}, {"place", place}, {"rank", rank_of[place]}};
      output["results"] = Json::array();
      for (std::size_t f = 0; f < pair.functions.size(); ++f)
        if (const auto found = summaries[f].find(name); found != summaries[f].end())
          output["results"].push_back(result_json(pair, *found->second, f));
      const OutputResult* const told = told_result(pair, name);
      if (told != nullptr) add_details(output, *told);
      if (in_full_of[place] < most_in_full) {
        if (told != nullptr) output["full"] = full_json(*told);
        for (std::size_t f = 0; f < pair.functions.size() && pair.iterations > 1; ++f)
          if (const MetricStrip* const strip = plots_.strip_of(index, f, name))
            output["strips"].push_back({f, strip_json(*strip)});
      }
      if (const ErrorMap* const map = plots_.map_of(index, name)) output["map"] = map_json(*map);
      outputs.push_back(std::move(output));
    }
    return object;
  }

  static void add_details(Json& output, const OutputResult& told) {
    const OutputDetails& details = *told.details;
    if (told.output1_name != told.output0_name) output["with"] = text_json(told.output1_name, longest_name);
    output["dtypes"] = {to_string(details.dtype0), to_string(details.dtype1)};
    output["shape"] = Json::array();
    for (const std::int64_t size : details.shape) output["shape"].push_back(size);
    if (!details.difference) return;
    const compare::DifferenceStatistics& found = *details.difference;
    output["max"] = number(found.absolute.max, 4);
    output["mean"] = number(found.absolute.mean, 4);
    if (details.dtype0 != DataType::string) output["relative"] = number(found.relative_l2(), 4);
    output["mismatches"] = found.mismatches;
    output["elements"] = found.absolute.count;
  }

  static std::string now() {
    const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&time, &parts);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min);
  }

  const compare::RunReport& report_;
  const RunPlots& plots_;
  std::vector<std::vector<std::string>> names_;  // of each pair
  std::vector<Ranked> ranked_;                   // the worst first
};

}  // namespace

std::string run_html(const compare::RunReport& report, const RunPlots& plots) {
  std::string page(run_html_page);
  const auto fill = [&](std::string_view place, const std::string& text) {
    page.replace(page.find(place), place.size(), text);
  };
  const Json data = Page(report, plots).data();
  // From the back: what is filled in may hold the name of a place.
  fill("@report@", script_json(data));
  fill("@title@",
       html_text(fmt::format("{} · {}", report.passed ? "Passed" : "Failed",
                             report.model.empty() ? "polygraph run" : shortened(report.model, 120))));
  return page;
}

}  // namespace polygraph::cli
