#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>

#include "core/log_format.h"
#include "onnx/fold_graph.h"
#include "onnx/infer_if_possible.h"

namespace polygraph::onnx {

std::string Evaluators::str() const {
  if (evaluators_.empty()) return "{}";
  if (!expression_.empty()) return expression_;
  std::string names;
  for (const auto& evaluator : evaluators_)
    names += (names.empty() ? "" : ", ") + std::string(evaluator->name());
  return "/* " + names + " */";
}

namespace {

void check(const FoldOptions& options) {
  if (options.num_passes && *options.num_passes < 1) {
    throw UsageError(
        fmt::format("Folding constants: num_passes is {}, and it must be 1 or more.", *options.num_passes),
        "Leave it out to go on until nothing changes.");
  }
  if (options.size_threshold && *options.size_threshold < 0) {
    throw UsageError(fmt::format("Folding constants: size_threshold is {} "
                                 "bytes, and it must be 0 or more.",
                                 *options.size_threshold),
                     "Leave it out to fold constants of any size.");
  }
}

}  // namespace

void infer_shapes_if_possible(Model& model) {
  try {
    for (const std::string& complaint : infer_shapes_officially(model))
      log_extra_verbose("Shape inference: {}", complaint);
  } catch (const BackendError& error) {
    log_warning("Shapes are not inferred: {}", error.what());
  }
}

std::size_t count_nodes(const Model& model) {
  std::size_t count = 0;
  for_each_graph(model, [&](const Graph& graph) { count += graph.nodes.size(); });
  for (const Function& function : model.functions) count += function.nodes.size();
  return count;
}

FoldReport passes::fold_constants(Model& model, const FoldOptions& options, const Evaluators& evaluators) {
  check(options);
  FoldReport report;
  report.nodes_before = count_nodes(model);
  const bool infers = options.fold_shapes && options.do_shape_inference;
  GraphFolder folder(model, options, evaluators, report);
  bool changed = true;
  while (changed &&
         (!options.num_passes || report.passes < static_cast<std::uint64_t>(*options.num_passes))) {
    if (infers) infer_shapes_if_possible(model);
    changed = folder.run();
    ++report.passes;
    cleanup(model);
  }
  if (changed && infers) infer_shapes_if_possible(model);
  report.nodes_after = count_nodes(model);
  return report;
}

FoldConstants::FoldConstants(Source<Model> model, FoldOptions options, Evaluators evaluators)
    : model_(std::move(model)), options_(options), evaluators_(std::move(evaluators)) {}

Model FoldConstants::operator()() const {
  Model model = model_.get();
  const FoldReport report = passes::fold_constants(model, options_, evaluators_);
  log_info("Folding constants: {} nodes before, {} after ({} passes)", report.nodes_before,
           report.nodes_after, report.passes);
  if (!report.left.empty())
    log_warning("{} nodes with constant inputs were not folded; the first is {}: {}", report.left.size(),
                report.left[0].node, report.left[0].reason);
  return model;
}

std::string FoldConstants::str() const {
  return cpp_expression<1>("FoldConstants", model_, options_, evaluators_);
}

}  // namespace polygraph::onnx
