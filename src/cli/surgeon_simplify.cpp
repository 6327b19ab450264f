#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/installed_evaluators.h>
#include <polygraph/onnx/simplify.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/logging_options.h"
#include "cli/surgeon_edit.h"
#include "cli/surgeon_verify.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  OnnxSaving saving;
  DataLoading data;
  Reporting reporting;
  onnx::SimplifyOptions options;
  compare::DifferenceOptions tolerance{
      .infinities_compare_equal = true, .nans_compare_equal = true, .worst = 1, .distribution = false};
  bool verify = true;
};

OptionGroup simplification_group(Arguments& arguments) {
  onnx::SimplifyOptions& options = arguments.options;
  const auto off = [](const char* name, const char* help, bool& value) {
    return Option{.names = {name}, .help = help, .apply = [&value](Values) { value = false; }};
  };
  OptionGroup group{.title = "Simplification"};
  group.options = {
      off("--no-fold-constants", "Do not fold constants.", options.fold),
      off("--no-merge-duplicates", "Do not merge nodes that compute the same.", options.duplicates),
      off("--no-merge-weights", "Do not merge weights that are equal.", options.duplicate_weights),
      off("--no-remove-no-ops", "Do not remove nodes that pass on their input as it is.", options.no_ops),
      off("--no-join-pairs", "Do not join neighbours such as two Transpose nodes.", options.pairs),
      off("--no-shape-inference", "Do not infer shapes first.", options.do_shape_inference),
      {.names = {"--fold-size-threshold"},
       .metavar = "BYTES",
       .help = "Leave constants whose folded result has more bytes than this; K, M and G are understood.",
       .arity = Arity::one,
       .default_text = "no limit",
       .apply = [&options](Values values) { options.size_threshold = parse_byte_count(values.front()); }}};
  return group;
}

OptionGroup verification_group(Arguments& arguments) {
  OptionGroup group = data_group(arguments.data);
  group.title = "Verification";
  group.description =
      "Both models run on the same data, by ONNX Runtime if it is installed, else by OpenVINO.";
  const auto number = [](const char* name, const char* help, const char* default_text, double& value) {
    return Option{.names = {name},
                  .metavar = "X",
                  .help = help,
                  .arity = Arity::one,
                  .default_text = default_text,
                  .apply = [&value](Values values) { value = parse_tolerance(values.front()); }};
  };
  group.options.insert(
      group.options.begin(),
      {{.names = {"--no-verify"},
        .help = "Save the model without running it.",
        .apply = [&arguments](Values) { arguments.verify = false; }},
       number("--atol", "How far values may be apart.", "1e-05", arguments.tolerance.atol),
       number("--rtol", "How far values may be apart, as a part of the old one, where --atol is exceeded.",
              "1e-05", arguments.tolerance.rtol),
       shapes_option({"--inputs", "--input-shapes"},
                     "Shapes for inputs with open dimensions, which are 1 otherwise.",
                     arguments.data.shapes)});
  return group;
}

void add_report(ModelEdit& edit, const onnx::SimplifyReport& report) {
  edit.note(
      fmt::format("Folded {} nodes, merged {} nodes and {} weights ({}), removed {} nodes that did nothing, "
                  "joined {} pairs",
                  report.fold.evaluated + report.fold.computed, report.duplicates, report.duplicate_weights,
                  byte_count_text(report.duplicate_bytes), report.no_ops, report.pairs));
  edit.add_json("simplification", {{"rounds", report.rounds},
                                   {"folded", report.fold.evaluated + report.fold.computed},
                                   {"duplicates", report.duplicates},
                                   {"duplicate_weights", report.duplicate_weights},
                                   {"duplicate_bytes", report.duplicate_bytes},
                                   {"no_ops", report.no_ops},
                                   {"pairs", report.pairs}});
}

ExitCode simplify(Session& session, const Arguments& arguments) {
  ModelEdit edit("surgeon simplify", arguments.loading, arguments.saving);
  edit.show_ops();
  add_report(edit, onnx::passes::simplify(edit.model(), arguments.options, onnx::installed_evaluators()));
  if (arguments.verify) {
    const std::string mismatch =
        verify_same(edit.original(), edit.model(), arguments.data, arguments.tolerance);
    if (!mismatch.empty())
      throw Error(fmt::format("'{}' is not written: the simplified model computes something else.\n{}",
                              arguments.saving.output.string(), mismatch),
                  "If the difference is only rounding, raise --atol or --rtol; else leave out a step "
                  "(--no-fold-constants, ...), and please report the model.");
    edit.note("Verified: both models compute the same on the same data");
  }
  return edit.finish(session, arguments.reporting);
}

}  // namespace

Tool surgeon_simplify_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "simplify",
      .summary = "Make a model smaller that computes the same.",
      .description =
          "Folds constants, merges what is computed twice, removes what does nothing, joins neighbours "
          "that undo each other; then runs both models on the same data. If they differ, the exit "
          "status is 1 and nothing is written.",
      .examples = {{"polygraph surgeon simplify model.onnx -o simple.onnx",
                    "Simplify, and check by running."},
                   {"polygraph surgeon simplify model.onnx -o simple.onnx --no-verify", "Without running."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {simplification_group(*arguments),       verification_group(*arguments),
                 onnx_saving_group(arguments->saving),   report_group(arguments->reporting),
                 onnx_loading_group(arguments->loading), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return simplify(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
