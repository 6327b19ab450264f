#include "trt/capability.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "core/log_format.h"
#include "onnx/cut_out_nodes.h"
#include "onnx/infer_if_possible.h"
#include "trt/library.h"
#include "trt/messages.h"
#include "trt/network.h"
#include "trt/parser_input.h"
#include "trt/versions/parser.h"

namespace polygraph::trt {

namespace {

using Index = std::size_t;
using Indices = std::vector<Index>;
using Problem = Capability::Problem;

constexpr const char* no_reason = "The parser gives no reason.";
constexpr const char* unknown_type =
    "Cannot be asked about without the others: the type of '{}' is not known.";

std::string_view code_name(nvonnxparser::ErrorCode code) {
  constexpr std::string_view names[] = {"SUCCESS",
                                        "INTERNAL_ERROR",
                                        "MEM_ALLOC_FAILED",
                                        "MODEL_DESERIALIZE_FAILED",
                                        "INVALID_VALUE",
                                        "INVALID_GRAPH",
                                        "INVALID_NODE",
                                        "UNSUPPORTED_GRAPH",
                                        "UNSUPPORTED_NODE",
                                        "UNSUPPORTED_NODE_ATTR",
                                        "UNSUPPORTED_NODE_INPUT",
                                        "UNSUPPORTED_NODE_DATATYPE",
                                        "UNSUPPORTED_NODE_DYNAMIC",
                                        "UNSUPPORTED_NODE_SHAPE",
                                        "REFIT_FAILED"};
  const auto number = static_cast<std::size_t>(code);
  return number < std::size(names) ? names[number] : "UNKNOWN_ERROR";
}

// One line: `UNSUPPORTED_NODE: checkDet: false`.
std::string reason_of(const nvonnxparser::IParserError& error) {
  std::string reason(code_name(error.code()));
  for (const char* const part : {error.func(), error.desc()})
    if (part != nullptr && *part != '\0') reason += std::string(": ") + part;
  std::ranges::replace(reason, '\n', ' ');
  return reason;
}

// An input or output without a type, which the parser would refuse.
std::optional<std::string_view> untyped_edge(const onnx::Graph& graph) {
  for (const auto* const values : {&graph.inputs, &graph.outputs})
    for (const onnx::ValueInfo& value : *values)
      if (!value.type || value.type->kind == onnx::Type::Kind::none || value.type->element_type == 0)
        return value.name;
  return std::nullopt;
}

// Asks one question.
class Question {
 public:
  Question(const NetworkOptions& options, const Library& library)
      : state_(make_network(library, options.strongly_typed)) {
    state_->parser = library.state().make_parser(*state_->network);
    apply_parser_options(*state_->parser, options, library);
  }

  bool parses(const ParserInput& model) {
    return state_->parser->parse(model.bytes().data(), model.bytes().size(), model.path());
  }

  bool supports(const ParserInput& model, std::vector<ParserGroup>& groups) {
    return supports_model(*state_->parser, model.bytes().span(), model.path(), groups);
  }

  // Why not. The nodes are those of `graph`.
  std::vector<Problem> problems(const onnx::Graph& graph) {
    std::vector<Problem> found;
    for (int i = 0; i < state_->parser->getNbErrors(); ++i)
      found.push_back(problem_of(*state_->parser->getError(i), graph));
    if (found.empty())
      for (std::string& line : messages_.take()) found.push_back({std::move(line), {}, {}, {}, {}});
    if (found.empty()) found.push_back({no_reason, {}, {}, {}, {}});
    return found;
  }

 private:
  static Problem problem_of(const nvonnxparser::IParserError& error, const onnx::Graph& graph) {
    auto [name, op_type] = parser_error_node(error);
    Problem problem{reason_of(error), std::move(op_type), std::move(name), parser_error_functions(error), {}};
    const auto index = static_cast<Index>(error.node());
    if (error.node() < 0 || index >= graph.nodes.size()) return problem;
    // The number may be one of a graph inside of a node, or of a function.
    const onnx::Node& node = graph.nodes[index];
    const auto differ = [](std::string_view told, std::string_view own) {
      return !told.empty() && told != own;
    };
    if (!problem.functions.empty() || differ(problem.op_type, node.op_type) ||
        differ(problem.node, node.name))
      return problem;
    problem.op_type = node.op_type;
    problem.node = node.name;
    problem.nodes = {index};
    return problem;
  }

  EngineMessages messages_;
  std::shared_ptr<Network::State> state_;
};

class Partition {
 public:
  Partition(onnx::Model model, const NetworkOptions& options, const Library& library, Capability& result)
      : model_(std::move(model)),
        options_(options),
        library_(library),
        result_(result),
        supported_(model_.graph.nodes.size()) {
    for (Index i = 0; i < model_.graph.nodes.size(); ++i)
      for (const std::string_view output : model_.graph.nodes[i].outputs)
        if (!output.empty()) makers_.emplace(output, i);
  }

  void run() {
    Indices all(model_.graph.nodes.size());
    std::iota(all.begin(), all.end(), Index{0});
    result_.supported = ask(model_, all, all);
    if (result_.supported) return;
    onnx::infer_shapes_if_possible(model_);  // inputs of parts should have a type
    while (!open_.empty()) {
      const Indices nodes = std::move(open_.back());
      open_.pop_back();
      const onnx::Model part = onnx::cut_out_nodes(model_, nodes);
      if (const auto value = untyped_edge(part.graph)) {
        result_.problems.push_back({fmt::format(unknown_type, *value), first_op(nodes), {}, {}, nodes});
        continue;
      }
      ask(part, nodes, origins(part.graph));
    }
    add_unsupported();
  }

 private:
  std::string first_op(const Indices& nodes) const {
    return std::string(model_.graph.nodes[nodes.front()].op_type);
  }

  // Which nodes those of a part are. Of nodes without outputs nothing is left in it.
  Indices origins(const onnx::Graph& part) const {
    Indices result;
    for (const onnx::Node& node : part.nodes) {
      const auto output =
          std::ranges::find_if(node.outputs, [](std::string_view name) { return !name.empty(); });
      result.push_back(makers_.at(*output));
    }
    return result;
  }

  // @param nodes   What is asked about.
  // @param origin  The node that each of the part is.
  bool ask(const onnx::Model& part, const Indices& nodes, const Indices& origin) {
    Question question(options_, library_);
    std::vector<ParserGroup> groups;
    if (question.supports(ParserInput(part, Weights::in_place), groups)) {
      add_supported(nodes);
      return true;
    }
    Indices refused = nodes;  // those in no group
    for (ParserGroup& group : groups) {
      for (Index& node : group.nodes) node = origin.at(node);
      std::ranges::sort(group.nodes);
      Indices rest;
      std::ranges::set_difference(refused, group.nodes, std::back_inserter(rest));
      refused = std::move(rest);
    }
    const bool nothing_new = groups.size() == 1 && !groups[0].supported && groups[0].nodes == nodes;
    for (const ParserGroup& group : groups) {
      if (group.supported)
        add_supported(group.nodes);
      else if (!nothing_new)
        open_.push_back(group.nodes);
    }
    add_problems(question.problems(part.graph), origin, nothing_new ? nodes : refused);
    log_verbose("{} of {} nodes cannot be parsed", nothing_new ? nodes.size() : refused.size(), nodes.size());
    return false;
  }

  void add_supported(const Indices& nodes) {
    if (nodes.empty()) return;
    for (const Index node : nodes) supported_[node] = true;
    result_.parts.push_back({nodes, true});
  }

  // What is about no node is about all that were refused.
  void add_problems(std::vector<Problem> problems, const Indices& origin, const Indices& refused) {
    for (Problem& problem : problems) {
      for (Index& node : problem.nodes) node = origin[node];
      if (problem.nodes.empty()) problem.nodes = refused;
      if (problem.op_type.empty() && !problem.nodes.empty()) problem.op_type = first_op(problem.nodes);
      if (std::ranges::find(result_.problems, problem) == result_.problems.end())
        result_.problems.push_back(std::move(problem));
    }
  }

  // Neighbours are one part. What was said of nodes that are taken without the others does not count.
  void add_unsupported() {
    std::erase_if(result_.problems, [&](const Problem& problem) {
      return !problem.nodes.empty() &&
             std::ranges::all_of(problem.nodes, [&](Index i) { return supported_[i]; });
    });
    for (Index i = 0; i < supported_.size(); ++i) {
      if (supported_[i]) continue;
      if (i == 0 || supported_[i - 1]) result_.parts.push_back({{}, false});
      result_.parts.back().nodes.push_back(i);
      explain(i);
    }
    std::ranges::sort(result_.parts, {}, [](const auto& part) { return part.nodes.front(); });
    std::ranges::stable_sort(result_.problems, {}, [](const Problem& problem) {
      return problem.nodes.empty() ? Index{0} : problem.nodes.front();
    });
  }

  void explain(Index i) {
    const auto is_about = [&](const Problem& problem) {
      return std::ranges::binary_search(problem.nodes, i);
    };
    if (std::ranges::any_of(result_.problems, is_about)) return;
    const onnx::Node& node = model_.graph.nodes[i];
    result_.problems.push_back({no_reason, std::string(node.op_type), std::string(node.name), {}, {i}});
  }

  onnx::Model model_;
  const NetworkOptions& options_;
  const Library& library_;
  Capability& result_;
  std::vector<bool> supported_;
  std::unordered_map<std::string_view, Index> makers_;
  std::vector<Indices> open_;  // groups of nodes that are to be asked about
};

}  // namespace

Capability capability_of(onnx::Model model, const NetworkOptions& options, const Library& library,
                         bool partition) {
  Capability result;
  result.parser = fmt::format("{} {}", flavour_name, library.version());
  if (partition) {
    Partition(std::move(model), options, library, result).run();
    return result;
  }
  Question question(options, library);
  result.supported = question.parses(ParserInput(model, Weights::in_place));
  if (!result.supported) result.problems = question.problems(model.graph);
  return result;
}

}  // namespace polygraph::trt
