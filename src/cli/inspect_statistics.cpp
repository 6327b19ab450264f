#include "cli/inspect_statistics.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "cli/indented_text.h"
#include "cli/json_output.h"
#include "core/utf8.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;
using onnx::Attribute;
using onnx::Function;
using onnx::Graph;
using onnx::Model;
using onnx::Node;
using onnx::NodeStatistics;
using onnx::SymbolicSize;

/// Inlining more calls than this is refused: functions that call functions can grow without bound.
constexpr std::uint64_t most_inlined_nodes = 1'000'000;

/// How many nodes the model has once every call of a function is replaced by its nodes; stops counting above
/// `most_inlined_nodes`.
class InlinedSize {
 public:
  explicit InlinedSize(const Model& model) {
    for (const Function& function : model.functions) functions_.try_emplace(key(function), &function);
    sizes_.reserve(functions_.size());
  }

  std::uint64_t of(const Graph& graph) { return of(graph.nodes, 0); }

 private:
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;

  static Key key(const Function& function) { return {function.domain, function.name, function.overload}; }

  // Functions nested deeper than this are not counted, but taken as too large.
  static constexpr int deepest = 200;

  std::uint64_t of(const std::vector<Node>& nodes, int depth) {
    std::uint64_t size = nodes.size();
    for (const Node& node : nodes) {
      for (const Attribute& attribute : node.attributes) {
        if (const auto* inner = std::get_if<onnx::Box<Graph>>(&attribute.value))
          size += of((*inner)->nodes, depth);
        if (const auto* list = std::get_if<std::vector<Graph>>(&attribute.value))
          for (const Graph& inner : *list) size += of(inner.nodes, depth);
      }
      const auto called = functions_.find({node.domain, node.op_type, node.overload});
      if (called != functions_.end()) size += of(*called->second, depth + 1);
      if (size > most_inlined_nodes) return most_inlined_nodes + 1;
    }
    return size;
  }

  std::uint64_t of(const Function& function, int depth) {
    if (depth > deepest) return most_inlined_nodes + 1;
    const auto known = sizes_.find(&function);
    if (known != sizes_.end()) return known->second;
    const std::uint64_t size = of(function.nodes, depth);
    sizes_.emplace(&function, size);
    return size;
  }

  std::map<Key, const Function*> functions_;
  std::unordered_map<const Function*, std::uint64_t> sizes_;
};

std::string with_commas(std::int64_t number) {
  std::string text = fmt::format_int(number).str();
  for (std::size_t place = text.size(); place > 3;) text.insert(place -= 3, 1, ',');
  return text;
}

std::string size_text(const std::optional<SymbolicSize>& size, std::size_t most_terms) {
  if (!size) return "unknown";
  const std::optional<std::int64_t> value = size->value();
  return value ? with_commas(*value) : size->str(most_terms);
}

/// Columns as wide as their widest cell, up to a limit; the last one is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  void print(IndentedText& out) const {
    constexpr std::size_t widest = 44;
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], std::min(columns(row[i]), widest));
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i != 0) out << " | ";
        out << row[i];
        const std::size_t width = columns(row[i]);
        if (i + 1 < row.size() && width < widths[i]) out << std::string(widths[i] - width, ' ');
      }
      out << '\n';
    }
  }

 private:
  static std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(std::max<std::size_t>(utf8_length(text), 1));
    return count;
  }

  std::vector<std::vector<std::string>> rows_;
};

std::string name_of(const Node& node) {
  if (!node.name.empty()) return std::string(node.name);
  return node.outputs.empty() ? std::string() : std::string(node.outputs.front());
}

/// A number where it is one, else a formula; null if it cannot be told.
Json size_json(const std::optional<SymbolicSize>& size) {
  if (!size) return nullptr;
  const std::optional<std::int64_t> value = size->value();
  return value ? Json(*value) : Json(json_text(size->str(1000)));
}

}  // namespace

std::string complete_shapes(Model& model, bool inline_functions) {
  const bool has_functions = !model.functions.empty();
  // Shape inference walks through all calls, too.
  if (has_functions && InlinedSize(model).of(model.graph) > most_inlined_nodes)
    return "The functions are not inlined: that would make more than a million nodes.";
  try {
    if (has_functions && inline_functions) onnx::passes::inline_functions(model);
    onnx::infer_shapes_officially(model);
  } catch (const Error& error) {
    return "Only the shapes that the model itself declares are known. " + error.problem();
  }
  return {};
}

InspectedStatistics inspect_statistics(const Model& model) {
  InspectedStatistics inspected{model, {}, {}};
  inspected.note = complete_shapes(inspected.model, true);
  inspected.statistics = onnx::statistics(inspected.model);
  return inspected;
}

std::string statistics_text(const InspectedStatistics& inspected) {
  const onnx::ModelStatistics& statistics = inspected.statistics;
  IndentedText out(statistics.nodes.size() * 128 + 4096);
  out << "---- Statistics ----\n";
  out << "Parameters: " << with_commas(statistics.parameters) << " ("
      << with_commas(statistics.parameter_bytes) << " bytes)\n";
  out << "Operations: " << size_text(statistics.operations, 16) << " (a multiply-add counts as 2)\n";
  out << "Bytes Moved: " << size_text(statistics.bytes, 16) << '\n';
  if (statistics.unknown != 0)
    out << "Not Counted: " << statistics.unknown << " node(s) of which something cannot be told\n";
  if (!inspected.note.empty()) out << "Note: " << inspected.note << '\n';

  out << "\n---- " << statistics.operators.size() << " Operator(s) ----\n";
  Table operators({"Op", "Count", "Not Counted", "Operations", "Bytes Moved"});
  for (const onnx::OperatorStatistics& op : statistics.operators)
    operators.add({op.op_type, with_commas(static_cast<std::int64_t>(op.count)),
                   with_commas(static_cast<std::int64_t>(op.unknown)), size_text(op.operations, 3),
                   size_text(op.bytes, 3)});
  operators.print(out);

  out << "\n---- " << statistics.nodes.size() << " Node(s) ----\n";
  Table nodes({"Node", "Name", "Op", "Parameters", "Operations", "Bytes Moved"});
  for (const NodeStatistics& node : statistics.nodes) {
    std::string bytes = size_text(node.bytes, 4);
    if (!node.unknown.empty()) bytes += " (" + node.unknown + ")";
    nodes.add({node.path, name_of(*node.node), std::string(node.node->op_type), with_commas(node.parameters),
               size_text(node.operations, 4), std::move(bytes)});
  }
  nodes.print(out);
  return out.finish();
}

Json statistics_json(const InspectedStatistics& inspected) {
  const onnx::ModelStatistics& statistics = inspected.statistics;
  Json json;
  json["parameters"] = statistics.parameters;
  json["parameter_bytes"] = statistics.parameter_bytes;
  json["operations"] = size_json(statistics.operations);
  json["bytes"] = size_json(statistics.bytes);
  json["unknown_count"] = statistics.unknown;
  if (!inspected.note.empty()) json["note"] = json_text(inspected.note);
  json["operators"] = Json::array();
  for (const onnx::OperatorStatistics& op : statistics.operators)
    json["operators"].push_back({{"op_type", json_text(op.op_type)},
                                 {"count", op.count},
                                 {"unknown_count", op.unknown},
                                 {"operations", size_json(op.operations)},
                                 {"bytes", size_json(op.bytes)}});
  json["nodes"] = Json::array();
  for (const NodeStatistics& node : statistics.nodes) {
    Json& object = json["nodes"].emplace_back(Json::object());
    object["path"] = json_text(node.path);
    object["name"] = json_text(node.node->name);
    object["op_type"] = json_text(node.node->op_type);
    object["domain"] = json_text(node.node->domain);
    object["parameters"] = node.parameters;
    object["parameter_bytes"] = node.parameter_bytes;
    object["operations"] = size_json(node.operations);
    object["bytes"] = size_json(node.bytes);
    if (!node.unknown.empty()) object["unknown"] = json_text(node.unknown);
  }
  return json;
}

}  // namespace polygraph::cli
