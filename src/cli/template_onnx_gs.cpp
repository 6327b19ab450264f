#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>

#include <memory>
#include <string>

#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/template_program.h"
#include "cli/tools.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  std::filesystem::path output;
};

// A name that CMake and shells take as it is.
std::string target_name(const std::filesystem::path& path) {
  std::string name = path.stem().string();
  for (char& c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!is_plain) c = '_';
  }
  return name;
}

ExitCode write_program(const Arguments& arguments) {
  const std::string name = target_name(arguments.output);
  if (arguments.output.extension() != ".cpp")
    throw UsageError("--output: '" + arguments.output.string() + "' is no name for a C++ program.",
                     "Give it a name that ends in '.cpp'.");
  const onnx::Model model = onnx::load_model(arguments.loading.model);
  write_file(arguments.output, edit_program(model, arguments.loading, name));
  log_info("Saved a program that edits '{}' to '{}'; its first lines say how to build it",
           arguments.loading.model.string(), arguments.output.string());
  return ExitCode::passed;
}

}  // namespace

Tool template_onnx_gs_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "onnx-gs",
      .summary = "Write a C++ program that edits an ONNX model.",
      .description =
          "The program loads the model, edits its graph and saves it as MODEL_updated.onnx. Its "
          "comments show edits with the names of this model, and how to build it.",
      .examples = {{"polygraph template onnx-gs model.onnx -o edit_model.cpp", "A program to start from."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  OptionGroup output;
  output.options = {{.names = {"-o", "--output"},
                     .metavar = "FILE.cpp",
                     .help = "Where to write the program.",
                     .arity = Arity::one,
                     .completes = Completes::files,
                     .required = true,
                     .apply = [arguments](Values values) { arguments->output = values.front(); }}};
  OptionGroup loading = onnx_loading_group(arguments->loading);
  for (Option& option : output_selection_options(arguments->loading, "onnx-"))
    loading.options.push_back(std::move(option));
  tool.groups = {std::move(output), std::move(loading), shape_inference_group(arguments->loading, nullptr),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [arguments] { return write_program(*arguments); };
  return tool;
}

}  // namespace polygraph::cli
