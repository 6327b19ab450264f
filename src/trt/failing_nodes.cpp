#include "trt/failing_nodes.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "onnx/cut_out_nodes.h"
#include "onnx/graphs.h"
#include "onnx/infer_if_possible.h"

namespace polygraph::trt {

namespace {

using Index = std::size_t;

// The nodes of a model's main graph: by the names that layers made of them may have, and their neighbours.
class Nodes {
 public:
  explicit Nodes(const onnx::Graph& graph) : graph_(graph) {
    for (Index i = 0; i < graph.nodes.size(); ++i) {
      const onnx::Node& node = graph.nodes[i];
      if (!node.name.empty()) by_name_.emplace(node.name, i);
      for (const std::string_view output : node.outputs)
        if (!output.empty()) makers_.emplace(output, i);
    }
    for (Index i = 0; i < graph.nodes.size(); ++i) add_nested(graph.nodes[i], i);
  }

  std::optional<Index> maker(std::string_view value) const { return found(makers_, value); }

  // By what TensorRT calls the layer, which may have a number behind: `conv_12` or `conv__120`.
  std::optional<Index> of_layer(std::string_view layer) const {
    constexpr std::string_view of_output = "node_of_";
    for (std::string_view name = layer;;) {
      if (const auto node = found(by_name_, name)) return node;
      if (const auto node = maker(name)) return node;
      if (name.starts_with(of_output))
        if (const auto node = maker(name.substr(of_output.size()))) return node;
      const std::size_t digits = name.find_last_not_of("0123456789");
      if (digits == std::string_view::npos || digits + 1 == name.size() || name[digits] != '_')
        return std::nullopt;
      name = name.substr(0, name.find_last_not_of('_', digits) + 1);
    }
  }

  std::vector<std::string_view> taken_by(Index node) const { return onnx::taken_by(graph_.nodes[node]); }

  // Those on the ways from one to the other; both alone if there is no way.
  std::vector<Index> between(Index first, Index last) const {
    std::vector<Index> before_last = before(last);
    std::vector<Index> result;
    std::unordered_set<Index> behind_first{first};
    std::ranges::sort(before_last);  // nodes stand behind those they depend on
    for (const Index node : before_last) {
      const bool follows = node == first || std::ranges::any_of(taken_by(node), [&](std::string_view value) {
                             const auto made_by = maker(value);
                             return made_by && behind_first.contains(*made_by);
                           });
      if (!follows) continue;
      behind_first.insert(node);
      result.push_back(node);
    }
    if (!behind_first.contains(last)) return {std::min(first, last), std::max(first, last)};
    return result;
  }

 private:
  using Table = std::unordered_map<std::string_view, Index>;

  // What is inside of a condition or a loop stands for the whole.
  void add_nested(const onnx::Node& node, Index outermost) {
    onnx::for_each_subgraph(node, [&](const onnx::Graph& graph) {
      for (const onnx::Node& inner : graph.nodes) {
        if (!inner.name.empty()) by_name_.emplace(inner.name, outermost);
        add_nested(inner, outermost);
      }
    });
  }

  static std::optional<Index> found(const Table& table, std::string_view name) {
    const auto at = table.find(name);
    return at == table.end() ? std::nullopt : std::optional(at->second);
  }

  std::vector<Index> before(Index last) const {
    std::vector<Index> reached{last};
    std::unordered_set<Index> seen{last};
    for (std::size_t i = 0; i < reached.size(); ++i)
      for (const std::string_view value : taken_by(reached[i]))
        if (const auto made_by = maker(value); made_by && seen.insert(*made_by).second)
          reached.push_back(*made_by);
    return reached;
  }

  const onnx::Graph& graph_;
  Table by_name_;
  Table makers_;
};

// What stands between two texts, from a place on; nullopt if they are not there.
std::optional<std::string_view> between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  if (from == std::string_view::npos) return std::nullopt;
  const std::size_t start = from + begin.size();
  const std::size_t to = text.find(end, start);
  if (to == std::string_view::npos) return std::nullopt;
  return text.substr(start, to - start);
}

void add_part(const Nodes& nodes, std::string_view part, std::set<Index>& found) {
  const std::size_t dots = part.find("...");
  const auto first = nodes.of_layer(part.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : nodes.of_layer(part.substr(dots + 3));
  if (first && last) {
    const std::vector<Index> all = nodes.between(*first, *last);
    found.insert(all.begin(), all.end());
  } else if (first || last) {
    found.insert(first ? *first : *last);
  }
}

// Layers that were fused stand with plus signs between them, and some in calls: `PWN(relu) + conv`.
void add_layers(const Nodes& nodes, std::string_view layers, std::set<Index>& found) {
  constexpr std::string_view separators = " +(){},";
  while (!layers.empty()) {
    const std::size_t begin = layers.find_first_not_of(separators);
    if (begin == std::string_view::npos) return;
    layers.remove_prefix(begin);
    const std::size_t end = std::min(layers.find_first_of(separators), layers.size());
    if (const auto node = nodes.of_layer(layers.substr(0, end))) found.insert(*node);
    layers.remove_prefix(end);
  }
}

std::optional<Index> number_in(std::string_view text) {
  Index number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end != text.data() ? std::optional(number) : std::nullopt;
}

std::string node_text(const onnx::Node& node) {
  const std::string_view output = node.outputs.empty() ? std::string_view() : node.outputs.front();
  return node.name.empty() ? fmt::format("{} -> '{}'", node.op_type, output)
                           : fmt::format("'{}' ({})", node.name, node.op_type);
}

}  // namespace

std::vector<std::size_t> failing_nodes(const onnx::Model& model, std::span<const std::string> messages) {
  const Nodes nodes(model.graph);
  std::set<Index> found;
  for (const std::string& message : messages) {
    if (const auto part = between(message, "ForeignNode[", "]}")) {
      add_part(nodes, *part, found);
      continue;
    }
    if (const auto layers = between(message, "implementation for node ", ".)"))
      add_layers(nodes, *layers, found);
    if (const auto number = between(message, "While parsing node number ", " ["))
      if (const auto node = number_in(*number); node && *node < model.graph.nodes.size()) found.insert(*node);
    // Conditions and loops that the builder cannot take apart.
    if (message.find("graphScope") != std::string::npos)
      for (Index i = 0; i < model.graph.nodes.size(); ++i)
        if (onnx::has_subgraphs(model.graph.nodes[i])) found.insert(i);
    // `(IConvolutionLayer conv: ...)`
    if (const auto name = between(message, "Layer ", ":"))
      if (const auto node = nodes.of_layer(*name)) found.insert(*node);
    // What the parser and the builder say of one layer begins with its name: `conv: ...`, `node conv (Conv):
    // ...`.
    const std::size_t colon = message.find(':');
    if (colon == std::string::npos) continue;
    std::string_view start(message.data(), colon);
    constexpr std::string_view prefix = "node ";
    if (start.starts_with(prefix)) start.remove_prefix(prefix.size());
    if (const std::size_t type = start.rfind(" ("); type != std::string_view::npos && start.ends_with(')'))
      start = start.substr(0, type);
    if (const auto node = nodes.of_layer(start)) found.insert(*node);
  }
  return {found.begin(), found.end()};
}

std::string describe_nodes(const onnx::Model& model, std::span<const std::size_t> nodes) {
  constexpr std::size_t named = 3;
  if (nodes.empty()) return {};
  const auto text_of = [&](Index i) { return node_text(model.graph.nodes[i]); };
  if (nodes.size() > named)
    return fmt::format("{} nodes of the model are concerned: {} to {}", nodes.size(), text_of(nodes.front()),
                       text_of(nodes.back()));
  std::string text = nodes.size() == 1 ? "The node concerned is " : "The nodes concerned are ";
  for (std::size_t i = 0; i < nodes.size(); ++i) text += (i == 0 ? "" : ", ") + text_of(nodes[i]);
  return text;
}

onnx::Model model_of_nodes(const onnx::Model& model, std::span<const std::size_t> nodes) {
  onnx::Model typed = model;
  onnx::infer_shapes_if_possible(typed);  // what becomes an input should have a type
  return onnx::cut_out_nodes(typed, nodes);
}

void fail_naming_nodes(const std::string& problem, const std::string& remedy,
                       std::vector<std::string> messages, const onnx::Model* model,
                       const std::filesystem::path& dump) {
  const std::vector<std::size_t> nodes =
      model != nullptr ? failing_nodes(*model, messages) : std::vector<std::size_t>();
  if (model == nullptr || nodes.empty()) {
    throw BackendError(
        problem,
        dump.empty()
            ? remedy
            : remedy + fmt::format(" The messages name no node: '{}' was not written.", dump.string()),
        std::move(messages));
  }
  std::string what = describe_nodes(*model, nodes) + ".";
  if (dump.empty()) {
    what += " The option dump_failing_subgraph (--dump-failing-subgraph) saves that part as a model.";
  } else {
    try {
      onnx::save_model(model_of_nodes(*model, nodes), dump);
      what += fmt::format(" That part is saved as '{}'.", dump.string());
    } catch (const Error& error) {  // the failure itself matters more
      what += fmt::format(" That part cannot be saved: {}", error.problem());
    }
  }
  throw BackendError(problem + " " + what, remedy, std::move(messages));
}

}  // namespace polygraph::trt
