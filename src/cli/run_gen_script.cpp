#include "cli/run_gen_script.h"

#include <fmt/format.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/core/files.h>
#include <polygraph/core/literals.h>
#include <polygraph/core/options.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "cli/compare_options.h"
#include "cli/cpp_layout.h"
#include "cli/json_output.h"
#include "cli/run_model.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;

// Every member of RunArguments is named here, so that a new one cannot be left out by a slip: it does not
// compile until the program has it, or it is refused.
class ProgramWriter {
 public:
  ProgramWriter(const RunArguments& arguments, const LoggingOptions& logging, std::string command)
      : arguments_(arguments), logging_(logging), command_(std::move(command)) {
    // NOLINTNEXTLINE(readability-isolate-declaration)
    const auto& [loading, model_options, inputs, save_onnx, runners, onnxrt, openvino, trt, calibrator,
                 save_engine, onnxrt_options, engine_options, warm_up, sequential, use_subprocess,
                 subprocess_timeout, layer_times, save_inputs, save_outputs, save_input_blob, load_outputs,
                 postprocess_scripts, top_k, validate, compare, save_accuracy_results, json, junit, html,
                 save_heatmaps, save_error_metrics_plot, gen_script] = arguments;
    for (const auto& [option, path] : {std::pair{"--html", &html},
                                       {"--save-heatmaps", &save_heatmaps},
                                       {"--save-error-metrics-plot", &save_error_metrics_plot}})
      if (*path)
        throw UsageError(fmt::format("{}: a generated program draws nothing.", option),
                         "Leave it out, or run the command itself.");
    for (const RunnerArgument& runner : runners)
      if (runner.backend != "reference") backends_.insert(runner.backend);
    if (backends_.contains("trt") && backends_.contains("trt-rtx"))
      throw UsageError("--gen-script: a program has either TensorRT or TensorRT-RTX, and both are asked for.",
                       "Write a program for each.");
    write_logging();
    write_runners();
    write_inputs();
    write_report();
    write_running();
  }

  std::string source(const std::string& name) const {
    return fmt::format(R"(// Does what this command line does:
//
//     {command}
//
// CMakeLists.txt beside this file builds it:
//
//     cmake -B build && cmake --build build
//     build/{name}
//
// If CMake does not find Polygraph: -DCMAKE_PREFIX_PATH=<where it is installed>.

{includes}
{namespaces}
int main() try {{
{body}}} catch (const polygraph::Error& error) {{
  log_text(Severity::critical, error.what());
  return static_cast<int>(error.exit_code());
}}
)",
                       fmt::arg("command", comment_text(command_)), fmt::arg("name", name),
                       fmt::arg("includes", includes()), fmt::arg("namespaces", namespaces()),
                       fmt::arg("body", body_));
  }

  std::string cmake_lists(const std::string& name, const std::string& file) const {
    std::string components;
    std::string libraries;
    for (const std::string& backend : backends_) {
      components += " " + backend;
      libraries += " Polygraph::" + backend;
    }
    return fmt::format(R"(# Builds {file}, which 'polygraph run --gen-script' wrote.
cmake_minimum_required(VERSION 3.20)
project({name} LANGUAGES CXX)
find_package(Polygraph REQUIRED{components})
add_executable({name} {file})
target_link_libraries({name} PRIVATE Polygraph::polygraph{libraries})
)",
                       fmt::arg("file", file), fmt::arg("name", name),
                       fmt::arg("components", components.empty() ? "" : " COMPONENTS" + components),
                       fmt::arg("libraries", libraries));
  }

 private:
  void line(std::string_view code, std::size_t indent = 2) { body_ += cpp_layout(code, indent); }
  void heading(std::string_view comment) {
    if (!body_.empty()) body_ += "\n";
    line(fmt::format("// {}", comment));
  }

  // A command as it can stand in a comment: on one line.
  static std::string comment_text(std::string_view command) {
    std::string text;
    for (const char c : command)
      text += static_cast<unsigned char>(c) < ' ' ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c))
                                                  : std::string(1, c);
    return text;
  }

  bool body_has(std::string_view text) const { return body_.find(text) != std::string::npos; }

  std::string includes() const {
    std::string text = "#include <polygraph/compare.h>\n";
    const bool has_reference = body_has("reference::Runner");
    if (has_reference) text += "#include <polygraph/onnx/installed_evaluators.h>\n";
    if (has_reference || body_has("OnnxFromPath")) text += "#include <polygraph/onnx/loaders.h>\n";
    for (const std::string& backend : backends_)
      text += fmt::format("#include <polygraph/{}.h>\n", namespace_of(backend));
    if (has_reference) text += "#include <polygraph/reference/runner.h>\n";
    std::string standard;
    for (const auto& [header, name] : {std::pair{"limits", "std::numeric_limits"},
                                       {"memory", "std::unique_ptr"},
                                       {"vector", "std::vector"}})
      if (body_has(name)) standard += fmt::format("#include <{}>\n", header);
    return standard.empty() ? text : text + "\n" + standard;
  }

  std::string namespaces() const {
    std::string text = "using namespace polygraph;\nusing namespace polygraph::compare;\n";
    if (body_has("OnnxFromPath")) text += "using namespace polygraph::onnx;\n";
    for (const std::string& backend : backends_)
      if (!is_ambiguous(backend))
        text += fmt::format("using namespace polygraph::{};\n", namespace_of(backend));
    return text;
  }

  static std::string namespace_of(const std::string& backend) {
    return backend == "trt-rtx" ? "trt" : backend;
  }

  // OpenVINO's loaders and TensorRT's have the same names.
  bool is_ambiguous(const std::string& backend) const {
    return backend != "onnxrt" && backends_.contains("openvino") &&
           (backends_.contains("trt") || backends_.contains("trt-rtx"));
  }

  void write_logging() {
    const std::string options = cpp_literal(logging_.resolve());
    if (options != "{}") line(fmt::format("set_log_options({});", options));
  }

  void write_runners() {
    std::shared_ptr<const onnx::Model> model;
    if (const auto changed = changed_model(arguments_)) {
      model = std::make_shared<const onnx::Model>();  // stands for it: runners are only printed
      heading("The model, changed once for all runners.");
      line(fmt::format("const onnx::Model {} = {}();", changed_model_name, changed->str()));
    }
    const std::vector<std::unique_ptr<Runner>> runners = make_runners(arguments_, model);
    if (!runners.empty()) heading("Runners read and build nothing before they are activated.");
    std::map<std::string, int> counts;
    for (std::size_t i = 0; i < runners.size(); ++i) {
      const std::string& backend = arguments_.runners[i].backend;
      const std::string expression = runners[i]->str();
      if (expression.empty())
        throw UsageError(
            fmt::format("--gen-script: a runner of --{} cannot be written into a program.", backend),
            "Leave it out.");
      names_.push_back(fmt::format("{}_{}", namespace_of(backend), counts[backend]++));
      if (!is_ambiguous(backend)) {
        line(fmt::format("auto {} = {};", names_.back(), expression));
        continue;
      }
      line(fmt::format("auto {} = [&] {{", names_.back()));
      line(fmt::format("using namespace polygraph::{};", namespace_of(backend)), 4);
      line(fmt::format("return {};", expression), 4);
      line("}();");
    }
  }

  void write_inputs() {
    if (names_.empty()) return;
    heading("The inputs are the same for all runners.");
    line(fmt::format("const auto data = {};", input_data_expression(arguments_.inputs)));
  }

  void write_report() {
    heading(names_.size() + arguments_.load_outputs.size() > 1
                ? "Outputs are compared with those of the next runner; all functions have to pass."
                : "What runs is reported; there is nothing to compare it with.");
    std::vector<std::string> parts{
        fmt::format("{{{}}}", fmt::join(compare_expressions(arguments_.compare), ", ")),
        options_to_cpp(reporter_options(arguments_, logging_, command_))};
    std::vector<std::string> postprocess;
    for (const compare::ScriptName& script : arguments_.postprocess_scripts)
      postprocess.push_back(fmt::format("postprocess_function_from_script({})", cpp_literal(script)));
    if (arguments_.top_k) postprocess.push_back(compare::TopKPostprocessFunc(*arguments_.top_k).str());
    if (!postprocess.empty()) parts.push_back(fmt::format("{{{}}}", fmt::join(postprocess, ", ")));
    line(fmt::format("RunReporter report({});", fmt::join(parts, ", ")));
  }

  void write_running() {
    const std::string warm_up = options_to_cpp(compare::RunOptions{.warm_up = arguments_.warm_up});
    const std::string options = warm_up == "{}" ? "" : ", " + warm_up;
    const std::string pointers = fmt::format("{{&{}}}", fmt::join(names_, ", &"));
    // A runner may measure its layers without --layer-times, too, by an option of its own.
    const bool has_layer_times =
        arguments_.layer_times || body_has("time_layers = true") || body_has("profiling = true");
    if (names_.empty()) {
      line("report.add_loaded();");
    } else if (arguments_.sequential) {
      line(fmt::format("const std::vector<polygraph::Runner*> runners{};", pointers));
      if (has_layer_times) {
        line(fmt::format("const RunResults results = run_sequentially(runners, *data{});", options));
        line("report.add_all(results, *data);");
        line("report.add_layer_times(results.layer_times());");
      } else {
        line(fmt::format("report.add_all(run_sequentially(runners, *data{}), *data);", options));
      }
    } else {
      line(fmt::format("RunStream stream({}, *data{});", pointers, options));
      line("while (const Iteration* iteration = stream.next())");
      line("if (!report.add(iteration->inputs, iteration->results)) break;", 4);
      if (has_layer_times) line("report.add_layer_times(stream.layer_times());");
    }
    line("return report.finish() ? 0 : 1;");
  }

  const RunArguments& arguments_;
  const LoggingOptions& logging_;
  std::string command_;
  std::set<std::string> backends_;
  std::vector<std::string> names_;  // of the runners
  std::string body_;
};

bool is_source_name(const fs::path& file) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.";
  const std::string extension = file.extension();
  return (extension == ".cpp" || extension == ".cc" || extension == ".cxx") &&
         file.filename().string().find_first_not_of(plain) == std::string::npos && !file.stem().empty();
}

// The target's name: CMake keeps some for itself.
std::string program_name(const fs::path& file) {
  const std::string name = file.stem();
  constexpr std::string_view kept[] = {"all",     "ALL_BUILD", "clean",         "edit_cache", "help",
                                       "install", "package",   "rebuild_cache", "test",       "RUN_TESTS"};
  return std::ranges::find(kept, name) == std::end(kept) ? name : name + "_program";
}

// Throws unless CMakeLists.txt is missing, or was written for this program.
void check_cmake_lists(const fs::path& file, const std::string& text) {
  if (!fs::exists(file)) return;
  const MappedFile there(file);
  const std::string_view content(reinterpret_cast<const char*>(there.bytes().data()), there.bytes().size());
  if (!content.starts_with(text.substr(0, text.find('\n'))))
    throw InputError(
        fmt::format("'{}' is there already, and was not written for this program.", file.string()),
        "Let --gen-script write into a folder of its own, or move that file away.");
}

}  // namespace

GeneratedProgram generated_program(const RunArguments& arguments, const LoggingOptions& logging,
                                   const std::string& command, const fs::path& file) {
  const ProgramWriter writer(arguments, logging, command);
  const std::string name = program_name(file);
  return {writer.source(name), writer.cmake_lists(name, file.filename())};
}

ExitCode write_generated_program(Session& session, const RunArguments& arguments,
                                 const std::string& command) {
  if (arguments.gen_script == "-") {
    session.output.write(generated_program(arguments, session.logging, command, "program.cpp").source);
    return ExitCode::passed;
  }
  const fs::path file = *arguments.gen_script;
  if (!is_source_name(file))
    throw UsageError(fmt::format("--gen-script: '{}' is no name of a C++ program.", file.string()),
                     "Name it with letters, digits, '_', '-', '+' and '.', and .cpp behind, or `-`.");
  refuse_model("--gen-script", file.string(), arguments.loading.model);
  const GeneratedProgram program = generated_program(arguments, session.logging, command, file);
  const fs::path cmake_lists = file.parent_path() / "CMakeLists.txt";
  check_cmake_lists(cmake_lists, program.cmake_lists);
  write_file(file, program.source);
  write_file(cmake_lists, program.cmake_lists);
  log_info("Wrote '{}' and '{}'", file.string(), cmake_lists.string());
  return ExitCode::passed;
}

}  // namespace polygraph::cli
