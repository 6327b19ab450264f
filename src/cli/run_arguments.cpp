#include "cli/run_arguments.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <charconv>
#include <utility>

#include "cli/calibration_options.h"
#include "cli/json_output.h"
#include "cli/metadata_text.h"

namespace polygraph::cli {
namespace {

Option path_option(std::vector<std::string> names, std::string metavar, std::string help,
                   std::optional<std::filesystem::path>& path) {
  return {.names = std::move(names),
          .metavar = std::move(metavar),
          .help = std::move(help),
          .arity = Arity::one,
          .completes = Completes::files,
          .apply = [&path](Values values) { path = values.front(); }};
}

Option folder_option(std::string name, std::string help, std::optional<std::filesystem::path>& path) {
  Option option = path_option({std::move(name)}, "FOLDER", std::move(help), path);
  option.completes = Completes::folders;
  return option;
}

Option paths_option(std::vector<std::string> names, std::string help,
                    std::vector<std::filesystem::path>& paths) {
  return {.names = std::move(names),
          .metavar = "PATH",
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .completes = Completes::files,
          .apply = [&paths](Values values) { paths.insert(paths.end(), values.begin(), values.end()); }};
}

Option runner_option(const std::string& backend, std::string help, std::vector<RunnerArgument>& runners) {
  return {.names = {"--" + backend},
          .help = std::move(help),
          .repeat = Repeat::each,
          .apply = [&runners, backend](Values) {
            runners.push_back({backend, {}});
          }};
}

void add_settings(std::vector<RunnerArgument>& runners, Values values) {
  if (runners.empty())
    throw UsageError("there is no runner in front of it.",
                     "Write it behind the runner that it is for, e.g. --openvino "
                     "--with fp16.");
  for (const std::string& value : values) {
    const std::size_t sign = value.find('=');
    if (sign == 0) throw UsageError("'" + value + "' names no option.");
    runners.back().settings.emplace_back(value.substr(0, sign),
                                         sign == std::string::npos ? "true" : value.substr(sign + 1));
  }
}

OptionGroup runners_group(RunArguments& arguments) {
  std::vector<RunnerArgument>& runners = arguments.runners;
  return {.title = "Runners",
          .description =
              "They run and are compared in the order in which they are named; each may be named several "
              "times.",
          .options = {
              runner_option("onnxrt", "Run with ONNX Runtime.", runners),
              runner_option("openvino", "Build an engine of OpenVINO and run it.", runners),
              runner_option("reference",
                            "Compute every node in double precision: to see which of two runners is wrong.",
                            runners),
              runner_option("trt", "Build an engine of TensorRT and run it.", runners),
              runner_option("trt-rtx", "Build an engine of TensorRT-RTX and run it.", runners),
              {.names = {"--with"},
               .metavar = "NAME[=VALUE]",
               .help = "Options of the runner in front of it alone, as in `--openvino --with fp16 --openvino "
                       "--with bf16`: for --openvino the names under 'OpenVINO configuration', for --onnxrt "
                       "those under 'ONNX Runtime', for --trt and --trt-rtx those under 'TensorRT "
                       "configuration', for --reference `outputs_in_double` and `threads`.",
               .arity = Arity::one_or_more,
               .repeat = Repeat::each,
               .apply = [&runners](Values values) { add_settings(runners, values); }}}};
}

OptionGroup model_group(RunArguments& arguments) {
  OptionGroup group{.title = "ONNX model"};
  for (Option& option : output_selection_options(arguments.loading, "onnx-"))
    group.options.push_back(std::move(option));
  for (OptionGroup& more :
       std::vector{onnx_editing_group(arguments.loading), shape_inference_group(arguments.loading, nullptr)})
    for (Option& option : more.options) group.options.push_back(std::move(option));
  group.options.push_back(
      path_option({"--save-onnx"}, "FILE", "Save the model as it is run.", arguments.save_onnx));
  record_use(group, arguments.model_options);
  return group;
}

OptionGroup running_group(RunArguments& arguments) {
  return {
      .title = "Running",
      .options = {
          {.names = {"--warm-up"},
           .metavar = "N",
           .help = "Inferences of each runner before the first one that counts.",
           .arity = Arity::one,
           .default_text = "0",
           .apply = [&arguments](Values values) { arguments.warm_up = parse_count(values.front(), 0); }},
          {.names = {"--sequential-runners"},
           .help = "Run one runner after the other, all iterations of each, and keep all outputs: for "
                   "runners that "
                   "do not fit into memory together.",
           .apply = [&arguments](Values) { arguments.sequential = true; }},
          {.names = {"--use-subprocess"},
           .help = "Each runner in a process of its own: one that crashes costs its iteration, not the run.",
           .apply = [&arguments](Values) { arguments.use_subprocess = true; }},
          {.names = {"--subprocess-timeout"},
           .metavar = "SECONDS",
           .help = "With --use-subprocess: the longest that an inference, or building the engine, may take.",
           .arity = Arity::one,
           .apply =
               [&arguments](Values values) {
                 polygraph::detail::parse_option(arguments.subprocess_timeout, values.front());
                 if (!(arguments.subprocess_timeout > 0)) throw UsageError("a number above 0 is needed.");
                 arguments.use_subprocess = true;
               }},
          {.names = {"--layer-times"},
           .help = "Measure what each layer takes in the inferences that count, and tell the longest, with "
                   "-v all, "
                   "and sums for each type. The inferences take a little longer.",
           .apply = [&arguments](Values) { arguments.layer_times = true; }},
          path_option(
              {"--save-input-data", "--save-inputs"}, "PATH",
              "Save the inputs: `.json` or `.npz`; without an extension, a folder with a JSON file for each "
              "iteration.",
              arguments.save_inputs),
          path_option({"--save-results", "--save-outputs"}, "PATH", "Save the outputs, likewise.",
                      arguments.save_outputs),
          {.names = {"--save-input-blob"},
           .metavar = "FOLDER",
           .help = "Save the inputs as raw bytes: FOLDER/<iteration>/<input>.bin (default: in the working "
                   "folder).",
           .arity = Arity::optional,
           .completes = Completes::folders,
           .apply = [&arguments](Values values) {
             arguments.save_input_blob = values.empty() ? std::string(".") : values.front();
           }}}};
}

std::int64_t whole_number(std::string_view text, const std::string& value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError("'" + value + "' is not of the form [OUTPUT:]top-K[,axis=N].");
  return number;
}

// `[output:]top-5,axis=1`
void add_top_k(RunArguments& arguments, const std::string& value) {
  std::string_view text = value;
  std::string output;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    output = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  compare::TopK how;
  if (!text.starts_with("top-"))
    throw UsageError("'" + value + "' is not of the form [OUTPUT:]top-K[,axis=N].");
  text.remove_prefix(4);
  if (const std::size_t comma = text.find(",axis="); comma != std::string_view::npos) {
    how.axis = whole_number(text.substr(comma + 6), value);
    text = text.substr(0, comma);
  }
  how.k = whole_number(text, value);
  if (how.k < 1) throw UsageError("'" + value + "': K is 1 or more.");
  if (!arguments.top_k) arguments.top_k.emplace();
  arguments.top_k->set(output, how);
}

OptionGroup results_group(RunArguments& arguments) {
  return {
      .title = "Results",
      .options = {
          paths_option({"--load-results", "--load-outputs"},
                       "Saved outputs to compare with, as further runners; without any other runner they are "
                       "compared with each other.",
                       arguments.load_outputs),
          {.names = {"--postprocess-func", "--postprocess"},
           .metavar = "[OUTPUT:]top-K[,axis=N]",
           .help = "Replace outputs, before they are compared, by the indices of their K largest elements.",
           .arity = Arity::one_or_more,
           .repeat = Repeat::each,
           .apply =
               [&arguments](Values values) {
                 for (const std::string& value : values) add_top_k(arguments, value);
               }},
          {.names = {"--postprocess-func-script"},
           .metavar = "FILE[:NAME]",
           .help = "Change outputs, before they are compared, by a function of one's own: C++ source, or a "
                   "shared library made of it. It is called before --postprocess is applied.",
           .arity = Arity::one,
           .repeat = Repeat::each,
           .completes = Completes::files,
           .apply =
               [&arguments](Values values) {
                 arguments.postprocess_scripts.push_back(
                     compare::ScriptName::parse(values.front(), "postprocess_outputs"));
               }},
          {.names = {"--validate"},
           .help = "Fail if an output has NaN or an infinity.",
           .apply = [&arguments](Values) { arguments.validate = true; }},
          path_option({"--save-accuracy-results"}, "FILE",
                      "Save what the comparisons found; `polygraph check accuracy` judges it again.",
                      arguments.save_accuracy_results)}};
}

OptionGroup report_group(RunArguments& arguments) {
  return {.title = "Report",
          .options = {
              {.names = {"--gen", "--gen-script"},
               .metavar = "FILE.cpp",
               .help = "Run nothing, but write a C++ program that does the same, and a CMakeLists.txt "
                       "beside it that builds it. `-`: print the program.",
               .arity = Arity::one,
               .completes = Completes::files,
               .apply = [&arguments](Values values) { arguments.gen_script = values.front(); }},
              json_option("the report", arguments.json),
              path_option({"--junit"}, "FILE",
                          "Write the verdicts as JUnit XML, which continuous integration reads.",
                          arguments.junit),
              path_option({"--html"}, "FILE",
                          "Write the report as one page with plots, which needs nothing else: verdicts, the "
                          "worst outputs and elements, heat maps, histograms.",
                          arguments.html),
              folder_option("--save-heatmaps",
                            "Save where each output differs as SVG: the largest absolute difference in each "
                            "cell of a grid over it, of the worst iteration.",
                            arguments.save_heatmaps),
              folder_option("--save-error-metrics-plot",
                            "Save absolute difference over magnitude of each output as SVG, likewise.",
                            arguments.save_error_metrics_plot)}};
}

OptionGroup trt_network_options(RunArguments& arguments) {
  OptionGroup group = trt_network_group(arguments.trt);
  group.options.push_back(path_option(
      {"--save-engine"}, "FILE", "Save the engine that --trt or --trt-rtx builds.", arguments.save_engine));
  return group;
}

}  // namespace

compare::RunReporterOptions reporter_options(const RunArguments& arguments, const LoggingOptions& logging,
                                             std::string command) {
  return {.check_average = arguments.compare.check_average,
          .fail_fast = arguments.compare.fail_fast,
          .validate = arguments.validate,
          .verbose = logging.resolve().level <= Severity::verbose,
          .load_outputs = arguments.load_outputs,
          .save_inputs = arguments.save_inputs,
          .save_outputs = arguments.save_outputs,
          .save_input_blob = arguments.save_input_blob,
          .save_accuracy_results = arguments.save_accuracy_results,
          .json = arguments.json,
          .junit = arguments.junit,
          .model = arguments.loading.model.string(),
          .command = std::move(command)};
}

std::vector<OptionGroup> run_groups(RunArguments& arguments) {
  OptionGroup onnxrt = onnxrt_group(arguments.onnxrt);
  record_use(onnxrt, arguments.onnxrt_options);
  OptionGroup openvino_config = openvino_config_group(arguments.openvino);
  OptionGroup openvino_network = openvino_network_group(arguments.openvino);
  OptionGroup trt_config = trt_config_group(arguments.trt);
  OptionGroup trt_network = trt_network_options(arguments);
  OptionGroup trt_scripts = trt_script_group(arguments.trt);
  OptionGroup trt_runner = trt_runner_group(arguments.trt);
  OptionGroup calibration = calibration_group(arguments.calibrator);
  OptionGroup* const of_openvino[] = {&openvino_config, &openvino_network};
  OptionGroup* const of_trt[] = {&trt_config, &trt_network, &trt_scripts, &calibration};
  record_use(trt_runner, arguments.engine_options.running);
  record_engine_options(of_openvino, of_trt, arguments.engine_options);
  return {runners_group(arguments),
          inputs_group(arguments.inputs),
          running_group(arguments),
          results_group(arguments),
          compare_group(arguments.compare),
          report_group(arguments),
          model_group(arguments),
          std::move(onnxrt),
          std::move(openvino_config),
          std::move(openvino_network),
          std::move(trt_config),
          std::move(calibration),
          std::move(trt_network),
          std::move(trt_scripts),
          std::move(trt_runner)};
}

}  // namespace polygraph::cli
