#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/simplify.h>

#include <map>

#include "core/log_format.h"
#include "onnx/attributes.h"
#include "onnx/infer_if_possible.h"
#include "onnx/simplify_graph.h"

namespace polygraph::onnx {
namespace {

using Counts = std::map<std::string, std::size_t>;

Counts count_operators(const Model& model) {
  Counts counts;
  const auto add = [&](const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      ++counts[is_standard_domain(node.domain) ? std::string(node.op_type)
                                               : fmt::format("{}::{}", node.domain, node.op_type)];
    }
  };
  for_each_graph(model, [&](const Graph& graph) { add(graph.nodes); });
  for (const Function& function : model.functions) add(function.nodes);
  return counts;
}

std::vector<OperatorCount> compare(const Counts& before, const Counts& after) {
  std::map<std::string, OperatorCount> both;
  for (const auto& [name, count] : before) both[name].before = count;
  for (const auto& [name, count] : after) both[name].after = count;
  std::vector<OperatorCount> result;
  for (auto& [name, count] : both) {
    count.op_type = name;
    result.push_back(std::move(count));
  }
  return result;
}

void add(FoldReport& total, FoldReport more) {
  total.passes += more.passes;
  total.nodes_after = more.nodes_after;
  total.lowered += more.lowered;
  total.computed += more.computed;
  total.evaluated += more.evaluated;
  total.branches += more.branches;
  total.reshapes += more.reshapes;
  total.left = std::move(more.left);
}

}  // namespace

SimplifyReport passes::simplify(Model& model, const SimplifyOptions& options, const Evaluators& evaluators) {
  SimplifyReport report;
  const Counts before = count_operators(model);
  report.fold.nodes_before = count_nodes(model);
  bool changed = true;
  while (changed) {
    ++report.rounds;
    if (options.fold) {
      const FoldOptions fold{.do_shape_inference = options.do_shape_inference,
                             .size_threshold = options.size_threshold};
      FoldReport folded = passes::fold_constants(model, fold, evaluators);
      add(report.fold, std::move(folded));
    } else if (options.do_shape_inference) {
      infer_shapes_if_possible(model);
    }
    changed = GraphSimplifier(model, options, report).run();
    cleanup(model);
  }
  report.operators = compare(before, count_operators(model));
  return report;
}

SimplifyOnnx::SimplifyOnnx(Source<Model> model, SimplifyOptions options, Evaluators evaluators)
    : model_(std::move(model)), options_(options), evaluators_(std::move(evaluators)) {}

Model SimplifyOnnx::operator()() const {
  Model model = model_.get();
  const SimplifyReport report = passes::simplify(model, options_, evaluators_);
  log_info(
      "Simplifying: {} nodes before, {} after ({} folded, {} that do "
      "nothing, {} pairs, {} duplicates, {} duplicate "
      "weights)",
      report.fold.nodes_before, count_nodes(model), report.fold.computed + report.fold.evaluated,
      report.no_ops, report.pairs, report.duplicates, report.duplicate_weights);
  return model;
}

std::string SimplifyOnnx::str() const {
  return cpp_expression<1>("SimplifyOnnx", model_, options_, evaluators_);
}

}  // namespace polygraph::onnx
