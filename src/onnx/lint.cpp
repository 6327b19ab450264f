#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/lint.h>
#include <polygraph/onnx/official.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "onnx/diff_body.h"

namespace polygraph::onnx {
namespace {

using Level = LintFinding::Level;
using Source = LintFinding::Source;

/// The graphs around a graph, as far as names go.
struct Enclosing {
  const Body* body;
  const Enclosing* outer;

  bool has(std::string_view name) const {
    const std::uint32_t value = body->names().find(name);
    if (value != NameTable::none && !body->values()[value].is_outer()) return true;
    return outer != nullptr && outer->has(name);
  }
};

class Linter {
 public:
  explicit Linter(const Model& model) : model_(model) {
    for (const Function& function : model.functions) functions_.emplace(function.domain, function.name);
  }

  std::vector<LintFinding> run() {
    const std::vector<std::string> labels = node_labels(model_.graph);
    const Body body(model_.graph);
    graph(body, labels, {}, nullptr);
    for (const Function& function : model_.functions) {
      const Body inner(function);
      nodes(inner, labels_of(function.nodes),
            fmt::format("function '{}{}{}'", function.domain,
                        function.domain.empty() ? "" : "::", function.name),
            nullptr);
    }
    return std::move(findings_);
  }

  static std::vector<std::string> labels_of(const std::vector<Node>& nodes) {
    std::unordered_set<std::string_view> taken;
    for (const Node& node : nodes) taken.insert(node.name);
    std::vector<std::string> labels;
    labels.reserve(nodes.size());
    std::size_t number = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i].name.empty()) {
        labels.emplace_back(nodes[i].name);
        continue;
      }
      std::string label = fmt::format("polygraphy_unnamed_node_{}", i);
      const std::string stem = label;
      while (taken.contains(label)) label = fmt::format("{}_{}", stem, number++);
      labels.push_back(std::move(label));
    }
    return labels;
  }

 private:
  void add(Level level, const std::string& place, std::string message, std::vector<std::string> nodes,
           std::string remedy = {}) {
    findings_.push_back({.level = level,
                         .source = Source::onnx_graphsurgeon,
                         .message = std::move(message),
                         .nodes = std::move(nodes),
                         .remedy = std::move(remedy),
                         .place = place});
  }

  void graph(const Body& body, const std::vector<std::string>& labels, const std::string& place,
             const Enclosing* outer) {
    hidden_names(body, place, outer);
    nodes(body, labels, place, outer);
    unused(body, labels, place);
  }

  void nodes(const Body& body, const std::vector<std::string>& labels, const std::string& place,
             const Enclosing* outer) {
    duplicate_names(body, place);
    cycles(body, labels, place);
    unknown_operators(body, labels, place);
    const Enclosing here{&body, outer};
    for (std::size_t i = 0; i < body.nodes().size(); ++i) {
      for (const Attribute& attribute : body.nodes()[i].attributes) {
        const std::span<const Graph> graphs = subgraphs_of(attribute);
        for (std::size_t j = 0; j < graphs.size(); ++j) {
          std::string inner = place.empty() ? std::string() : place + ", ";
          inner += fmt::format("node '{}' {}", labels[i], attribute.name);
          if (graphs.size() > 1) inner += fmt::format("[{}]", j);
          graph(Body(graphs[j]), node_labels(graphs[j]), inner, &here);
        }
      }
    }
  }

  void duplicate_names(const Body& body, const std::string& place) {
    NameTable names(body.nodes().size());
    std::vector<std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < body.nodes().size(); ++i) {
      const std::string_view name = body.nodes()[i].name;
      if (name.empty()) continue;
      const std::uint32_t number = names.add(name);
      if (number == places.size()) places.emplace_back();
      places[number].push_back(i);
    }
    for (std::uint32_t number = 0; number < places.size(); ++number) {
      if (places[number].size() < 2) continue;
      add(Level::exception, place,
          fmt::format("The name '{}' is that of {} nodes, number {}.", names[number], places[number].size(),
                      fmt::join(places[number], ", ")),
          {std::string(names[number])}, "Give each node a name of its own, or none.");
    }
  }

  void cycles(const Body& body, const std::vector<std::string>& labels, const std::string& place) {
    // Depth first along producers, with a stack of its own; a node met on the way to itself closes a cycle.
    enum : std::uint8_t { unseen, open, done };
    std::vector<std::uint8_t> state(body.nodes().size(), unseen);
    struct Step {
      std::uint32_t node;
      std::size_t operand;
    };
    std::vector<Step> path;
    for (std::uint32_t start = 0; start < body.nodes().size(); ++start) {
      if (state[start] != unseen) continue;
      path.push_back({start, 0});
      state[start] = open;
      while (!path.empty()) {
        Step& step = path.back();
        const auto operands = body.operands(step.node);
        if (step.operand == operands.size()) {
          state[step.node] = done;
          path.pop_back();
          continue;
        }
        const std::uint32_t value = operands[step.operand++];
        const std::uint32_t maker = value == no_index ? no_index : body.values()[value].node;
        if (maker == no_index || state[maker] == done) continue;
        if (state[maker] == unseen) {
          state[maker] = open;
          path.push_back({maker, 0});
          continue;
        }
        report_cycle(path, maker, labels, place);
      }
    }
  }

  template <class Path>
  void report_cycle(const Path& path, std::uint32_t first, const std::vector<std::string>& labels,
                    const std::string& place) {
    std::vector<std::string> nodes;
    for (auto step = path.rbegin(); step != path.rend(); ++step) {
      nodes.push_back(labels[step->node]);
      if (step->node == first) break;
    }
    std::string message = "Nodes depend on each other in a cycle: ";
    message += fmt::format(
        "{}",
        fmt::join(nodes.begin(), nodes.begin() + std::min<std::ptrdiff_t>(8, std::ssize(nodes)), " -> "));
    message += nodes.size() > 8 ? fmt::format(" -> ... {} nodes in all.", nodes.size()) : std::string(".");
    add(Level::exception, place, std::move(message), std::move(nodes), "Cut the cycle at one of the nodes.");
  }

  /// Operators of a domain that only whoever runs the model can know.
  void unknown_operators(const Body& body, const std::vector<std::string>& labels, const std::string& place) {
    static const std::unordered_set<std::string_view> standard = {
        "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "ai.onnx.preview"};
    for (std::size_t i = 0; i < body.nodes().size(); ++i) {
      const Node& node = body.nodes()[i];
      if (standard.contains(node.domain) || functions_.contains({node.domain, node.op_type})) continue;
      add(Level::warning, place,
          fmt::format("The operator {} of the domain '{}' is not one of ONNX: a custom operator.",
                      node.op_type, node.domain),
          {labels[i]}, "Load the library or plugin that has it where the model runs.");
    }
  }

  void hidden_names(const Body& body, const std::string& place, const Enclosing* outer) {
    if (outer == nullptr) return;
    const auto check = [&](std::string_view name, std::string_view what) {
      if (!name.empty() && outer->has(name))
        add(Level::warning, place,
            fmt::format("The {} '{}' hides a value of the same name outside of the sub-graph.", what, name),
            {}, "Rename one of them.");
    };
    for (const ValueInfo& input : body.graph()->inputs) check(input.name, "input");
    for (const TensorData& tensor : body.graph()->initializers) check(tensor.name, "initializer");
    for (const Node& node : body.nodes())
      for (const std::string_view output : node.outputs) check(output, "value");
  }

  void unused(const Body& body, const std::vector<std::string>& labels, const std::string& place) {
    std::vector<bool> is_used(body.values().size(), false);
    std::vector<bool> needed(body.nodes().size(), false);
    std::vector<std::uint32_t> work;
    const auto use = [&](std::uint32_t value) {
      if (value == no_index || is_used[value]) return;
      is_used[value] = true;
      const std::uint32_t maker = body.values()[value].node;
      if (maker == no_index || needed[maker]) return;
      needed[maker] = true;
      work.push_back(maker);
    };
    for (const std::uint32_t output : body.outputs()) use(output);
    while (!work.empty()) {
      const std::uint32_t node = work.back();
      work.pop_back();
      for (const std::uint32_t value : body.operands(node)) use(value);
    }
    const bool is_main = place.empty();
    // The inputs of a sub-graph are set by the operator.
    if (is_main) {
      for (const ValueInfo& input : body.graph()->inputs) {
        const std::uint32_t value = body.names().find(input.name);
        if (!is_used[value] && body.values()[value].initializer == no_index)
          add(Level::warning, place,
              fmt::format("Input: '{}' does not affect outputs, can be removed.", input.name), {});
      }
    }
    for (const TensorData& tensor : body.graph()->initializers)
      if (!is_used[body.names().find(tensor.name)])
        add(Level::warning, place,
            fmt::format("Initializer: '{}' does not affect outputs, can be removed.", tensor.name), {},
            "`polygraph surgeon sanitize --cleanup` removes it.");
    for (std::size_t i = 0; i < body.nodes().size(); ++i)
      if (!needed[i])
        add(Level::warning, place, "Does not affect outputs, can be removed.", {labels[i]},
            "`polygraph surgeon sanitize --cleanup` removes it.");
  }

  const Model& model_;
  std::set<std::pair<std::string_view, std::string_view>> functions_;
  std::vector<LintFinding> findings_;
};

void check(LintReport& report, const Model& model, bool full) {
  try {
    for (CheckFinding& finding : check_model(model, full)) {
      // The library demands shapes of outputs, which exporters leave out and every engine infers.
      const bool is_shape = finding.message.find("Field 'shape' of 'type' is required") != std::string::npos;
      LintFinding& entry = report.findings.emplace_back();
      entry.level = is_shape ? Level::warning : Level::exception;
      entry.source = Source::onnx_checker;
      entry.message = std::move(finding.message);
      if (!finding.node.empty()) entry.nodes.push_back(std::move(finding.node));
      if (is_shape)
        entry.remedy = "`polygraph surgeon sanitize --shape-inference` adds what can be inferred.";
    }
  } catch (const BackendError& error) {
    report.findings.push_back({.level = Level::warning,
                               .source = Source::onnx_checker,
                               .message = "The rules of the format were not checked: " + error.problem(),
                               .remedy = error.remedy()});
  }
}

/// What to do about a node that the engine cannot run although nothing is wrong with it; empty for others.
std::string_view remedy_for(NodeOutcome::Kind kind) {
  switch (kind) {
    case NodeOutcome::Kind::custom:
      return "Load the library or plugin that has the operator where the model runs.";
    case NodeOutcome::Kind::no_kernel:
      return "Nothing, if the model is to run elsewhere: only ONNX Runtime's CPU lacks it. What depends on "
             "the node was "
             "not run.";
    default:
      return {};
  }
}

/// Sorts nodes into passing and failing by the exceptions there are.
void summarise(LintReport& report, const std::vector<std::string>& labels, const std::vector<bool>& did_run) {
  std::unordered_set<std::string_view> bad;
  for (const LintFinding& finding : report.findings)
    if (finding.level == Level::exception && finding.place.empty())
      bad.insert(finding.nodes.begin(), finding.nodes.end());
  report.passing.clear();
  report.failing.clear();
  std::unordered_set<std::string_view> listed;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!listed.insert(labels[i]).second) continue;  // a name that several nodes have
    if (bad.contains(labels[i]))
      report.failing.push_back(labels[i]);
    else if (did_run[i])
      report.passing.push_back(labels[i]);
  }
}

}  // namespace

std::string_view to_string(Level level) {
  static constexpr std::string_view names[] = {"exception", "warning", "info"};
  return names[static_cast<std::size_t>(level)];
}

std::string_view to_string(Source source) {
  static constexpr std::string_view names[] = {"onnxruntime", "onnx_checker", "onnx_loader",
                                               "onnx_graphsurgeon"};
  return names[static_cast<std::size_t>(source)];
}

bool LintReport::is_valid() const {
  return std::ranges::none_of(findings,
                              [](const LintFinding& finding) { return finding.level == Level::exception; });
}

std::vector<std::string> node_labels(const Graph& graph) {
  return Linter::labels_of(graph.nodes);
}

LintReport lint_statically(const Model& model, bool full) {
  LintReport report;
  const std::vector<std::string> labels = node_labels(model.graph);
  if (model.graph.nodes.empty()) {
    report.findings.push_back(
        {.level = Level::warning, .source = Source::onnx_loader, .message = "ONNX model has no nodes"});
  }
  check(report, model, full);
  for (LintFinding& finding : Linter(model).run()) report.findings.push_back(std::move(finding));
  summarise(report, labels, std::vector<bool>(labels.size(), true));
  return report;
}

void add_outcomes(LintReport& report, const Model& model, const std::vector<NodeOutcome>& outcomes) {
  const std::vector<std::string> labels = node_labels(model.graph);
  std::unordered_map<std::string_view, NodeOutcome::Kind> by_label;
  std::vector<LintFinding> failures;
  std::vector<bool> did_run(labels.size(), false);
  for (const NodeOutcome& outcome : outcomes) {
    by_label.emplace(labels[outcome.node], outcome.kind);
    did_run[outcome.node] =
        outcome.kind != NodeOutcome::Kind::failed && outcome.kind != NodeOutcome::Kind::unreachable;
    const std::string_view remedy = remedy_for(outcome.kind);
    if (outcome.kind != NodeOutcome::Kind::failed && remedy.empty()) continue;
    failures.push_back({.level = remedy.empty() ? Level::exception : Level::warning,
                        .source = Source::onnxruntime,
                        .message = outcome.message,
                        .nodes = {labels[outcome.node]},
                        .remedy = std::string(remedy)});
  }
  std::erase_if(report.findings, [&](LintFinding& finding) {
    if (!finding.place.empty() || finding.nodes.size() != 1) return false;
    const auto found = by_label.find(finding.nodes.front());
    if (found == by_label.end()) return false;
    const bool engine_spoke =
        found->second == NodeOutcome::Kind::failed || !remedy_for(found->second).empty();
    if (finding.source == Source::onnx_checker) {
      if (found->second == NodeOutcome::Kind::passed) finding.level = Level::warning;
      return engine_spoke;
    }
    // A custom operator that the engine has is none, and one that it complains about needs no second word.
    const bool about_operator = finding.message.ends_with("a custom operator.");
    return about_operator && (engine_spoke || found->second == NodeOutcome::Kind::passed);
  });
  // After the checker, before the structure.
  const auto structure = std::ranges::find(report.findings, Source::onnx_graphsurgeon, &LintFinding::source);
  report.findings.insert(structure, failures.begin(), failures.end());
  report.was_run = true;
  summarise(report, labels, did_run);
}

void add_success(LintReport& report, const Model& model) {
  std::vector<NodeOutcome> outcomes;
  for (std::size_t i = 0; i < model.graph.nodes.size(); ++i)
    outcomes.push_back({.node = i, .kind = NodeOutcome::Kind::passed});
  add_outcomes(report, model, outcomes);
}

}  // namespace polygraph::onnx
