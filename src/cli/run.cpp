#include <fmt/format.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/run_arguments.h"
#include "cli/run_html.h"
#include "cli/run_model.h"
#include "cli/run_report.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using compare::IterationResult;

// Iterations that failed are told in full so many times; the summary has the rest.
constexpr std::int64_t most_failures_told = 10;

// Saved outputs, as further runners.
class LoadedOutputs {
 public:
  LoadedOutputs(const std::vector<fs::path>& paths, const std::set<std::string>& taken) : taken_(taken) {
    for (const fs::path& path : paths) readers_.push_back(compare::results_reader({path}));
  }

  /// Appends one result for each runner of each file; false if there are none any more.
  bool next(std::vector<IterationResult>& results) {
    std::size_t ended = 0;
    for (const auto& reader : readers_) {
      std::optional<compare::RunResults> loaded = reader->next();
      if (!loaded) {
        ++ended;
        continue;
      }
      for (compare::RunnerResults& runner : *loaded)
        for (IterationResult& result : runner.iterations) {
          // A name that a runner has, too, would tell nobody which is which.
          if (taken_.contains(result.runner_name)) result.runner_name += " (loaded)";
          results.push_back(std::move(result));
        }
    }
    if (ended != 0 && ended != readers_.size())
      throw InputError("The files of --load-outputs hold different numbers of iterations.",
                       "Compare outputs of the same inputs.");
    return ended == 0;
  }

  bool empty() const { return readers_.empty(); }

 private:
  std::vector<std::unique_ptr<compare::ResultsReader>> readers_;
  std::set<std::string> taken_;
};

// Raw inputs: FOLDER/<iteration>/<input>.bin.
void save_blobs(const fs::path& folder, std::int64_t iteration, const FeedDict& inputs) {
  for (const auto& [name, any] : inputs) {
    const Tensor tensor = any.contiguous();
    const fs::path file = name + ".bin";
    if (file.has_parent_path() || tensor.dtype() == DataType::string)
      throw InputError(fmt::format("Cannot save the input '{}' as raw bytes: {}.", name,
                                   file.has_parent_path() ? "its name is no name of a file" : "it is text"),
                       "Save the inputs with --save-inputs inputs.npz.");
    write_file(folder / fmt::format("{:010}", iteration) / file,
               std::span(static_cast<const std::byte*>(tensor.data()), tensor.nbytes()));
  }
}

std::vector<compare::PostprocessFunction> postprocess_functions(const RunArguments& arguments) {
  std::vector<compare::PostprocessFunction> functions;
  for (const compare::ScriptName& script : arguments.postprocess_scripts)
    functions.push_back(compare::postprocess_function_from_script(script));
  if (arguments.top_k) functions.emplace_back(compare::TopKPostprocessFunc(*arguments.top_k));
  return functions;
}

RunPlotsOptions plots_options(const RunArguments& arguments) {
  const auto found = arguments.compare.settings.find("simple");
  const auto is_set = [&](std::string_view field) {
    return found != arguments.compare.settings.end() &&
           std::ranges::any_of(found->second, [&](const auto& setting) {
             return setting.first == field && setting.second == "true";
           });
  };
  return {.for_page = arguments.html.has_value(),
          .heat_maps = arguments.save_heatmaps,
          .error_metrics = arguments.save_error_metrics_plot,
          .infinities_compare_equal = is_set("infinities_compare_equal"),
          .nans_compare_equal = is_set("nans_compare_equal")};
}

// One run of the tool, iteration by iteration.
class Run {
 public:
  Run(Session& session, const RunArguments& arguments, std::vector<compare::CompareFunction> functions,
      const std::set<std::string>& runners)
      : session_(session),
        arguments_(arguments),
        comparator_(std::move(functions), {.check_average = arguments.compare.check_average,
                                           .keep_results = arguments.save_accuracy_results.has_value()}),
        plots_(plots_options(arguments)),
        loaded_(arguments.load_outputs, runners),
        live_(runners.size()),
        postprocess_(postprocess_functions(arguments)),
        is_verbose_(session.logging.resolve().level <= Severity::verbose) {
    if (arguments_.save_inputs) inputs_writer_ = compare::feed_writer(*arguments_.save_inputs);
    if (arguments_.save_outputs) outputs_writer_ = compare::results_writer(*arguments_.save_outputs);
    report_.validated = arguments_.validate;
  }

  /// Reports one iteration. Returns whether to go on.
  bool iteration(const FeedDict& inputs, std::vector<IterationResult> results) {
    if (report_.iterations == 0) tell_metadata(inputs, results);
    if (inputs_writer_) inputs_writer_->add(inputs);
    if (arguments_.save_input_blob) save_blobs(*arguments_.save_input_blob, report_.iterations, inputs);
    save_outputs(results);
    for (const IterationResult& result : results) add_time(result);
    if (!loaded_.empty() && !loaded_.next(results))
      throw InputError(
          fmt::format("--load-outputs holds {} iterations, and more were run.", report_.iterations),
          "Run the same number of iterations that was saved (--iterations, --load-inputs).");
    return judge(std::move(results));
  }

  /// Goes through saved outputs alone.
  void loaded_only() {
    std::vector<IterationResult> results;
    while (loaded_.next(results)) {
      if (!judge(std::move(results))) return;
      results.clear();
    }
  }

  ExitCode finish(double seconds, std::string command) {
    if (report_.iterations == 0)
      throw InputError("Nothing was run: there are no inputs.", "Give inputs with at least one iteration.");
    if (live_ > 0 && !loaded_.empty() && !stopped_) {
      std::vector<IterationResult> rest;
      if (loaded_.next(rest))
        throw InputError(fmt::format("--load-outputs holds more than the {} iterations that were run.",
                                     report_.iterations),
                         "Run the same number of iterations that was saved (--iterations, --load-inputs).");
    }
    const bool compared = comparator_.finish();
    if (inputs_writer_) inputs_writer_->finish();
    if (outputs_writer_) outputs_writer_->finish();
    if (arguments_.save_accuracy_results) comparator_.results().save(*arguments_.save_accuracy_results);
    report_.pairs = comparator_.pairs();
    report_.passed = (report_.pairs.empty() || compared) && report_.invalid.empty() && !lost_;
    report_.seconds = seconds;
    report_.command = std::move(command);
    report_.model = arguments_.loading.model.string();
    write_answer(
        session_, arguments_.json, [&] { return run_summary(report_); },
        [&] { return run_json(report_).dump(2) + "\n"; });
    if (arguments_.junit) write_file(*arguments_.junit, run_junit(report_));
    if (arguments_.html) write_file(*arguments_.html, run_html(report_, plots_));
    return report_.passed ? ExitCode::passed : ExitCode::failed;
  }

 private:
  void tell(const std::string& text) {
    if (arguments_.json != standard_output) session_.output.write(text);
  }

  void tell_metadata(const FeedDict& inputs, const std::vector<IterationResult>& results) {
    tell(fmt::format("---- Inference Input(s) ----\n{}\n", inputs.metadata().str()));
    for (const IterationResult& result : results)
      tell(fmt::format("{}\n---- Inference Output(s) ----\n{}\n", result.runner_name,
                       result.outputs.metadata().str()));
  }

  void add_time(const IterationResult& result) {
    auto found = std::ranges::find(report_.runners, result.runner_name, &RunnerTimes::name);
    if (found == report_.runners.end())
      found = report_.runners.insert(report_.runners.end(), RunnerTimes{.name = result.runner_name});
    if (result.runtime) found->add(*result.runtime);
  }

  void save_outputs(const std::vector<IterationResult>& results) {
    if (!outputs_writer_) return;
    compare::RunResults saved;
    for (const IterationResult& result : results) saved.add(result.runner_name, {result});
    outputs_writer_->add(saved);
  }

  bool judge(std::vector<IterationResult> results) {
    if (arguments_.validate) validate(results);
    for (const compare::PostprocessFunction& postprocess : postprocess_)
      for (IterationResult& result : results)
        if (result.failure.empty()) result = postprocess(std::move(result));
    for (const IterationResult& result : results)
      if (!result.failure.empty()) {
        lost_ = true;
        tell(fmt::format("FAILED | {}\n", result.failure));
      }
    const std::vector<compare::PairComparison>& pairs = comparator_.compare(results);
    if (draws_) plots_.add(comparator_.pairs(), pairs);
    bool passed = true;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      tell_pair(comparator_.pairs()[i], pairs[i]);
      passed = passed && pairs[i].passed;
    }
    ++report_.iterations;
    stopped_ = arguments_.compare.fail_fast && !(passed && report_.invalid.empty() && !lost_);
    return !stopped_;
  }

  void validate(const std::vector<IterationResult>& results) {
    for (const IterationResult& result : results) {
      if (!result.failure.empty()) continue;
      for (compare::InvalidOutput& bad : compare::validate(result, {.check_inf = true, .check_nan = true})) {
        const auto found = std::ranges::find_if(report_.invalid, [&](const InvalidValues& known) {
          return known.runner == result.runner_name && known.output == bad.name;
        });
        if (found != report_.invalid.end())
          ++found->iterations;
        else
          report_.invalid.push_back(
              {result.runner_name, bad.name, 1, report_.iterations, std::move(bad.text)});
      }
    }
  }

  // The first iteration in full, and those that failed, up to a number; all with -v.
  void tell_pair(const compare::PairSummary& pair, const compare::PairComparison& comparison) {
    if (arguments_.json == standard_output) return;
    const std::int64_t iteration = pair.iterations - 1;
    const bool in_full =
        is_verbose_ || iteration == 0 || (!comparison.passed && failures_told_ < most_failures_told);
    if (!in_full) return;
    failures_told_ += !comparison.passed;
    std::string text;
    if (iteration == 0)
      text += fmt::format("Accuracy Comparison | {} vs. {}\n", pair.runners.first, pair.runners.second);
    text += fmt::format("Iteration: {}\n", iteration);
    const compare::ReportOptions options{.verbose = is_verbose_};
    for (std::size_t f = 0; f < comparison.results.size(); ++f) {
      const compare::OutputResults& results = comparison.results[f];
      const std::string& label = pair.functions[f].label;
      for (const auto& [name, result] : results)
        text += indented_block(compare::output_text(label, result, options));
      text += indented_block(compare::function_text(label, results));
    }
    std::set<std::pair<std::string, std::string>> told;
    for (const compare::OutputResults& results : comparison.results)
      for (const auto& [name, result] : results) {
        const Tensor* first = comparison.first->outputs.find(result.output0_name);
        const Tensor* second = comparison.second->outputs.find(result.output1_name);
        if (first && second && told.insert({result.output0_name, result.output1_name}).second)
          text += indented_block(compare::compared_statistics_text(result, *first, *second, options));
      }
    tell(text);
  }

  static std::string indented_block(const std::string& block) {
    std::string text;
    for (std::size_t begin = 0; begin < block.size();) {
      const std::size_t end = std::min(block.find('\n', begin), block.size());
      text += "    " + block.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    return text;
  }

  Session& session_;
  const RunArguments& arguments_;
  compare::Comparator comparator_;
  RunPlots plots_;
  bool draws_ = plots_options(arguments_).any();
  LoadedOutputs loaded_;
  std::unique_ptr<compare::FeedWriter> inputs_writer_;
  std::unique_ptr<compare::ResultsWriter> outputs_writer_;
  RunReport report_;
  std::int64_t failures_told_ = 0;
  std::size_t live_;  // runners, beside those that were loaded
  std::vector<compare::PostprocessFunction> postprocess_;
  bool is_verbose_;
  bool lost_ = false;
  bool stopped_ = false;
};

std::unique_ptr<compare::InputData> input_data(const RunArguments& arguments) {
  if (arguments.data_script) return compare::inputs_from_script(*arguments.data_script);
  if (!arguments.load_inputs.empty()) return compare::loaded_inputs(arguments.load_inputs);
  compare::DataLoaderOptions options = data_loader_options(arguments.data);
  options.iterations = arguments.iterations;
  return compare::generated_inputs(std::move(options));
}

// Whether one path is the other, or lies in it.
bool is_within(const fs::path& path, const fs::path& other) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = fs::weakly_canonical(other, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

void check_paths(const RunArguments& arguments) {
  for (const auto* saved : {&arguments.save_inputs, &arguments.save_outputs})
    for (const auto* loaded : {&arguments.load_inputs, &arguments.load_outputs})
      for (const fs::path& path : *loaded)
        if (*saved && is_within(path, **saved))
          throw UsageError(fmt::format("'{}' would be read and written.", path.string()),
                           "Save to another place.");
  if (arguments.save_inputs && arguments.save_inputs == arguments.save_outputs)
    throw UsageError(fmt::format("--save-inputs and --save-outputs name the same place, '{}'.",
                                 arguments.save_inputs->string()),
                     "Name a place for each.");
}

void check(const RunArguments& arguments) {
  if (arguments.runners.empty() && arguments.load_outputs.empty())
    throw UsageError(
        "There is nothing to run: no runner is named, and no saved outputs.",
        "Name runners, e.g. 'polygraph run model.onnx --onnxrt --openvino', or compare saved outputs "
        "(--load-outputs).");
  check_paths(arguments);
  if (arguments.data_script && !arguments.load_inputs.empty())
    throw UsageError("--data-loader-script and --load-inputs do not go together.",
                     "Inputs come from one place: name the script, or the files.");
  if ((arguments.data_script || !arguments.load_inputs.empty()) && !arguments.made_up.empty())
    log_warning("The option {} has no effect: it is about inputs that are made up, and these come from {}.",
                arguments.made_up.front(), arguments.data_script ? "a script" : "files");
  const fs::path& model = arguments.loading.model;
  refuse_model("--json", arguments.json, model);
  for (const auto& [option, path] : {std::pair{"--junit", &arguments.junit},
                                     {"--html", &arguments.html},
                                     {"--save-inputs", &arguments.save_inputs},
                                     {"--save-outputs", &arguments.save_outputs},
                                     {"--save-accuracy-results", &arguments.save_accuracy_results}})
    if (*path) refuse_model(option, (*path)->string(), model);
  const bool is_compared = arguments.runners.size() + arguments.load_outputs.size() > 1;
  if (!is_compared && !arguments.runners.empty() && !arguments.compare.functions.empty())
    log_warning("There is one runner only: nothing is compared.");
}

ExitCode run(Session& session, const RunArguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  check(arguments);
  std::vector<compare::CompareFunction> functions = compare_functions(arguments.compare);
  const std::vector<std::unique_ptr<Runner>> made = make_runners(arguments);
  std::vector<Runner*> runners;
  std::set<std::string> names;
  for (const auto& runner : made) {
    runners.push_back(runner.get());
    names.insert(runner->name());
  }
  Run one(session, arguments, std::move(functions), names);
  compare::RunOptions options{.warm_up = arguments.warm_up};
  options.on_activation = [](const Runner& runner) { log_info("{} | Activated", runner.name()); };
  if (runners.empty()) {
    one.loaded_only();
  } else {
    const std::unique_ptr<compare::InputData> data = input_data(arguments);
    if (arguments.sequential) {
      std::vector<FeedDict> feeds;
      compare::RunResults all = compare::run_sequentially(
          runners, *data, options, [&](std::int64_t index, const FeedDict& feed, const IterationResult&) {
            if (static_cast<std::size_t>(index) == feeds.size()) feeds.push_back(feed);
          });
      for (std::size_t i = 0; i < feeds.size(); ++i) {
        std::vector<IterationResult> results;
        for (compare::RunnerResults& runner : all) results.push_back(std::move(runner.iterations[i]));
        if (!one.iteration(feeds[i], std::move(results))) break;
      }
    } else {
      compare::RunStream stream(runners, *data, options);
      while (const compare::Iteration* iteration = stream.next())
        if (!one.iteration(iteration->inputs, iteration->results)) break;
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return one.finish(seconds, command_line_text(session.arguments));
}

}  // namespace

Tool run_tool(Session& session) {
  auto arguments = std::make_shared<RunArguments>();
  Tool tool{
      .name = "run",
      .summary = "Run a model with several engines and compare what they give.",
      .description =
          "Every runner gets the same inputs, made up or loaded, one iteration after the other; each "
          "runner's outputs "
          "are compared with those of the runner behind it. Memory does not grow with the number of "
          "iterations. Exit "
          "status 0 means that everything passed, 1 that something did not.",
      .examples = {{"polygraph run model.onnx --onnxrt --openvino", "Do both compute the same?"},
                   {"polygraph run model.onnx --reference --openvino --with fp16 --compare cosine_similarity",
                    "How good is the engine in FP16?"},
                   {"polygraph run model.onnx --onnxrt --openvino --onnx-outputs '*'",
                    "Which layer differs first?"},
                   {"polygraph run model.onnx --onnxrt --save-outputs golden.json",
                    "Outputs to compare with later (--load-outputs)."}},
  };
  Option model = model_argument(arguments->loading);
  model.arity = Arity::optional;
  model.help = "The ONNX model, or a saved engine.";
  tool.positionals = {std::move(model)};
  tool.groups = run_groups(*arguments);
  tool.groups.push_back(logging_group(session.logging));
  tool.long_running = true;
  tool.run = [&session, arguments] { return run(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
