#include <fmt/format.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/reduce_iterations.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/run_arguments.h"
#include "cli/run_html.h"
#include "cli/run_iteration.h"
#include "cli/run_model.h"
#include "cli/run_ranks.h"
#include "cli/run_report.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using compare::IterationResult;

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

// What one run of the tool reports, iteration by iteration.
class Run {
 public:
  Run(Session& session, const RunArguments& arguments, compare::Comparator& comparator, bool is_verbose)
      : session_(session),
        arguments_(arguments),
        comparator_(comparator),
        plots_(plots_options(arguments)),
        draws_(plots_options(arguments).any()),
        is_verbose_(is_verbose) {
    if (arguments_.save_inputs) inputs_writer_ = compare::feed_writer(*arguments_.save_inputs);
    if (arguments_.save_outputs) outputs_writer_ = compare::results_writer(*arguments_.save_outputs);
    report_.validated = arguments_.validate;
  }

  /// Takes the next iteration. Returns whether to go on.
  bool take(IterationReport iteration) {
    tell(iteration.metadata);
    if (inputs_writer_ && iteration.inputs) inputs_writer_->add(*iteration.inputs);
    if (arguments_.save_input_blob && iteration.inputs)
      save_blobs(*arguments_.save_input_blob, report_.iterations, *iteration.inputs);
    save_outputs(iteration.outputs);
    for (const IterationReport::Inference& inference : iteration.inferences) add_time(inference);
    add_invalid(std::move(iteration.invalid));
    for (const std::string& failure : iteration.failures) {
      lost_ = true;
      tell(fmt::format("FAILED | {}\n", failure));
    }
    if (iteration.error) std::rethrow_exception(iteration.error);
    bool passed = true;
    const std::vector<compare::PairComparison>& pairs = comparator_.add(std::move(iteration.pairs));
    if (draws_) plots_.add(comparator_.pairs(), pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      tell_pair(comparator_.pairs()[i], pairs[i].passed, iteration.texts[i]);
      passed = passed && pairs[i].passed;
    }
    ++report_.iterations;
    stopped_ = arguments_.compare.fail_fast && !(passed && report_.invalid.empty() && !lost_);
    return !stopped_;
  }

  /// @param loaded  The outputs that were compared with those of runners.
  ExitCode finish(double seconds, std::string command, LoadedOutputs& loaded) {
    if (report_.iterations == 0)
      throw InputError("Nothing was run: there are no inputs.", "Give inputs with at least one iteration.");
    if (!arguments_.runners.empty() && !loaded.empty() && !stopped_ && loaded.has(report_.iterations))
      throw InputError(
          fmt::format("The outputs that are loaded ({}) are more than the {} iteration(s) that were run.",
                      loaded.str(), report_.iterations),
          "Run as many iterations as were saved (--iterations, --load-inputs).");
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

  void add_time(const IterationReport::Inference& inference) {
    auto found = std::ranges::find(report_.runners, inference.runner, &RunnerTimes::name);
    if (found == report_.runners.end())
      found = report_.runners.insert(report_.runners.end(), RunnerTimes{.name = inference.runner});
    if (inference.seconds) found->add(*inference.seconds);
  }

  void save_outputs(const std::vector<IterationResult>& results) {
    if (!outputs_writer_ || results.empty()) return;
    compare::RunResults saved;
    for (const IterationResult& result : results) saved.add(result.runner_name, {result});
    outputs_writer_->add(saved);
  }

  void add_invalid(std::vector<InvalidValues> found) {
    for (InvalidValues& bad : found) {
      const auto known = std::ranges::find_if(report_.invalid, [&](const InvalidValues& each) {
        return each.runner == bad.runner && each.output == bad.output;
      });
      if (known != report_.invalid.end())
        ++known->iterations;
      else
        report_.invalid.push_back(std::move(bad));
    }
  }

  // The first iteration in full, and those that failed, up to a number; all with -v.
  void tell_pair(const compare::PairSummary& pair, bool passed, const std::string& text) {
    if (arguments_.json == standard_output) return;
    const std::int64_t iteration = pair.iterations - 1;
    const bool in_full = is_verbose_ || iteration == 0 || (!passed && failures_told_ < most_failures_told);
    if (!in_full) return;
    failures_told_ += !passed;
    if (iteration == 0)
      tell(fmt::format("Accuracy Comparison | {} vs. {}\n", pair.runners.first, pair.runners.second));
    tell(fmt::format("Iteration: {}\n", iteration));
    tell(text);
  }

  Session& session_;
  const RunArguments& arguments_;
  compare::Comparator& comparator_;
  RunPlots plots_;
  bool draws_;
  std::unique_ptr<compare::FeedWriter> inputs_writer_;
  std::unique_ptr<compare::ResultsWriter> outputs_writer_;
  RunReport report_;
  std::int64_t failures_told_ = 0;
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

// As a shell would have to be given it.
std::string command_line_text(Values arguments) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./:,@%";
  std::string text = "polygraph";
  for (const std::string& argument : arguments) {
    const bool is_plain = !argument.empty() && argument.find_first_not_of(plain) == std::string::npos;
    text += " " + (is_plain ? argument : shell_quoted(argument));
  }
  return text;
}

// The iterations that are this rank's.
class OwnIterations {
 public:
  OwnIterations(const RunArguments& arguments, const compare::RankGroup& ranks, IterationReporter& reporter,
                const std::vector<std::unique_ptr<Runner>>& runners)
      : arguments_(arguments), step_(ranks.size()), next_(ranks.rank()), reporter_(reporter) {
    for (const auto& runner : runners) runners_.push_back(runner.get());
    options_ = {.warm_up = arguments.warm_up};
    options_.on_activation = [](const Runner& runner) { log_info("{} | Activated", runner.name()); };
    if (!runners_.empty()) data_ = compare::every_nth(input_data(arguments), ranks.rank(), ranks.size());
  }

  /// The report of the next one; nothing at the end.
  std::optional<IterationReport> next() {
    std::optional<IterationReport> report;
    if (runners_.empty())
      report = reporter_.report_loaded(next_);
    else if (arguments_.sequential)
      report = next_of_all();
    else
      report = next_of_stream();
    next_ += step_;
    return report;
  }

 private:
  std::optional<IterationReport> next_of_stream() {
    if (!stream_) {
      if (data_->iterations() == 0) return std::nullopt;  // no engine has to be built
      stream_.emplace(runners_, *data_, options_);
    }
    const compare::Iteration* const iteration = stream_->next();
    if (iteration == nullptr) return std::nullopt;
    return reporter_.report(next_, iteration->inputs, iteration->results);
  }

  std::optional<IterationReport> next_of_all() {
    if (!all_) {
      all_.emplace();
      if (data_->iterations() != 0)
        *all_ =
            compare::run_sequentially(runners_, *data_, options_,
                                      [&](std::int64_t index, const FeedDict& feed, const IterationResult&) {
                                        if (static_cast<std::size_t>(index) == feeds_.size())
                                          feeds_.push_back(feed);
                                      });
    }
    if (taken_ == feeds_.size()) return std::nullopt;
    std::vector<IterationResult> results;
    for (compare::RunnerResults& runner : *all_) results.push_back(std::move(runner.iterations[taken_]));
    return reporter_.report(next_, feeds_[taken_++], std::move(results));
  }

  const RunArguments& arguments_;
  std::int64_t step_;
  std::int64_t next_;
  IterationReporter& reporter_;
  std::vector<Runner*> runners_;
  compare::RunOptions options_;
  std::unique_ptr<compare::InputData> data_;
  std::optional<compare::RunStream> stream_;
  // One runner after the other:
  std::optional<compare::RunResults> all_;
  std::vector<FeedDict> feeds_;
  std::size_t taken_ = 0;
};

// Everything that a rank has made ready to run.
struct Prepared {
  Prepared(const RunArguments& given, const compare::RankGroup& ranks, bool is_verbose)
      : arguments(arguments_for_rank(given, ranks)),
        comparator((check(arguments), compare_functions(arguments.compare)),
                   {.check_average = arguments.compare.check_average,
                    .keep_results = arguments.save_accuracy_results.has_value()}),
        runners(make_runners(arguments)),
        reporter(arguments, comparator, names(), is_verbose),
        iterations(arguments, ranks, reporter, runners) {}

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& runner : runners) found.insert(runner->name());
    return found;
  }

  RunArguments arguments;
  compare::Comparator comparator;
  std::vector<std::unique_ptr<Runner>> runners;
  IterationReporter reporter;
  OwnIterations iterations;
};

// On the ranks that do not report.
ExitCode serve(Session& session, const RunArguments& arguments, bool is_verbose) {
  auto log = std::make_unique<HeldLog>(is_verbose);
  const std::shared_ptr<compare::RankGroup> ranks = join_run(session);
  std::optional<Prepared> prepared;
  const auto make = [&]() -> std::optional<IterationReport> {
    try {
      if (!prepared) prepared.emplace(arguments, *ranks, is_verbose);
      std::optional<IterationReport> report = prepared->iterations.next();
      if (report) report->log = log->take();
      return report;
    } catch (...) {
      log->throw_with_lines();
    }
  };
  compare::reduce_iterations<IterationReport>(
      *ranks, {.make = make, .encode = encode, .decode = nullptr, .take = nullptr});
  // mpirun may end this process as soon as rank 0 has ended: nobody wants to read of that.
  session.at_end = [held = std::shared_ptr<HeldLog>(std::move(log)),
                    leave = std::move(session.at_end)](int status) { leave(status); };
  return ExitCode::passed;
}

ExitCode run(Session& session, const RunArguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  const bool is_verbose = session.logging.resolve().level <= Severity::verbose;
  if (compare::launched_rank().rank != 0) return serve(session, arguments, is_verbose);
  const std::shared_ptr<compare::RankGroup> ranks = join_run(session);
  // Made with the first iteration, which is this rank's: whatever fails, the other ranks are told to stop.
  std::optional<Prepared> prepared;
  std::optional<Run> one;
  const auto make = [&] {
    if (!one) {
      prepared.emplace(arguments, *ranks, is_verbose);
      one.emplace(session, prepared->arguments, prepared->comparator, is_verbose);
    }
    return prepared->iterations.next();
  };
  const auto from_other = [&](const Bytes& message, int from) {
    IterationReport report = decode(message, ranks->where(from));
    show_log(report.log, ranks->where(from));
    return report;
  };
  const auto take = [&](IterationReport report) { return one->take(std::move(report)); };
  compare::reduce_iterations<IterationReport>(
      *ranks, {.make = make, .encode = encode, .decode = from_other, .take = take});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return one->finish(seconds, command_line_text(session.arguments), prepared->reporter.loaded());
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
  tool.spreads_over_ranks = true;
  tool.run = [&session, arguments] { return run(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
