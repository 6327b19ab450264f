#include <fmt/format.h>
#include <polygraph/compare/accuracy_results.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "cli/compare_options.h"
#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/run_html.h"
#include "cli/text.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

using compare::AccuracyResult;
using compare::AccuracyResults;
using compare::OutputResults;

struct Arguments {
  std::filesystem::path path;
  CompareArguments compare;
  std::optional<std::filesystem::path> save;
  std::optional<std::filesystem::path> html;
};

bool has_settings(const CompareArguments& arguments) {
  return !arguments.functions.empty() || !arguments.scripts.empty() ||
         std::ranges::any_of(arguments.settings,
                             [](const auto& settings) { return !settings.second.empty(); });
}

// The functions that are named, and those that were told something.
CompareArguments chosen(CompareArguments arguments) {
  for (const auto& [name, settings] : arguments.settings)
    if (!settings.empty() && std::ranges::find(arguments.functions, name) == arguments.functions.end())
      arguments.functions.push_back(name);
  return arguments;
}

void judge_anew(AccuracyResults& results, const Arguments& arguments) {
  const auto aggregation =
      arguments.compare.check_average ? std::optional(compare::Aggregation::average) : std::nullopt;
  if (!has_settings(arguments.compare)) {
    if (aggregation)
      for (AccuracyResult& function : results.functions) function.aggregation = *aggregation;
    return;
  }
  std::vector<compare::Thresholds> all;
  for (const compare::CompareFunction& function : compare_functions(chosen(arguments.compare))) {
    compare::Thresholds& thresholds = all.emplace_back();
    for (const std::string& output : results.output_names())
      if (const auto threshold = function.threshold_for(output)) thresholds.emplace(output, *threshold);
    if (const auto threshold = function.threshold_for("")) thresholds.emplace("", *threshold);
    if (thresholds.empty())
      throw UsageError(fmt::format("--compare {}: such results are yes or no, and cannot be judged anew.",
                                   function.label()),
                       "Name a comparison with a threshold, e.g. --compare simple --atol 1e-3.");
  }
  results.reevaluate(all, aggregation);
}

std::string verdicts(const AccuracyResult& function) {
  const std::string label =
      function.metric() ? std::string(compare::traits(*function.metric()).label) : std::string("indices");
  std::string text;
  for (const auto& [runners, iterations] : function.pairs) {
    text += fmt::format("Accuracy Comparison | {} vs. {}\n", runners.first, runners.second);
    if (function.aggregation == compare::Aggregation::average) {
      text +=
          "    " + compare::function_text(label + " (averages)", function.average_results(runners)) + "\n";
    } else {
      for (std::size_t i = 0; i < iterations.size(); ++i) {
        if (compare::all_passed(iterations[i])) continue;
        text += fmt::format("    Iteration: {}\n", i);
        for (const auto& [output, result] : iterations[i])
          if (!result.passed()) text += "        " + compare::verdict_text(result) + "\n";
      }
      const AccuracyResult::Stats stats = function.stats(runners);
      text += fmt::format(
          "Accuracy Summary | {} vs. {} | {} | Passed: {}/{} iterations | Pass Rate: {:.2f}%\n",
          runners.first, runners.second, label, stats.matched, stats.total,
          stats.total == 0 ? 0.0
                           : 100.0 * static_cast<double>(stats.matched) / static_cast<double>(stats.total));
    }
  }
  return text;
}

void refuse_to_overwrite(const Arguments& arguments) {
  std::error_code error;
  if (std::filesystem::equivalent(*arguments.html, arguments.path, error))
    throw UsageError(fmt::format("--html: '{}' is what is read.", arguments.html->string()),
                     "Name another file to write.");
}

// The report of `run` without what only a run knows: times, and plots of tensors.
std::string page_of(const AccuracyResults& results, std::string command, bool passed) {
  compare::RunReport report;
  report.command = std::move(command);
  report.pairs = compare::summaries(results);
  report.passed = passed;
  RunPlots plots({.for_page = true});
  for (std::size_t i = 0; i < report.pairs.size(); ++i) {
    report.iterations = std::max(report.iterations, report.pairs[i].iterations);
    std::size_t place = 0;
    for (const AccuracyResult& function : results.functions)
      for (const auto& [runners, iterations] : function.pairs) {
        if (runners != report.pairs[i].runners) continue;
        for (const OutputResults& iteration : iterations)
          for (const auto& [name, result] : iteration) plots.add_to_strip(i, place, name, result);
        ++place;
      }
  }
  return run_html(report, plots);
}

ExitCode check_accuracy(Session& session, const Arguments& arguments) {
  if (arguments.html) refuse_to_overwrite(arguments);
  AccuracyResults results = AccuracyResults::load(arguments.path);
  judge_anew(results, arguments);
  for (const AccuracyResult& function : results.functions) session.output.write(verdicts(function));
  const bool passed = results.passed();
  session.output.write(fmt::format("{} | {}\n", passed ? "PASSED" : "FAILED", arguments.path.string()));
  if (arguments.save) results.save(*arguments.save);
  if (arguments.html)
    write_file(*arguments.html, page_of(results, command_line_text(session.arguments), passed));
  return passed ? ExitCode::passed : ExitCode::failed;
}

}  // namespace

Tool check_accuracy_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "accuracy",
      .summary = "Judge saved accuracy results again, with other thresholds.",
      .description =
          "Reads what 'polygraph run --save-accuracy-results' saved, or Polygraphy, and runs nothing. "
          "Without "
          "thresholds the saved ones hold. Exit status 0 means that everything passed, 1 that something did "
          "not.",
      .examples = {{"polygraph check accuracy results.json", "The verdicts."},
                   {"polygraph check accuracy results.json --atol 1e-3 --rtol 1e-3",
                    "With other tolerances."}},
  };
  tool.positionals = {{.names = {"path"},
                       .metavar = "FILE",
                       .help = "The saved results.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->path = values.front(); }}};
  OptionGroup group = compare_group(arguments->compare);
  std::erase_if(group.options, [](const Option& option) {
    return option.name() == "--no-shape-check" || option.name() == "--fail-fast";
  });
  OptionGroup saving{.title = "Saving"};
  saving.options = {{.names = {"--save-accuracy-results"},
                     .metavar = "FILE",
                     .help = "Save the results with the new thresholds and verdicts.",
                     .arity = Arity::one,
                     .completes = Completes::files,
                     .apply = [arguments](Values values) { arguments->save = values.front(); }}};
  saving.options.push_back({.names = {"--html"},
                            .metavar = "FILE",
                            .help = "Write the verdicts as one page, which needs nothing else.",
                            .arity = Arity::one,
                            .completes = Completes::files,
                            .apply = [arguments](Values values) { arguments->html = values.front(); }});
  tool.groups = {std::move(group), std::move(saving), logging_group(session.logging)};
  tool.run = [&session, arguments] { return check_accuracy(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
