#include "cli/diff_report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/json_output.h"
#include "core/python_repr.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;
using onnx::Difference;
using onnx::FieldChange;
using onnx::ModelDiff;
using onnx::WeightDifference;
using Kind = Difference::Kind;
using Subject = Difference::Subject;

struct Section {
  Subject subject;
  std::string_view heading;
  std::string_view one;
  std::string_view many;
};
constexpr Section sections[] = {{Subject::model, "Model", "field of the model", "fields of the model"},
                                {Subject::opset, "Operator Sets", "operator set", "operator sets"},
                                {Subject::metadata, "Metadata", "metadata entry", "metadata entries"},
                                {Subject::input, "Inputs", "input", "inputs"},
                                {Subject::output, "Outputs", "output", "outputs"},
                                {Subject::initializer, "Weights", "weight", "weights"},
                                {Subject::node, "Nodes", "node", "nodes"},
                                {Subject::value, "Values", "value", "values"},
                                {Subject::function, "Functions", "function", "functions"}};

/// `2 changed, 1 added`, or empty.
std::string counts(const ModelDiff& diff, Subject subject) {
  std::string text;
  for (const Kind kind : {Kind::changed, Kind::added, Kind::removed, Kind::renamed}) {
    const std::size_t count = diff.count(subject, kind);
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", count, to_string(kind));
  }
  return text;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1000 * 1000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1000 * 1000 * 1000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string verdict(const ModelDiff& diff) {
  std::string text;
  for (const Section& section : sections) {
    const std::string what = counts(diff, section.subject);
    if (what.empty()) continue;
    text += text.empty() ? "Different: " : "; ";
    const auto all =
        what.find(',') == std::string::npos && what.starts_with("1 ") ? section.one : section.many;
    text += fmt::format("{} {}", all, what);
  }
  if (text.empty()) text = "Equal";
  return text + fmt::format("\n{} nodes matched | {} weights compared ({})\n", diff.matched_nodes,
                            diff.compared_weights, size_text(diff.compared_bytes));
}

std::string weights_text(const WeightDifference& weights) {
  if (weights.differing == 0) return fmt::format("differ from element {} on", weights.first);
  std::string text = fmt::format("{} of {} elements differ, the first at {}", weights.differing,
                                 weights.elements, weights.first);
  if (weights.max_abs) text += fmt::format(" | max |a - b|: {:g}", *weights.max_abs);
  if (weights.not_finite != 0) text += fmt::format(" | {} of them not finite", weights.not_finite);
  return text;
}

std::string change_text(const FieldChange& change) {
  if (change.weights) return fmt::format("{}: {}", change.field, weights_text(*change.weights));
  if (change.before.empty()) return fmt::format("{}: {}", change.field, change.after);
  return fmt::format("{}: {} -> {}", change.field, change.before,
                     change.after.empty() ? "none" : change.after);
}

/// One line, and one more for each change if there are several.
void append(std::string& text, const Difference& difference) {
  static constexpr std::array<char, 4> marks = {'+', '-', '=', '~'};
  text += marks[static_cast<std::size_t>(difference.kind)];
  text += ' ';
  const bool has_name = !difference.name.empty() || !difference.new_name.empty();
  if (!difference.place.empty()) text += difference.place + (has_name ? ": " : "");
  if (has_name) text += python_repr(difference.name);
  if (!difference.new_name.empty()) text += " -> " + python_repr(difference.new_name);
  if (!difference.op_type.empty()) text += fmt::format(" [Op: {}]", difference.op_type);
  const bool has_front = has_name || !difference.place.empty();
  if (difference.changes.size() == 1) {
    if (has_front) text += " | ";
    text += change_text(difference.changes.front());
  } else {
    for (std::size_t i = 0; i < difference.changes.size(); ++i) {
      if (has_front || i != 0) text += has_front ? "\n    " : "\n~ ";
      text += change_text(difference.changes[i]);
    }
  }
  text += '\n';
}

Json change_json(const FieldChange& change) {
  Json result;
  result["field"] = json_text(change.field);
  if (change.weights) {
    const WeightDifference& weights = *change.weights;
    result["elements"] = weights.elements;
    result["first"] = weights.first;
    if (weights.differing != 0) {
      result["differing"] = weights.differing;
      result["not_finite"] = weights.not_finite;
      result["max_abs"] = weights.max_abs ? Json(*weights.max_abs) : Json();
    }
    return result;
  }
  result["before"] = change.before.empty() ? Json() : Json(json_text(change.before));
  result["after"] = change.after.empty() ? Json() : Json(json_text(change.after));
  return result;
}

}  // namespace

std::string diff_text(const ModelDiff& diff, std::size_t limit) {
  std::string text = verdict(diff);
  for (const Section& section : sections) {
    const std::string what = counts(diff, section.subject);
    if (what.empty()) continue;
    text += fmt::format("\n---- {}: {} ----\n", section.heading, what);
    std::size_t shown = 0, hidden = 0;
    for (const Difference& difference : diff.differences) {
      if (difference.subject != section.subject) continue;
      if (limit != 0 && shown == limit) {
        ++hidden;
        continue;
      }
      append(text, difference);
      ++shown;
    }
    if (hidden != 0) text += fmt::format("... and {} more (--limit 0 shows all)\n", hidden);
  }
  return text;
}

Json diff_json(const ModelDiff& diff) {
  Json result;
  result["equal"] = diff.equal();
  result["matched_nodes"] = diff.matched_nodes;
  result["compared_weights"] = diff.compared_weights;
  result["compared_bytes"] = diff.compared_bytes;
  result["summary"] = Json::object();
  for (const Section& section : sections) {
    for (const Kind kind : {Kind::changed, Kind::added, Kind::removed, Kind::renamed}) {
      const std::size_t count = diff.count(section.subject, kind);
      if (count != 0)
        result["summary"][std::string(to_string(section.subject))][std::string(to_string(kind))] = count;
    }
  }
  result["differences"] = Json::array();
  for (const Difference& difference : diff.differences) {
    Json& object = result["differences"].emplace_back(Json::object());
    object["subject"] = to_string(difference.subject);
    object["kind"] = to_string(difference.kind);
    object["place"] = json_text(difference.place);
    object["name"] = json_text(difference.name);
    if (!difference.new_name.empty()) object["new_name"] = json_text(difference.new_name);
    if (!difference.op_type.empty()) object["op_type"] = json_text(difference.op_type);
    object["changes"] = Json::array();
    for (const FieldChange& change : difference.changes) object["changes"].push_back(change_json(change));
  }
  return result;
}

}  // namespace polygraph::cli
