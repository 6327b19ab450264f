#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/calibration_options.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/tools.h"
#include "cli/trt_options.h"
#include "core/file_descriptor.h"

namespace polygraph::cli::test {
namespace {

using Words = std::vector<std::string>;
using testing::HasSubstr;
using testing::Not;

class GenScript : public testing::Test {
 protected:
  // Nobody reads it: it only has to be there.
  GenScript() {
    std::filesystem::current_path(testing::TempDir());
    write_file(model_, std::string("x"));
  }

  // What the command prints. The command itself, which the program names, is always the same.
  std::string program(Words more, const std::string& runner = "--onnxrt") const {
    Words words{"run", model_, runner, runner, "--gen-script", "-"};
    words.insert(words.end(), more.begin(), more.end());
    return output_of(words);
  }

  static std::string output_of(const Words& words) {
    const FileDescriptor file(::memfd_create("output", 0));
    Session session{.output = Output(file.get()), .logging = {}};
    const Words command_line{"run"};
    session.arguments = command_line;
    const Command command = parse(polygraph_tool(session), words);
    command.apply();
    EXPECT_EQ(command.tool().run(), ExitCode::passed);
    session.output.flush();
    std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file.get(), text.data(), text.size(), 0), std::ssize(text));
    return text;
  }

  std::string model_ = "m.onnx";
};

// One use of every option of the tool, and what it adds to the program.
struct Sample {
  Words words;
  std::string expected;
  std::string runner = "--onnxrt";
};

const std::map<std::string, Sample>& samples() {
  const std::string openvino = "--openvino";
  const auto compare = [](const std::string& function, Words words) {
    words.insert(words.end(), {"--compare", function});
    return words;
  };
  static const std::map<std::string, Sample> all{
      {"--onnxrt", {{"--onnxrt"}, "auto onnxrt_2 = onnxrt::Runner("}},
      {"--reference",
       {{"--reference"}, "OnnxFromPath(\"m.onnx\"), installed_evaluators(), {}, \"reference-runner-N0\")"}},
      {"--with", {{"--with", "intra_op_threads=3"}, "{.intra_op_threads = 3}"}},
      {"--input-shapes",
       {{"--input-shapes", "x:[2,3]"}, ".input_metadata = {{\"x\", {}, PartialShape{2, 3}}}"}},
      {"--seed", {{"--seed", "7"}, ".seed = 7"}},
      {"--val-range", {{"--val-range", "x:[-1,0.5]", "[0,inf]"}, "{\"x\", {-1.0L, 0.5L}}"}},
      {"--iterations", {{"--iterations", "4"}, ".iterations = 4"}},
      {"--load-inputs", {{"--load-inputs", "a.json", "b"}, "loaded_inputs({\"a.json\", \"b\"})"}},
      {"--data-loader-script",
       {{"--data-loader-script", "a.cpp:f"}, "inputs_from_script({\"a.cpp\", \"f\"})"}},
      {"--warm-up", {{"--warm-up", "3"}, "{.warm_up = 3}"}},
      {"--sequential-runners", {{"--sequential-runners"}, "run_sequentially(runners, *data)"}},
      {"--use-subprocess", {{"--use-subprocess"}, "std::unique_ptr<polygraph::Runner>("}},
      {"--subprocess-timeout", {{"--subprocess-timeout", "2.5"}, "2.5);"}},
      {"--save-inputs", {{"--save-inputs", "in.npz"}, ".save_inputs = \"in.npz\""}},
      {"--save-outputs", {{"--save-outputs", "out.npz"}, ".save_outputs = \"out.npz\""}},
      {"--save-input-blob", {{"--save-input-blob", "raw"}, ".save_input_blob = \"raw\""}},
      {"--load-outputs", {{"--load-outputs", "c.json"}, ".load_outputs = {\"c.json\"}"}},
      {"--postprocess",
       {{"--postprocess", "top-5", "y:top-2,axis=1"},
        "TopKPostprocessFunc({{\"\", TopK{5}}, {\"y\", TopK{2, 1}}})"}},
      {"--postprocess-func-script",
       {{"--postprocess-func-script", "a.cpp"},
        "postprocess_function_from_script({\"a.cpp\", \"postprocess_outputs\"})"}},
      {"--validate", {{"--validate"}, ".validate = true"}},
      {"--save-accuracy-results",
       {{"--save-accuracy-results", "r.json"}, ".save_accuracy_results = \"r.json\""}},
      {"--compare", {{"--compare", "l2", "indices"}, "{L2CompareFunc(), IndicesCompareFunc()}"}},
      {"--compare-func-script",
       {{"--compare-func-script", "a.cpp"},
        "compare_function_from_script({\"a.cpp\", \"compare_outputs\"})"}},
      {"--check-average", {{"--check-average", "--compare", "l2"}, ".check_average = true"}},
      {"--no-shape-check", {{"--no-shape-check"}, "SimpleCompareFunc({.check_shapes = false})"}},
      {"--fail-fast", {{"--fail-fast"}, "SimpleCompareFunc({.fail_fast = true})"}},
      {"--rtol", {{"--rtol", "y:1e-3", "1e-2"}, ".rtol = {{\"\", 0.01}, {\"y\", 0.001}}"}},
      {"--atol", {{"--atol", "1e-3"}, ".atol = 0.001"}},
      {"--check-error-stat", {{"--check-error-stat", "max"}, "ErrorStat::max"}},
      {"--infinities-compare-equal", {{"--infinities-compare-equal"}, ".infinities_compare_equal = true"}},
      {"--nans-compare-equal", {{"--nans-compare-equal"}, ".nans_compare_equal = true"}},
      {"--error-quantile", {{"--error-quantile", "0.5"}, ".error_quantile = 0.5"}},
      {"--index-tolerance", {compare("indices", {"--index-tolerance", "2"}), ".index_tolerance = 2"}},
      {"--l2-threshold", {compare("l2", {"--l2-threshold", "2"}), ".l2_threshold = 2.0"}},
      {"--cosine-similarity-threshold",
       {compare("cosine_similarity", {"--cosine-similarity-threshold", "0.5"}),
        ".cosine_similarity_threshold = 0.5"}},
      {"--psnr-threshold", {compare("psnr", {"--psnr-threshold", "2"}), ".psnr_threshold = 2.0"}},
      {"--snr-threshold", {compare("snr", {"--snr-threshold", "2"}), ".snr_threshold = 2.0"}},
      {"--ulp-threshold", {compare("ulp", {"--ulp-threshold", "2"}), ".ulp_threshold = 2.0"}},
      {"--relative-l2-threshold",
       {compare("relative_l2", {"--relative-l2-threshold", "2"}), ".relative_l2_threshold = 2.0"}},
      {"--histogram-overlap-threshold",
       {compare("histogram_overlap", {"--histogram-overlap-threshold", "0.5"}),
        ".histogram_overlap_threshold = 0.5"}},
      {"--top-k-agreement-threshold",
       {compare("top_k_agreement", {"--top-k-agreement-threshold", "0.5"}),
        ".top_k_agreement_threshold = 0.5"}},
      {"--top-k", {compare("top_k_agreement", {"--top-k", "2"}), ".k = 2"}},
      {"--kl-divergence-threshold",
       {compare("kl_divergence", {"--kl-divergence-threshold", "0.5"}), ".kl_divergence_threshold = 0.5"}},
      {"--kl-divergence-logits", {compare("kl_divergence", {"--kl-divergence-logits"}), ".logits = true"}},
      {"--json", {{"--json", "r.json"}, ".json = \"r.json\""}},
      {"--junit", {{"--junit", "r.xml"}, ".junit = \"r.xml\""}},
      {"--onnx-outputs", {{"--onnx-outputs", "a", "b"}, "{.outputs = {\"a\", \"b\"}}"}},
      {"--onnx-exclude-outputs", {{"--onnx-exclude-outputs", "a"}, "{.exclude_outputs = {\"a\"}}"}},
      {"--onnx-outputs-by-type", {{"--onnx-outputs-by-type", "Conv"}, "{.mark_types = {\"Conv\"}}"}},
      {"--external-data-dir", {{"--external-data-dir", "d"}, "{.external_data_dir = \"d\"}"}},
      {"--ignore-external-data", {{"--ignore-external-data"}, "{.ignore_external_data = true}"}},
      {"--fp-to-fp16", {{"--fp-to-fp16"}, "ConvertToFp16(OnnxFromPath("}},
      {"--shape-inference", {{"--shape-inference"}, "InferShapes(OnnxFromPath("}},
      {"--no-onnxruntime-shape-inference", {{"--no-onnxruntime-shape-inference"}, "model = OnnxFromPath("}},
      {"--save-onnx", {{"--save-onnx", "s.onnx"}, ", \"s.onnx\")()"}},
      {"--providers", {{"--providers", "cuda"}, ".providers = {\"cuda\"}"}},
      {"--onnxrt-provider-options",
       {{"--onnxrt-provider-options", "cuda.device_id:1"}, "{\"cuda.device_id\", \"1\"}"}},
      {"--graph-optimization-level",
       {{"--graph-optimization-level", "basic"}, "GraphOptimizationLevel::basic"}},
      {"--onnxrt-intra-op-threads", {{"--onnxrt-intra-op-threads", "2"}, ".intra_op_threads = 2"}},
      {"--onnxrt-inter-op-threads", {{"--onnxrt-inter-op-threads", "2"}, ".inter_op_threads = 2"}},
      {"--onnxrt-profile", {{"--onnxrt-profile", "p"}, ".profile = \"p\""}},
      {"--onnxrt-time-layers", {{"--onnxrt-time-layers"}, "report.add_layer_times(stream.layer_times());"}},
      {"--layer-times", {{"--layer-times"}, ".time_layers = true"}},
      {"--onnxrt-log-severity", {{"--onnxrt-log-severity", "error"}, "LogSeverity::error"}},
      {"--onnxrt-config", {{"--onnxrt-config", "a:b"}, ".config = {{\"a\", \"b\"}}"}},
      {"--openvino", {{}, "auto openvino_1 = openvino::Runner(", openvino}},
      {"--tf32", {{"--tf32"}, ".tf32 = true", openvino}},
      {"--fp16", {{"--fp16"}, ".fp16 = true", openvino}},
      {"--bf16", {{"--bf16"}, ".bf16 = true", openvino}},
      {"--fp32", {{"--fp32"}, ".fp32 = true", openvino}},
      {"--performance-hint", {{"--performance-hint", "throughput"}, "PerformanceHint::throughput", openvino}},
      {"--threads", {{"--threads", "2"}, ".threads = 2", openvino}},
      {"--streams", {{"--streams", "2"}, ".streams = 2", openvino}},
      {"--profiling", {{"--profiling"}, ".profiling = true", openvino}},
      {"--cache-dir", {{"--cache-dir", "c"}, ".cache_dir = \"c\"", openvino}},
      {"--properties", {{"--properties", "a:b"}, ".properties = {{\"a\", \"b\"}}", openvino}},
      {"--openvino-outputs", {{"--openvino-outputs", "a"}, "{.outputs = {\"a\"}}", openvino}},
      {"--openvino-exclude-outputs",
       {{"--openvino-exclude-outputs", "a"}, "{.exclude_outputs = {\"a\"}}", openvino}},
      {"--openvino-outputs-by-type",
       {{"--openvino-outputs-by-type", "A"}, "{.mark_layer_types = {\"A\"}}", openvino}},
      {"--layer-precisions", {{"--layer-precisions", "a:float32"}, "{{\"a\", DataType::float32}}", openvino}},
      {"--plugins", {{"--plugins", "p.so"}, "LoadPlugins({\"p.so\"})", openvino}},
      {"--verbose", {{"-v"}, ".verbose = true"}},
      {"--quiet", {{"-q"}, "set_log_options({.level = Severity::start})"}},
      {"--verbosity",
       {{"--verbosity", "onnx:verbose", "error"}, ".path_levels = {{\"onnx\", Severity::verbose}}"}},
      {"--silent", {{"--silent"}, "set_log_options({.level = Severity::critical"}},
      {"--log-format", {{"--log-format", "timestamp", "no-colors"}, ".timestamp = true, .colors = false"}},
      {"--log-file", {{"--log-file", "l.txt"}, ".log_file = \"l.txt\""}},
  };
  return all;
}

// Whether the backend that the sample needs is there.
bool can_run(const Sample& sample) {
#ifdef POLYGRAPH_TEST_OPENVINO
  return !sample.expected.empty();
#else
  return sample.runner != "--openvino";
#endif
}

// An option without a sample is one that nobody thought of when it was added.
TEST_F(GenScript, EveryOptionIsInTheProgramOrRefused) {
  Session session;
  std::set<std::string> names;
  // Refused, see below; options of TensorRT's runners are refused with these.
  Words nothing_to_write{"--help",        "--gen-script", "--trt",           "--trt-rtx",
                         "--save-engine", "--html",       "--save-heatmaps", "--save-error-metrics-plot"};
  TrtArguments trt;
  Settings calibrator;
  for (const OptionGroup& group : {trt_config_group(trt), trt_network_group(trt), trt_script_group(trt),
                                   trt_runner_group(trt), calibration_group(calibrator)})
    for (const Option& option : group.options) nothing_to_write.push_back(option.name());
  for_each_option(run_tool(session), [&](const Option& option) {
    if (std::ranges::find(nothing_to_write, option.name()) == nothing_to_write.end())
      names.insert(option.name());
  });
  for (const std::string& name : names)
    EXPECT_TRUE(samples().contains(name))
        << name << " is new: run_gen_script.cpp has to write it or refuse it.";
  for (const auto& [name, sample] : samples()) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.contains(name)) << "there is no such option";
    if (!can_run(sample)) continue;
    EXPECT_THAT(program(sample.words, sample.runner), HasSubstr(sample.expected));
    EXPECT_THAT(program({}), Not(HasSubstr(sample.expected)));
  }
  EXPECT_THROW(program({"--trt", "--trt-rtx"}), UsageError);  // a program links one of the two
  for (const char* drawn : {"--html", "--save-heatmaps", "--save-error-metrics-plot"})
    EXPECT_THROW(program({drawn, "out"}), UsageError) << drawn;
}

TEST_F(GenScript, ReadsAsAPersonWouldWriteIt) {
  EXPECT_EQ(output_of({"run", model_, "--onnxrt", "--reference", "--atol", "1e-3", "--iterations", "2",
                       "--gen-script", "-"}),
            R"(// Does what this command line does:
//
//     polygraph run
//
// CMakeLists.txt beside this file builds it:
//
//     cmake -B build && cmake --build build
//     build/program
//
// If CMake does not find Polygraph: -DCMAKE_PREFIX_PATH=<where it is installed>.

#include <polygraph/compare.h>
#include <polygraph/onnx/installed_evaluators.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/onnxrt.h>
#include <polygraph/reference/runner.h>

using namespace polygraph;
using namespace polygraph::compare;
using namespace polygraph::onnx;
using namespace polygraph::onnxrt;

int main() try {
  // Runners read and build nothing before they are activated.
  auto onnxrt_0 = onnxrt::Runner(SessionFromOnnx("m.onnx"), "onnxrt-runner-N0");
  auto reference_0 = reference::Runner(
      OnnxFromPath("m.onnx"), installed_evaluators(), {}, "reference-runner-N0");

  // The inputs are the same for all runners.
  const auto data = generated_inputs({.iterations = 2});

  // Outputs are compared with those of the next runner; all functions have to pass.
  RunReporter report(
      {SimpleCompareFunc({.atol = 0.001})}, {.model = "m.onnx", .command = "polygraph run"});
  RunStream stream({&onnxrt_0, &reference_0}, *data);
  while (const Iteration* iteration = stream.next())
    if (!report.add(iteration->inputs, iteration->results)) break;
  return report.finish() ? 0 : 1;
} catch (const polygraph::Error& error) {
  log_text(Severity::critical, error.what());
  return static_cast<int>(error.exit_code());
}
)");
}

TEST_F(GenScript, SavedOutputsAloneNeedNoModel) {
  const std::string text = output_of({"run", "--load-outputs", "a.json", "b.json", "--gen-script", "-"});
  EXPECT_THAT(text, HasSubstr("report.add_loaded();"));
  EXPECT_THAT(text, Not(HasSubstr("Runner")));
}

TEST_F(GenScript, RefusesWhatCannotBe) {
  EXPECT_THROW(program({"--with", "nonsense=1"}), UsageError);
  EXPECT_THROW(output_of({"run", "--gen-script", "-"}), UsageError);
  EXPECT_THROW(output_of({"run", "--onnxrt", "--gen-script", "-"}), UsageError);
  EXPECT_THROW(output_of({"run", model_ + ".missing", "--onnxrt", "--gen-script", "-"}), InputError);
  for (const char* name : {"program", "program.c", "pro gram.cpp", ".cpp", "a;b.cpp"})
    EXPECT_THROW(output_of({"run", model_, "--onnxrt", "--gen-script", name}), UsageError) << name;
}

}  // namespace
}  // namespace polygraph::cli::test
