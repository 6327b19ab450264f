#include "cli/summary.h"

#include <fmt/format.h>
#include <polygraph/onnx/editor.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/indented_text.h"
#include "cli/json_output.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;

// Of lists in texts; JSON has all.
constexpr std::size_t most_listed_nodes = 20;
constexpr std::size_t most_listed_values = 16;

NodeLabel label_of(const onnx::Node& node) {
  NodeLabel label{node.name, node.op_type, node.domain, {}};
  const auto output = std::ranges::find_if(node.outputs, [](std::string_view name) { return !name.empty(); });
  if (output != node.outputs.end()) label.output = *output;
  return label;
}

bool is_same(const NodeLabel& a, const NodeLabel& b) {
  if (a.op_type != b.op_type || a.domain != b.domain || a.name != b.name) return false;
  return !a.name.empty() || a.output == b.output;
}

std::size_t hash_of(const NodeLabel& label) {
  const std::hash<std::string_view> hash;
  constexpr std::size_t odd = 0x9e3779b97f4a7c15;
  return (hash(label.name.empty() ? label.output : label.name) * odd) ^ hash(label.op_type);
}

// Most changes leave most nodes in their order: a sweep over both lists finds these partners, and leaves what
// it passes over for a closer look.
void drop_matches(std::span<const NodeLabel> old_nodes, std::span<const NodeLabel> new_nodes,
                  std::vector<NodeLabel>& rest_of_old, std::vector<NodeLabel>& rest_of_new) {
  constexpr std::size_t farthest = 32;
  const auto ahead = [&](std::span<const NodeLabel> nodes, const NodeLabel& wanted) {
    std::size_t i = 0;
    while (i < std::min(nodes.size(), farthest) && !is_same(nodes[i], wanted)) ++i;
    return i < std::min(nodes.size(), farthest) ? i : farthest;
  };
  const auto pass = [](std::span<const NodeLabel>& nodes, std::size_t count, std::vector<NodeLabel>& rest) {
    rest.insert(rest.end(), nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count));
    nodes = nodes.subspan(count);
  };
  while (!old_nodes.empty() && !new_nodes.empty()) {
    const std::size_t in_old = ahead(old_nodes, new_nodes.front());
    const std::size_t in_new = in_old == 0 ? 0 : ahead(new_nodes, old_nodes.front());
    if (in_old == farthest && in_new == farthest) {
      pass(old_nodes, 1, rest_of_old);
      pass(new_nodes, 1, rest_of_new);
      continue;
    }
    if (in_old <= in_new)
      pass(old_nodes, in_old, rest_of_old);
    else
      pass(new_nodes, in_new, rest_of_new);
    old_nodes = old_nodes.subspan(1);
    new_nodes = new_nodes.subspan(1);
  }
  pass(old_nodes, old_nodes.size(), rest_of_old);
  pass(new_nodes, new_nodes.size(), rest_of_new);
}

// The elements of `list` that have no partner in `other`, in their order.
std::vector<NodeLabel> without(std::span<const NodeLabel> list, std::span<const NodeLabel> other) {
  std::vector<std::size_t> partners(other.size());
  std::ranges::transform(other, partners.begin(), hash_of);
  std::ranges::sort(partners);
  std::vector<std::size_t> used(partners.size(), 0);  // at the first of equal hashes: how many are taken
  std::vector<NodeLabel> rest;
  for (const NodeLabel& label : list) {
    const auto [first, last] = std::ranges::equal_range(partners, hash_of(label));
    if (first == last) {
      rest.push_back(label);
      continue;
    }
    std::size_t& taken = used[static_cast<std::size_t>(first - partners.begin())];
    if (taken < static_cast<std::size_t>(last - first))
      ++taken;
    else
      rest.push_back(label);
  }
  return rest;
}

std::string op_name(const NodeLabel& label) {
  const bool is_standard = onnx::is_standard_domain(label.domain);
  return is_standard ? std::string(label.op_type) : fmt::format("{}::{}", label.domain, label.op_type);
}

std::string values_text(const TensorMetadata& values) {
  if (values.size() <= most_listed_values) return values.str();
  TensorMetadata first;
  for (std::size_t i = 0; i < most_listed_values; ++i) first.add(values[i]);
  return fmt::format("{}\n and {} more", first.str(), values.size() - most_listed_values);
}

template <class T>
std::string arrow(const T& before, const T& after) {
  return before == after ? before : fmt::format("{} -> {}", before, after);
}

std::string nodes_text(const ModelSummary& summary) {
  if (summary.subgraph_nodes == 0) return std::to_string(summary.nodes);
  return fmt::format("{} (and {} in sub-graphs)", summary.nodes, summary.subgraph_nodes);
}

std::string initializers_text(const ModelSummary& summary) {
  if (summary.initializers == 0) return "0";
  return fmt::format("{} ({})", summary.initializers, byte_count_text(summary.initializer_bytes));
}

void add_values(IndentedText& text, const char* what, const TensorMetadata& before,
                const TensorMetadata& after) {
  text << what << ": " << values_text(before) << "\n";
  if (before == after) return;
  text.begin_block();
  text << "-> " << values_text(after);
  text.end_block();
  text << "\n";
}

void add_nodes(IndentedText& text, const char* what, const std::vector<NodeLabel>& nodes) {
  if (nodes.empty()) return;
  text << fmt::format("{} {} node{}:\n", what, nodes.size(), nodes.size() == 1 ? "" : "s");
  text.begin_block();
  for (std::size_t i = 0; i < std::min(nodes.size(), most_listed_nodes); ++i) text << nodes[i].str() << "\n";
  if (nodes.size() > most_listed_nodes)
    text << fmt::format("and {} more\n", nodes.size() - most_listed_nodes);
  text.end_block();
}

Json values_json(const TensorMetadata& values) {
  Json list = Json::array();
  for (const TensorInfo& value : values) {
    Json object{{"name", json_text(value.name)}};
    object["dtype"] = value.dtype ? Json(to_string(*value.dtype)) : Json();
    object["shape"] = nullptr;
    if (value.shape.has_rank()) {
      object["shape"] = Json::array();
      for (const Dimension& dim : value.shape.dims())
        object["shape"].push_back(dim.is_static()    ? Json(dim.min)
                                  : dim.name.empty() ? Json()
                                                     : Json(json_text(dim.name)));
    }
    list.push_back(std::move(object));
  }
  return list;
}

Json summary_json(const ModelSummary& summary) {
  Json object{{"nodes", summary.nodes},
              {"subgraph_nodes", summary.subgraph_nodes},
              {"initializers", summary.initializers},
              {"initializer_bytes", summary.initializer_bytes},
              {"functions", summary.functions}};
  object["opset"] = summary.opset ? Json(*summary.opset) : Json();
  object["inputs"] = values_json(summary.inputs);
  object["outputs"] = values_json(summary.outputs);
  object["ops"] = Json::object();
  for (const auto& [op, count] : summary.ops) object["ops"][json_text(op)] = count;
  return object;
}

Json nodes_json(const std::vector<NodeLabel>& nodes) {
  Json list = Json::array();
  for (const NodeLabel& node : nodes)
    list.push_back({{"name", json_text(node.name)},
                    {"op_type", json_text(node.op_type)},
                    {"domain", json_text(node.domain)},
                    {"output", json_text(node.output)}});
  return list;
}

}  // namespace

std::string NodeLabel::str() const {
  return fmt::format("{}{} [Op: {}]", name.empty() ? "-> " : "", name.empty() ? output : name,
                     op_name(*this));
}

ModelSummary summary_of(const onnx::Model& model) {
  ModelSummary summary{.nodes = model.graph.nodes.size(),
                       .functions = model.functions.size(),
                       .opset = model.opset(),
                       .inputs = onnx::input_metadata(model.graph),
                       .outputs = onnx::output_metadata(model.graph),
                       .texts = model.storage};
  summary.labels.reserve(summary.nodes);
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> ops;
  onnx::for_each_graph(model, [&](const onnx::Graph& graph) {
    if (&graph != &model.graph) summary.subgraph_nodes += graph.nodes.size();
    summary.initializers += graph.initializers.size() + graph.sparse_initializers.size();
    for (const onnx::TensorData& data : graph.initializers) summary.initializer_bytes += stored_size(data);
    for (const onnx::SparseTensor& data : graph.sparse_initializers)
      summary.initializer_bytes += stored_size(data.values) + stored_size(data.indices);
    for (const onnx::Node& node : graph.nodes) {
      summary.labels.push_back(label_of(node));
      ++ops[{node.domain, node.op_type}];
    }
  });
  for (const auto& [op, count] : ops) summary.ops[op_name({{}, op.second, op.first, {}})] += count;
  return summary;
}

ModelChange change_between(ModelSummary before, ModelSummary after) {
  std::vector<NodeLabel> old_nodes;
  std::vector<NodeLabel> new_nodes;
  drop_matches(before.labels, after.labels, old_nodes, new_nodes);

  ModelChange change;
  change.removed = without(old_nodes, new_nodes);
  change.added = without(new_nodes, old_nodes);
  change.before = std::move(before);
  change.after = std::move(after);
  return change;
}

std::string describe_change(const ModelChange& change) {
  const ModelSummary& before = change.before;
  const ModelSummary& after = change.after;
  constexpr std::size_t expected_size = 1024;
  IndentedText text(expected_size);
  text << "Nodes: " << arrow(nodes_text(before), nodes_text(after)) << "\n";
  text << "Initializers: " << arrow(initializers_text(before), initializers_text(after)) << "\n";
  if (before.functions + after.functions != 0)
    text << "Functions: " << arrow(std::to_string(before.functions), std::to_string(after.functions)) << "\n";
  if (before.opset != after.opset)
    text << fmt::format("Opset: {} -> {}\n", before.opset.value_or(0), after.opset.value_or(0));
  add_values(text, "Inputs", before.inputs, after.inputs);
  add_values(text, "Outputs", before.outputs, after.outputs);
  add_nodes(text, "Removed", change.removed);
  add_nodes(text, "Added", change.added);
  return text.finish();
}

std::string describe_ops(const ModelChange& change) {
  struct Row {
    std::string op;
    std::size_t before = 0;
    std::size_t after = 0;
  };
  std::map<std::string, Row> by_name;
  for (const auto& [op, count] : change.before.ops) by_name[op].before = count;
  for (const auto& [op, count] : change.after.ops) by_name[op].after = count;
  std::vector<Row> rows;
  Row total{.op = "total"};
  std::size_t width = std::string_view("Operator").size();
  for (auto& [op, row] : by_name) {
    row.op = op;
    width = std::max(width, op.size());
    total.before += row.before;
    total.after += row.after;
    rows.push_back(row);
  }
  std::ranges::stable_sort(rows, std::greater(),
                           [](const Row& row) { return std::max(row.before, row.after); });
  rows.push_back(total);
  constexpr std::size_t row_size = 64;
  IndentedText text(rows.size() * row_size);
  text << fmt::format("{:<{}}  {:>8}  {:>8}  {:>8}\n", "Operator", width, "Before", "After", "Change");
  for (const Row& row : rows) {
    const auto difference = static_cast<std::int64_t>(row.after) - static_cast<std::int64_t>(row.before);
    text << fmt::format("{:<{}}  {:>8}  {:>8}  {:>8}\n", row.op, width, row.before, row.after,
                        difference == 0 ? "" : fmt::format("{:+}", difference));
  }
  return text.finish();
}

Json change_to_json(const ModelChange& change) {
  return {{"before", summary_json(change.before)},
          {"after", summary_json(change.after)},
          {"removed_nodes", nodes_json(change.removed)},
          {"added_nodes", nodes_json(change.added)}};
}

std::string byte_count_text(std::uint64_t bytes) {
  constexpr double unit = 1024;
  if (bytes < static_cast<std::uint64_t>(unit)) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes) / unit;
  const char* const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t name = 0;
  for (; amount >= unit && name + 1 < std::size(names); ++name) amount /= unit;
  return fmt::format("{:.2f} {}", amount, names[name]);
}

}  // namespace polygraph::cli
