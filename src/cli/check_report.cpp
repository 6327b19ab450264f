#include "cli/check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "core/python_repr.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;
using onnx::LintFinding;
using onnx::LintReport;
using Level = LintFinding::Level;

constexpr std::size_t most_nodes_named = 4;

std::string count_text(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string verdict(const LintReport& report) {
  const auto count = [&](Level level) {
    return static_cast<std::size_t>(std::ranges::count(report.findings, level, &LintFinding::level));
  };
  std::string text =
      report.is_valid() ? "Valid" : "Invalid: " + count_text(count(Level::exception), "exception");
  if (count(Level::warning) != 0)
    text += (report.is_valid() ? ": " : ", ") + count_text(count(Level::warning), "warning");
  text += fmt::format("\n{} passing, {} failing | {}\n", count_text(report.passing.size(), "node"),
                      report.failing.size(),
                      report.was_run ? "run with ONNX Runtime" : "not run: static checks only");
  return text;
}

std::string nodes_text(const std::vector<std::string>& nodes) {
  std::string text = nodes.size() == 1 ? "node " : "nodes ";
  for (std::size_t i = 0; i < std::min(nodes.size(), most_nodes_named); ++i) {
    if (i != 0) text += ", ";
    text += python_repr(nodes[i]);
  }
  return nodes.size() > most_nodes_named ? text + ", ..." : text;
}

Json list(const std::vector<std::string>& texts) {
  Json result = Json::array();
  for (const std::string& text : texts) result.push_back(json_text(text));
  return result;
}

}  // namespace

std::string lint_text(const LintReport& report) {
  std::string text = verdict(report);
  if (!report.findings.empty()) text += '\n';
  for (const LintFinding& finding : report.findings) {
    std::string line = fmt::format("{} ({})", to_string(finding.level), to_string(finding.source));
    if (!finding.place.empty()) line += " in " + finding.place;
    if (!finding.nodes.empty()) line += " | " + nodes_text(finding.nodes);
    std::string message = finding.message;
    std::ranges::replace(message, '\n', ' ');
    text += line + " | " + message + "\n";
    if (!finding.remedy.empty()) text += "    " + finding.remedy + "\n";
  }
  return text;
}

Json lint_json(const LintReport& report) {
  Json result;
  result["summary"]["passing"] = list(report.passing);
  result["summary"]["failing"] = list(report.failing);
  result["lint_entries"] = Json::array();
  for (const LintFinding& finding : report.findings) {
    Json& entry = result["lint_entries"].emplace_back(Json::object());
    entry["level"] = to_string(finding.level);
    entry["source"] = to_string(finding.source);
    entry["message"] = json_text(finding.message);
    if (!finding.nodes.empty()) entry["nodes"] = list(finding.nodes);
    if (!finding.remedy.empty()) entry["remedy"] = json_text(finding.remedy);
    if (!finding.place.empty()) entry["place"] = json_text(finding.place);
  }
  return result;
}

}  // namespace polygraph::cli
