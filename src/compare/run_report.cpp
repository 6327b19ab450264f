#include <fmt/format.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/compare/run_report.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "compare/layer_times_text.h"
#include "core/utf8.h"
#include "core/xml_text.h"

namespace polygraph::compare {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_layers_told = 10;

std::string time_text(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.4g} us", seconds * 1e6) : fmt::format("{:.4g} ms", seconds * 1e3);
}

// JSON has no infinities.
Json number(std::optional<double> value) {
  if (!value) return nullptr;
  if (std::isnan(*value)) return "nan";
  if (std::isinf(*value)) return *value > 0 ? "inf" : "-inf";
  return *value;
}

Json threshold_json(const OutputResult& result) {
  const Threshold& threshold = result.threshold();
  if (result.metric() != Metric::simple) return number(threshold.value);
  return {{"check_error_stat", to_string(threshold.check_error_stat)},
          {"atol", threshold.atol},
          {"rtol", threshold.rtol}};
}

Json output_json(const OutputSummary& output) {
  Json object{{"name", json_text(output.name)},
              {"passed", output.passed == output.iterations},
              {"iterations", output.iterations},
              {"passed_iterations", output.passed},
              {"first_failure", output.first_failure ? Json(*output.first_failure) : Json()}};
  if (!output.worst || !output.worst->metric()) return object;
  object["worst_iteration"] = output.worst_iteration;
  Json& worst = object["worst"] = Json::object();
  const auto& fields = traits(*output.worst->metric()).fields;
  for (std::size_t i = 0; i < fields.size(); ++i)
    worst[std::string(fields[i])] = number(output.worst->values()[i]);
  object["threshold"] = threshold_json(*output.worst);
  return object;
}

Json pair_json(const PairSummary& pair) {
  Json object{{"runners", {json_text(pair.runners.first), json_text(pair.runners.second)}},
              {"passed", pair.is_good()},
              {"iterations", pair.iterations},
              {"passed_iterations", pair.passed},
              {"average_passed", pair.average_passed ? Json(*pair.average_passed) : Json()}};
  Json& functions = object["functions"] = Json::array();
  for (const FunctionSummary& function : pair.functions) {
    Json& entry = functions.emplace_back(Json{{"name", json_text(function.label)}});
    entry["outputs"] = Json::array();
    for (const OutputSummary& output : function.outputs) entry["outputs"].push_back(output_json(output));
  }
  return object;
}

// Seconds per inference, and the part of what all layers took.
void add_layer_numbers(Json& entry, const LayerTimes& times, std::int64_t calls, double seconds) {
  const double all = times.layer_seconds();
  entry["calls"] = calls;
  entry["seconds"] = seconds;
  entry["mean_seconds"] = seconds / static_cast<double>(times.inferences);
  entry["share"] = all > 0 ? seconds / all : 0.0;
}

Json layer_times_json(const LayerTimes& times) {
  if (times.inferences == 0) return nullptr;
  const auto count = static_cast<double>(times.inferences);
  Json object{{"inferences", times.inferences},
              {"mean_seconds", times.seconds / count},
              {"mean_layer_seconds", times.layer_seconds() / count}};
  Json& layers = object["layers"] = Json::array();
  for (const LayerTime& layer : times.longest_first()) {
    Json& entry = layers.emplace_back(Json{{"name", json_text(layer.name)},
                                           {"type", json_text(layer.type)},
                                           {"ran_by", json_text(layer.ran_by)}});
    add_layer_numbers(entry, times, layer.calls, layer.seconds);
  }
  Json& types = object["types"] = Json::array();
  for (const TypeTime& type : times.by_type()) {
    Json& entry = types.emplace_back(Json{{"type", json_text(type.type)}, {"layers", type.layers}});
    add_layer_numbers(entry, times, type.calls, type.seconds);
  }
  return object;
}

std::string xml(std::string_view text) {
  return xml_text(text, /*keeps_lines=*/true);
}

std::string failure_text(const OutputSummary& output) {
  if (!output.worst) return "nothing was compared";
  return verdict_text(*output.worst);
}

std::string test_case(const std::string& suite, const std::string& name, bool passed,
                      const std::string& message) {
  std::string text = fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(suite), xml(name));
  if (passed) return text + "/>\n";
  return text + fmt::format(">\n      <failure message=\"{}\"/>\n    </testcase>\n", xml(message));
}

std::string suite_xml(const std::string& name, const std::vector<std::string>& cases, std::size_t failures) {
  std::string text = fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", xml(name),
                                 cases.size(), failures);
  for (const std::string& each : cases) text += each;
  return text + "  </testsuite>\n";
}

}  // namespace

void RunnerTimes::add(double inference) {
  least = iterations == 0 ? inference : std::min(least, inference);
  most = std::max(most, inference);
  seconds += inference;
  ++iterations;
}

std::string run_summary(const RunReport& report, bool verbose) {
  std::string text;
  for (const RunnerTimes& runner : report.runners)
    if (runner.iterations > 0)
      text += fmt::format(
          "{} | Completed {} iteration(s) in {} | Average inference time: {}{}\n", runner.name,
          runner.iterations, time_text(runner.seconds),
          time_text(runner.seconds / static_cast<double>(runner.iterations)),
          runner.iterations == 1
              ? ""
              : fmt::format(" (least {}, most {})", time_text(runner.least), time_text(runner.most)));
  for (const RunnerTimes& runner : report.runners)
    if (runner.layer_times.inferences > 0)
      text += layer_times_text(runner.name, runner.layer_times, verbose ? 0 : most_layers_told);
  for (const PairSummary& pair : report.pairs) {
    text += fmt::format("Accuracy Summary | {} vs. {} | ", pair.runners.first, pair.runners.second);
    if (pair.average_passed)
      text += fmt::format("Averages over {} iterations: {}\n", pair.iterations,
                          *pair.average_passed ? "PASSED" : "FAILED");
    else
      text += fmt::format("Passed: {}/{} iterations | Pass Rate: {:.2f}%\n", pair.passed, pair.iterations,
                          100.0 * static_cast<double>(pair.passed) /
                              static_cast<double>(std::max<std::int64_t>(pair.iterations, 1)));
    for (const FunctionSummary& function : pair.functions)
      for (const OutputSummary& output : function.outputs)
        if (output.passed != output.iterations && pair.iterations > 1)
          text += fmt::format(
              "    {} | Output: '{}' failed in {} of {} iterations, first in iteration {}; worst in "
              "iteration {}: {}\n",
              function.label, output.name, output.iterations - output.passed, output.iterations,
              *output.first_failure, output.worst_iteration, failure_text(output));
  }
  if (report.validated && report.invalid.empty()) text += "PASSED | Output Validation\n";
  for (const InvalidValues& each : report.invalid)
    text += fmt::format("FAILED | Output Validation | {} | {}{}\n", each.runner, each.text,
                        each.iterations == 1 ? ""
                                             : fmt::format(" (in {} iterations, first in {})",
                                                           each.iterations, each.first_iteration));
  return text + fmt::format("{} | Runtime: {:.3f}s | Command: {}\n", report.passed ? "PASSED" : "FAILED",
                            report.seconds, report.command);
}

std::string run_json(const RunReport& report) {
  Json object{{"command", json_text(report.command)},
              {"model", json_text(report.model)},
              {"passed", report.passed},
              {"iterations", report.iterations},
              {"seconds", report.seconds}};
  object["runners"] = Json::array();
  for (const RunnerTimes& runner : report.runners) {
    Json& entry = object["runners"].emplace_back(Json{{"name", json_text(runner.name)}});
    entry["inferences"] = runner.iterations;
    const bool any = runner.iterations > 0;
    entry["mean_seconds"] = any ? Json(runner.seconds / static_cast<double>(runner.iterations)) : Json();
    entry["least_seconds"] = any ? Json(runner.least) : Json();
    entry["most_seconds"] = any ? Json(runner.most) : Json();
    entry["layer_times"] = layer_times_json(runner.layer_times);
  }
  object["comparisons"] = Json::array();
  for (const PairSummary& pair : report.pairs) object["comparisons"].push_back(pair_json(pair));
  object["validated"] = report.validated;
  object["invalid_outputs"] = Json::array();
  for (const InvalidValues& each : report.invalid)
    object["invalid_outputs"].push_back({{"runner", json_text(each.runner)},
                                         {"output", json_text(each.output)},
                                         {"iterations", each.iterations},
                                         {"first_iteration", each.first_iteration},
                                         {"text", json_text(each.text)}});
  return object.dump(2) + "\n";
}

std::string run_junit(const RunReport& report) {
  std::string suites;
  for (const PairSummary& pair : report.pairs) {
    const std::string name = pair.runners.first + " vs. " + pair.runners.second;
    std::vector<std::string> cases;
    std::size_t failures = 0;
    for (const FunctionSummary& function : pair.functions)
      for (const OutputSummary& output : function.outputs) {
        const bool passed = pair.average_passed ? *pair.average_passed : output.passed == output.iterations;
        failures += !passed;
        cases.push_back(test_case(
            name, output.name + " (" + function.label + ")", passed,
            fmt::format("failed in {} of {} iterations; worst: {}", output.iterations - output.passed,
                        output.iterations, failure_text(output))));
      }
    suites += suite_xml(name, cases, failures);
  }
  if (report.validated) {
    std::vector<std::string> cases;
    for (const InvalidValues& each : report.invalid)
      cases.push_back(test_case("validation", each.runner + ": " + each.output, false, each.text));
    if (cases.empty()) cases.push_back(test_case("validation", "all outputs", true, {}));
    suites += suite_xml("validation", cases, report.invalid.size());
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
         fmt::format("<testsuites name=\"polygraph run\" time=\"{:.3f}\">\n", report.seconds) + suites +
         "</testsuites>\n";
}

}  // namespace polygraph::compare
