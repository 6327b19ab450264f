#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/logging_options.h"
#include "cli/tools.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

struct Kind {
  const char* name;
  const char* summary;
  const char* option;  // of `run`
  const char* text;
};

constexpr Kind data_loader{
    "data-loader", "Write a script that makes inputs.", "--data-loader-script",
    R"(// Inputs for: polygraph run MODEL --onnxrt --openvino --data-loader-script THIS_FILE
#include <polygraph/compare/script.h>

using namespace polygraph;

// The inputs of one iteration, counted from 0; nothing at the end. Here: all ones, three times.
std::optional<FeedDict> load_data(std::int64_t iteration, const TensorMetadata& inputs) {
  if (iteration == 3) return std::nullopt;
  FeedDict feed;
  for (const TensorInfo& input : inputs)
    feed.set(input.name, Tensor::full(input.shape.with_defaults(), 1.0f).cast(*input.dtype));
  return feed;
}
POLYGRAPH_SCRIPT(load_data)
)"};

constexpr Kind compare_func{
    "compare-func", "Write a script that compares outputs.", "--compare-func-script",
    R"(// A comparison for: polygraph run MODEL --onnxrt --openvino --compare-func-script THIS_FILE
#include <polygraph/compare/script.h>

#include <cmath>

using namespace polygraph;

// An entry for each output: whether it is good. Here: no element is more than 1e-3 away.
compare::OutputResults compare_outputs(const compare::IterationResult& first,
                                       const compare::IterationResult& second) {
  compare::OutputResults results;
  for (const auto& [name, a] : first.outputs) {
    const Tensor* b = second.outputs.find(name);
    bool is_good = b != nullptr && b->shape() == a.shape();
    for (std::int64_t i = 0; is_good && i < a.element_count(); ++i)
      is_good = std::abs(a.element_as_double(i) - b->element_as_double(i)) <= 1e-3;
    results.emplace_back(name, is_good);
  }
  return results;
}
POLYGRAPH_SCRIPT(compare_outputs)
)"};

constexpr Kind postprocess_func{
    "postprocess-func", "Write a script that changes outputs before they are compared.",
    "--postprocess-func-script",
    R"(// For: polygraph run MODEL --onnxrt --openvino --postprocess-func-script THIS_FILE
#include <polygraph/compare/script.h>

using namespace polygraph;

// Changes what a runner gave. Here: all outputs become float32.
compare::IterationResult postprocess_outputs(compare::IterationResult result) {
  TensorMap outputs;
  for (const auto& [name, tensor] : result.outputs) outputs.set(name, tensor.cast(DataType::float32));
  result.outputs = std::move(outputs);
  return result;
}
POLYGRAPH_SCRIPT(postprocess_outputs)
)"};

Tool script_tool(Session& session, const Kind& kind) {
  auto output = std::make_shared<std::filesystem::path>();
  Tool tool{.name = kind.name,
            .summary = kind.summary,
            .description = std::string("The file is what `polygraph run ") + kind.option +
                           "` takes; it is compiled when it is used.",
            .examples = {{std::string("polygraph template ") + kind.name + " -o my_" + kind.name + ".cpp",
                          "A file to start from."}}};
  OptionGroup group;
  group.options = {{.names = {"-o", "--output"},
                    .metavar = "FILE.cpp",
                    .help = "Where to write it.",
                    .arity = Arity::one,
                    .completes = Completes::files,
                    .required = true,
                    .apply = [output](Values values) { *output = values.front(); }}};
  tool.groups = {std::move(group), logging_group(session.logging)};
  tool.run = [output, &kind] {
    if (output->extension() != ".cpp")
      throw UsageError("--output: '" + output->string() + "' is no name for C++ source.",
                       "Give it a name that ends in '.cpp'.");
    if (std::filesystem::exists(*output))
      throw InputError("--output: '" + output->string() + "' exists already.", "Choose another name.");
    write_file(*output, kind.text);
    log_info("Saved a script for {} to '{}'", kind.option, output->string());
    return ExitCode::passed;
  };
  return tool;
}

}  // namespace

Tool template_data_loader_tool(Session& session) {
  return script_tool(session, data_loader);
}
Tool template_compare_func_tool(Session& session) {
  return script_tool(session, compare_func);
}
Tool template_postprocess_func_tool(Session& session) {
  return script_tool(session, postprocess_func);
}

}  // namespace polygraph::cli
