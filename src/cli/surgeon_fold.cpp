#include "cli/surgeon_fold.h"

#include <fmt/format.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/installed_evaluators.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "cli/text.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

constexpr const char* switch_name = "--fold-constants";
constexpr std::size_t most_listed_nodes = 20;

}  // namespace

void Folding::warn_if_unused() const {
  if (!enabled && !given.empty())
    log_warning("Nothing is folded: {} {} without {}", join(given, ", "),
                given.size() == 1 ? "does nothing" : "do nothing", switch_name);
}

OptionGroup folding_group(Folding& folding) {
  OptionGroup group{.title = "Constant folding"};
  group.options = {
      {.names = {"--num-const-fold-passes", "--num-passes"},
       .metavar = "N",
       .help = "How often to go through the model.",
       .arity = Arity::one,
       .default_text = "until nothing changes",
       .apply = [&folding](Values values) { folding.options.num_passes = parse_count(values.front(), 1); }},
      {.names = {"--partitioning"},
       .metavar = "MODE",
       .help =
           "Nodes are always folded one by one, so that one that cannot be folded keeps no other from it: "
           "finer than both modes of Polygraphy, which are accepted for its command lines.",
       .arity = Arity::one,
       .choices = {{"basic"}, {"recursive"}},
       .apply =
           [](Values values) {
             log_verbose("--partitioning {}: nodes are folded one by one", values.front());
           }},
      {.names = {"--no-fold-shapes"},
       .help = "Do not fold what depends on the shapes of tensors only.",
       .apply = [&folding](Values) { folding.options.fold_shapes = false; }},
      {.names = {"--no-per-pass-shape-inference"},
       .help = "Do not infer shapes between passes.",
       .apply = [&folding](Values) { folding.options.do_shape_inference = false; }},
      {.names = {"--fold-size-threshold"},
       .metavar = "BYTES",
       .help = "Leave nodes whose results have more bytes than this; K, M and G are understood.",
       .arity = Arity::one,
       .default_text = "no limit",
       .apply = [&folding](Values values) {
         folding.options.size_threshold = parse_byte_count(values.front());
       }}};
  record_use(group, folding.given);
  group.options.insert(group.options.begin(), {.names = {switch_name},
                                               .help = "Compute once what does not depend on the inputs.",
                                               .apply = [&folding](Values) { folding.enabled = true; }});
  return group;
}

void fold_constants(ModelEdit& edit, const Folding& folding, bool infer_shapes) {
  onnx::FoldOptions options = folding.options;
  options.do_shape_inference = options.do_shape_inference && infer_shapes;
  const onnx::FoldReport report =
      onnx::passes::fold_constants(edit.model(), options, onnx::installed_evaluators());
  if (report.nothing())
    edit.note("No constants to fold");
  else
    edit.note(fmt::format(
        "Folded {} nodes by computing them, {} by the arithmetic of shapes, {} Constant nodes, {} If nodes "
        "and {} shapes of Reshape nodes",
        report.evaluated, report.computed, report.lowered, report.branches, report.reshapes));
  for (std::size_t i = 0; i < std::min(report.left.size(), most_listed_nodes); ++i)
    edit.note(fmt::format("Not folded: {}: {}", report.left[i].node, report.left[i].reason));
  if (report.left.size() > most_listed_nodes)
    edit.note(
        fmt::format("and {} more nodes that could not be folded", report.left.size() - most_listed_nodes));

  nlohmann::ordered_json json{{"passes", report.passes},     {"evaluated", report.evaluated},
                              {"computed", report.computed}, {"lowered", report.lowered},
                              {"branches", report.branches}, {"reshapes", report.reshapes}};
  json["left"] = nlohmann::ordered_json::array();
  for (const onnx::UnfoldedNode& left : report.left)
    json["left"].push_back({{"node", json_text(left.node)}, {"reason", json_text(left.reason)}});
  edit.add_json("folding", std::move(json));
}

}  // namespace polygraph::cli
