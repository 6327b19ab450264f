#pragma once

#include <polygraph/compare/postprocess.h>
#include <polygraph/compare/run_reporter.h>
#include <polygraph/compare/script.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/compare_options.h"
#include "cli/input_options.h"
#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/openvino_options.h"
#include "cli/option_fields.h"
#include "cli/tool.h"
#include "cli/trt_options.h"

namespace polygraph::cli {

/// A runner that the command line asks for.
struct RunnerArgument {
  std::string backend;  ///< `onnxrt`, `openvino`, `trt`, `trt-rtx` or `reference`
  Settings settings;    ///< of this one only
};

/// What `run` is told.
struct RunArguments {
  OnnxLoading loading;
  std::vector<std::string> model_options;  ///< that change an ONNX model, as far as they were given
  InputArguments inputs;
  std::optional<std::filesystem::path> save_onnx;
  std::vector<RunnerArgument> runners;
  Settings onnxrt;
  OpenVinoArguments openvino;
  TrtArguments trt;
  Settings calibrator;  ///< fields of trt::CalibratorOptions
  std::optional<std::filesystem::path> save_engine;
  std::vector<std::string> onnxrt_options;  ///< as far as they were given
  GivenEngineOptions engine_options;

  std::int64_t warm_up = 0;
  bool sequential = false;
  bool use_subprocess = false;
  double subprocess_timeout = 0;  ///< seconds; 0: none
  bool layer_times = false;
  std::optional<std::filesystem::path> save_inputs;
  std::optional<std::filesystem::path> save_outputs;
  std::optional<std::filesystem::path> save_input_blob;

  std::vector<std::filesystem::path> load_outputs;
  std::vector<compare::ScriptName> postprocess_scripts;
  std::optional<compare::PerOutput<compare::TopK>> top_k;
  bool validate = false;
  CompareArguments compare;
  std::optional<std::filesystem::path> save_accuracy_results;
  std::optional<std::string> json;
  std::optional<std::filesystem::path> junit;
  std::optional<std::filesystem::path> html;
  std::optional<std::filesystem::path> save_heatmaps;
  std::optional<std::filesystem::path> save_error_metrics_plot;

  std::optional<std::string> gen_script;  ///< where the program is written; `-`: standard output
};

/// What the run is to be reported as.
/// @param command  What it says was run.
compare::RunReporterOptions reporter_options(const RunArguments& arguments, const LoggingOptions& logging,
                                             std::string command);

/// The groups of options of `run`, which fill `arguments`; it has to outlive them.
std::vector<OptionGroup> run_groups(RunArguments& arguments);

}  // namespace polygraph::cli
