#include <fmt/format.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/reduce_iterations.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/core/error.h>

#include <chrono>
#include <memory>
#include <optional>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/run_arguments.h"
#include "cli/run_gen_script.h"
#include "cli/run_html.h"
#include "cli/run_model.h"
#include "cli/run_ranks.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "compare/run_writer.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using compare::IterationResult;
using compare::detail::IterationReport;
using compare::detail::IterationReporter;

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

std::vector<compare::PostprocessFunction> postprocess_functions(const RunArguments& arguments) {
  std::vector<compare::PostprocessFunction> functions;
  for (const compare::ScriptName& script : arguments.postprocess_scripts)
    functions.push_back(compare::postprocess_function_from_script(script));
  if (arguments.top_k) functions.emplace_back(compare::TopKPostprocessFunc(*arguments.top_k));
  return functions;
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
    for (const auto* loaded : {&arguments.inputs.load_inputs, &arguments.load_outputs})
      for (const fs::path& path : *loaded)
        if (*saved && is_within(path, **saved))
          throw UsageError(fmt::format("'{}' would be read and written.", path.string()),
                           "Save to another place.");
  if (arguments.save_inputs && arguments.save_inputs == arguments.save_outputs)
    throw UsageError(fmt::format("--save-inputs and --save-outputs name the same place, '{}'.",
                                 arguments.save_inputs->string()),
                     "Name a place for each.");
}

void warn_of_options_without_runner(const RunArguments& arguments) {
  const auto is_named = [&](std::initializer_list<std::string_view> backends) {
    return std::ranges::any_of(arguments.runners, [&](const RunnerArgument& runner) {
      return std::ranges::find(backends, runner.backend) != backends.end();
    });
  };
  const auto warn = [](const std::vector<std::string>& given, std::string_view runners) {
    if (!given.empty())
      log_warning("The option {} has no effect: it is for {}, and there is none.", given.front(), runners);
  };
  const GivenEngineOptions& engine = arguments.engine_options;
  const bool openvino = is_named({"openvino"});
  const bool trt = is_named({"trt", "trt-rtx"});
  if (!is_named({"onnxrt"})) warn(arguments.onnxrt_options, "--onnxrt");
  if (!openvino && !trt) warn(engine.any, "--openvino, --trt or --trt-rtx");
  if (!openvino && trt) warn(engine.openvino, "--openvino");
  if (openvino && !trt) warn(engine.trt, "--trt or --trt-rtx");
  if (!trt) warn(engine.running, "--trt or --trt-rtx");
}

void check(const RunArguments& arguments) {
  if (arguments.runners.empty() && arguments.load_outputs.empty())
    throw UsageError(
        "There is nothing to run: no runner is named, and no saved outputs.",
        "Name runners, e.g. 'polygraph run model.onnx --onnxrt --openvino', or compare saved outputs "
        "(--load-outputs).");
  check_paths(arguments);
  check_inputs(arguments.inputs);
  const fs::path& model = arguments.loading.model;
  refuse_model("--json", arguments.json, model);
  for (const auto& [option, path] : {std::pair{"--junit", &arguments.junit},
                                     {"--html", &arguments.html},
                                     {"--save-inputs", &arguments.save_inputs},
                                     {"--save-outputs", &arguments.save_outputs},
                                     {"--save-accuracy-results", &arguments.save_accuracy_results}})
    if (*path) refuse_model(option, (*path)->string(), model);
  warn_of_options_without_runner(arguments);
  if (arguments.layer_times)
    for (const RunnerArgument& runner : arguments.runners)
      if (runner.backend == "reference")
        log_warning("--layer-times: the reference runner does not measure its layers.");
  const bool is_compared = arguments.runners.size() + arguments.load_outputs.size() > 1;
  const bool is_asked_to =
      !arguments.compare.functions.empty() || arguments.save_heatmaps || arguments.save_error_metrics_plot;
  if (!is_compared && !arguments.runners.empty() && is_asked_to)
    log_warning("There is one runner only: nothing is compared.");
}

// The iterations that are this rank's.
class OwnIterations {
 public:
  OwnIterations(const RunArguments& arguments, const compare::RankGroup& ranks, IterationReporter& reporter,
                const std::vector<std::unique_ptr<Runner>>& runners)
      : arguments_(arguments), step_(ranks.size()), next_(ranks.rank()), reporter_(reporter) {
    for (const auto& runner : runners) runners_.push_back(runner.get());
    options_ = {.warm_up = arguments.warm_up};
    if (!runners_.empty())
      data_ = compare::every_nth(input_data(arguments.inputs), ranks.rank(), ranks.size());
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

  /// What layers took; to be asked once, at the end.
  std::vector<RunnerLayerTimes> layer_times() {
    if (stream_) return stream_->layer_times();
    return all_ ? all_->layer_times() : std::vector<RunnerLayerTimes>();
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
  Prepared(const Session& session, const RunArguments& given, const compare::RankGroup& ranks)
      : arguments(arguments_for_rank(given, ranks)),
        options((check(arguments),
                 reporter_options(arguments, session.logging, command_line_text(session.arguments)))),
        comparator(compare_functions(arguments.compare),
                   {.check_average = arguments.compare.check_average,
                    .keep_results = arguments.save_accuracy_results.has_value()}),
        runners(runners_of(arguments)),
        reporter(options, postprocess_functions(arguments), comparator),
        iterations(arguments, ranks, reporter, runners) {}

  static std::vector<std::unique_ptr<Runner>> runners_of(const RunArguments& arguments) {
    const auto changed = changed_model(arguments);
    return make_runners(arguments, changed ? std::make_shared<const onnx::Model>(changed->get()) : nullptr);
  }

  RunArguments arguments;
  compare::RunReporterOptions options;
  compare::Comparator comparator;
  std::vector<std::unique_ptr<Runner>> runners;
  IterationReporter reporter;
  OwnIterations iterations;
};

// On the ranks that do not report.
ExitCode serve(Session& session, const RunArguments& arguments) {
  auto log = std::make_unique<HeldLog>(session.logging.resolve().level <= Severity::verbose);
  const std::shared_ptr<compare::RankGroup> ranks = join_run(session);
  std::optional<Prepared> prepared;
  const auto make = [&]() -> std::optional<IterationReport> {
    try {
      if (!prepared) prepared.emplace(session, arguments, *ranks);
      std::optional<IterationReport> report = prepared->iterations.next();
      if (report) report->log = log->take();
      return report;
    } catch (...) {
      log->throw_with_lines();
    }
  };
  compare::reduce_iterations<IterationReport>(
      *ranks, {.make = make, .encode = compare::detail::encode, .decode = nullptr, .take = nullptr});
  // mpirun may end this process as soon as rank 0 has ended: nobody wants to read of that.
  session.at_end = [held = std::shared_ptr<HeldLog>(std::move(log)),
                    leave = std::move(session.at_end)](int status) { leave(status); };
  return ExitCode::passed;
}

// The command that a generated program stands for. No other option begins so.
std::vector<std::string> without_gen_script(Values arguments) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("--ge"))
      rest.push_back(arguments[i]);
    else if (arguments[i].find('=') == std::string::npos)
      ++i;  // its value
  }
  return rest;
}

ExitCode run(Session& session, const RunArguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  const bool is_first = compare::launched_rank().rank == 0;
  if (arguments.gen_script) {
    if (!is_first) return ExitCode::passed;
    check(arguments);
    return write_generated_program(session, arguments,
                                   command_line_text(without_gen_script(session.arguments)));
  }
  if (!is_first) return serve(session, arguments);
  const std::shared_ptr<compare::RankGroup> ranks = join_run(session);
  // Made with the first iteration, which is this rank's: whatever fails, the other ranks are told to stop.
  std::optional<Prepared> prepared;
  std::optional<compare::detail::RunWriter> writer;
  RunPlots plots(plots_options(arguments));
  const auto make = [&] {
    if (!writer) {
      prepared.emplace(session, arguments, *ranks);
      writer.emplace(prepared->options, prepared->comparator,
                     [&session](std::string_view text) { session.output.write(text); });
      writer->on_compared = [&plots](const auto& pairs, const auto& found) { plots.add(pairs, found); };
    }
    return prepared->iterations.next();
  };
  const auto from_other = [&](const Bytes& message, int from) {
    IterationReport report = compare::detail::decode(message, ranks->where(from));
    show_log(report.log, ranks->where(from));
    return report;
  };
  const auto take = [&](IterationReport report) { return writer->take(std::move(report)); };
  compare::reduce_iterations<IterationReport>(
      *ranks, {.make = make, .encode = compare::detail::encode, .decode = from_other, .take = take});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (ranks->size() == 1) writer->add_layer_times(prepared->iterations.layer_times());
  const bool passed =
      writer->finish(seconds, arguments.runners.empty() ? nullptr : &prepared->reporter.loaded());
  if (arguments.html) write_file(*arguments.html, run_html(writer->report(), plots));
  return passed ? ExitCode::passed : ExitCode::failed;
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
                    "Outputs to compare with later (--load-outputs)."},
                   {"polygraph run model.onnx --onnxrt --openvino --gen-script compare/compare.cpp",
                    "The same as a C++ program, to go on from."}},
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
