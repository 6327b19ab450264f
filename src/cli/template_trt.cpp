#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/loader.h>
#include <polygraph/trt/config_options.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/cpp_layout.h"
#include "cli/logging_options.h"
#include "cli/openvino_options.h"
#include "cli/option_fields.h"
#include "cli/tools.h"
#include "cli/trt_options.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path model;
  fs::path output;
  OpenVinoArguments shared;  // --fp16 and the like
  TrtArguments trt;
};

template <class Options>
Options options_of(const Settings& settings) {
  Options options;
  for (const auto& [field, value] : settings) set_option(options, field, value);
  return options;
}

// The expression that makes the network, as the loaders print themselves.
std::string network_expression(const Arguments& arguments) {
  const auto network = options_of<trt::NetworkOptions>(arguments.trt.network);
  const auto outputs = options_of<trt::OutputOptions>(arguments.trt.outputs);
  std::string text = arguments.model.empty()
                         ? cpp_expression<0>("CreateNetwork", network)
                         : cpp_expression<1>("NetworkFromOnnxPath", arguments.model, network);
  if (!(outputs == trt::OutputOptions{}))
    text = fmt::format("ModifyNetworkOutputs({}, {})", text, options_to_cpp(outputs));
  return text;
}

std::string network_text(const Arguments& arguments) {
  if (arguments.model.empty() && !arguments.trt.outputs.empty())
    throw UsageError("There are no outputs to choose: the network is empty at first.", "Name a model.");
  const std::string edit = arguments.model.empty() ? R"(
  // Layers are added with TensorRT's own API; `network->` leads to its nvinfer1::INetworkDefinition.
  nvinfer1::ITensor* x = network->addInput("x", nvinfer1::DataType::kFLOAT, nvinfer1::Dims{2, {1, 4}});
  nvinfer1::IActivationLayer* relu = network->addActivation(*x, nvinfer1::ActivationType::kRELU);
  relu->getOutput(0)->setName("y");
  network->markOutput(*relu->getOutput(0));
)"
                                                   : R"(
  // Edits go here, with TensorRT's own API; `network->` leads to its nvinfer1::INetworkDefinition:
  //   nvinfer1::ITensor* last = network->getOutput(0);
  //   network->unmarkOutput(*last);
  //   network->markOutput(*network->addIdentity(*last)->getOutput(0));
)";
  return fmt::format(
      R"(// A network for: polygraph convert --trt-network-script THIS_FILE -o network.plan
#include <polygraph/trt/script.h>

using namespace polygraph;
using namespace polygraph::trt;

Network load_network() {{
{load}  Network network = load();
{edit}  return network;
}}
POLYGRAPH_SCRIPT(load_network)
)",
      fmt::arg("load", cpp_layout(fmt::format("const auto load = {};", network_expression(arguments)), 2)),
      fmt::arg("edit", edit));
}

std::string shape_literal(const Shape& shape) {
  return fmt::format("{{{}}}", fmt::join(shape.dims(), ", "));
}

std::string profiles_text(const ModelRequest& request) {
  std::string text;
  for (const auto& ranges : request.profiles) {
    text += text.empty() ? "Profile()" : ", Profile()";
    for (const auto& [input, range] : ranges)
      text += fmt::format(".add({}, {}, {}, {})", cpp_literal(input), shape_literal(range.min),
                          shape_literal(range.opt), shape_literal(range.max));
  }
  return text;
}

std::string config_text(const Arguments& arguments) {
  const ModelRequest request = trt_request(arguments.trt, arguments.shared);
  const std::string options = options_to_cpp(options_of<trt::ConfigOptions>(request.config));
  const std::string profiles = profiles_text(request);
  std::string call = "create_config()";
  if (!profiles.empty())
    call = fmt::format("create_config({}, {{{}}})", options, profiles);
  else if (options != "{}")
    call = fmt::format("create_config({})", options);
  return fmt::format(
      R"(// A configuration for: polygraph convert MODEL --trt-config-script THIS_FILE -o model.plan
#include <polygraph/trt/script.h>

using namespace polygraph;
using namespace polygraph::trt;

Config load_config() {{
{call}
  // What no option has, goes to TensorRT's own configuration once the options are set.
  config.add_step([](nvinfer1::IBuilderConfig& /* native */, const Network& /* network */) {{
    // native.setAvgTimingIterations(8);
  }});
  return config;
}}
POLYGRAPH_SCRIPT(load_config)
)",
      fmt::arg("call", cpp_layout(fmt::format("Config config = {};", call), 2)));
}

ExitCode write_script(const Arguments& arguments, const std::function<std::string(const Arguments&)>& text) {
  if (arguments.output.extension() != ".cpp")
    throw UsageError("--output: '" + arguments.output.string() + "' is no name for C++ source.",
                     "Give it a name that ends in '.cpp'.");
  if (fs::exists(arguments.output))
    throw InputError("--output: '" + arguments.output.string() + "' exists already.", "Choose another name.");
  write_file(arguments.output, text(arguments));
  log_info("Saved a script for TensorRT to '{}'", arguments.output.string());
  return ExitCode::passed;
}

OptionGroup output_group(Arguments& arguments) {
  OptionGroup group;
  group.options = {{.names = {"-o", "--output"},
                    .metavar = "FILE.cpp",
                    .help = "Where to write it.",
                    .arity = Arity::one,
                    .completes = Completes::files,
                    .required = true,
                    .apply = [&arguments](Values values) { arguments.output = values.front(); }}};
  return group;
}

}  // namespace

Tool template_trt_network_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "trt-network",
      .summary = "Write a script that makes a network for TensorRT.",
      .description =
          "The file is what `polygraph convert`, `run` and `inspect model` take as --trt-network-script; it "
          "is "
          "compiled when it is used. It reads the model, if one is named, or makes a network of its own, and "
          "edits it with TensorRT's API.",
      .examples = {{"polygraph template trt-network -o network.cpp", "A network of one layer to start from."},
                   {"polygraph template trt-network model.onnx -o edit.cpp --trt-outputs mark all",
                    "The network of a model, all of whose tensors are outputs."}}};
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The ONNX model whose network it is; none for an empty one.",
                       .arity = Arity::optional,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->model = values.front(); }}};
  tool.groups = {output_group(*arguments), trt_network_group(arguments->trt), logging_group(session.logging)};
  tool.run = [arguments] { return write_script(*arguments, network_text); };
  return tool;
}

Tool template_trt_config_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{.name = "trt-config",
            .summary = "Write a script that makes a configuration for TensorRT.",
            .description =
                "The file is what `polygraph convert` and `run` take as --trt-config-script; it is compiled "
                "when it "
                "is used.",
            .examples = {{"polygraph template trt-config -o config.cpp --fp16 --trt-min-shapes x:[1,3] "
                          "--trt-opt-shapes x:[4,3] --trt-max-shapes x:[8,3]",
                          "FP16, and shapes to build for."}}};
  OptionGroup config = trt_config_group(arguments->trt);
  OptionGroup shared = openvino_config_group(arguments->shared);
  for (Option& option : shared.options)
    if (is_shared_option(option.names.front())) config.options.push_back(std::move(option));
  config.description = "A version that lacks an option says so when the engine is built.";
  tool.groups = {output_group(*arguments), std::move(config), logging_group(session.logging)};
  tool.run = [arguments] { return write_script(*arguments, config_text); };
  return tool;
}

}  // namespace polygraph::cli
