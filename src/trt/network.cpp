#include "trt/network.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "core/log_format.h"
#include "onnx/infer_if_possible.h"
#include "trt/failing_nodes.h"
#include "trt/layers.h"
#include "trt/library.h"
#include "trt/messages.h"
#include "trt/parser_input.h"
#include "trt/plugins.h"
#include "trt/versions/names.h"
#include "trt/versions/network.h"
#include "trt/versions/parser.h"

namespace polygraph::trt {

std::string LoadLibrary::str() const {
  return path_.empty() ? "LoadLibrary()" : cpp_expression<1>("LoadLibrary", path_);
}

// LoadPlugins

LoadPlugins::LoadPlugins(std::vector<std::filesystem::path> plugins, Source<Library> library)
    : plugins_(std::move(plugins)), library_(std::move(library)) {}

Library LoadPlugins::operator()() const {
  Library library = library_.get();
  if (!plugins_.empty() && flavour == Flavour::tensorrt_rtx)
    throw BackendError(
        fmt::format("Loading the plugin '{}': TensorRT-RTX has no plugins.", plugins_.front().native()),
        "Use TensorRT, or take the operators that need plugins out of the model.");
  for (const auto& plugin : plugins_) {
    if (plugin.has_parent_path() && !std::filesystem::exists(plugin))
      throw InputError(fmt::format("Loading the plugin '{}': there is no such file.", plugin.native()),
                       "Give the path of a shared library with TensorRT plugins.");
    load_plugin_library(plugin, library);
  }
  return library;
}

std::string LoadPlugins::str() const {
  return cpp_expression<1>("LoadPlugins", plugins_, library_);
}

// Making and reading

namespace {

using ParserFlag = Named<std::uint32_t>;
constexpr ParserFlag parser_flag_names[] = {{"native_instancenorm", 0},
                                            {"enable_uint8_and_asymmetric_quantization_dla", 1},
                                            {"report_capability_dla", 2},
                                            {"enable_plugin_override", 3},
                                            {"adjust_for_dla", 4}};

// One line for each error of the parser, with the nodes that they are about.
std::vector<std::string> parser_errors(const nvonnxparser::IParser& parser, const onnx::Model& model) {
  std::vector<std::string> lines;
  for (int i = 0; i < parser.getNbErrors(); ++i) {
    const nvonnxparser::IParserError& error = *parser.getError(i);
    const ParserErrorNode of = parser_error_node(error);
    std::string node = of.name;
    if (!node.empty() && !of.op_type.empty()) node += " (" + of.op_type + ")";
    const auto index = static_cast<std::size_t>(error.node());
    if (node.empty() && error.node() >= 0 && index < model.graph.nodes.size())
      node = fmt::format("{} ({})", model.graph.nodes[index].name, model.graph.nodes[index].op_type);
    lines.push_back(node.empty() ? std::string(error.desc())
                                 : fmt::format("node {}: {}", node, error.desc()));
  }
  return lines;
}

// Some exporters call every open dimension `?`, and TensorRT takes dimensions of one name for equal. Once the
// model is parsed it is too late: TensorRT-RTX 1.6 fails to build a network whose dimensions got other names.
bool forget_unknown_names(std::vector<onnx::ValueInfo>& values) {
  bool any = false;
  for (onnx::ValueInfo& value : values) {
    if (!value.type || !value.type->shape) continue;
    for (onnx::DimensionInfo& dimension : value.type->shape->dims) {
      const auto* const name = std::get_if<std::string_view>(&dimension.value);
      if (name == nullptr || *name != "?") continue;
      dimension.value = std::monostate();
      any = true;
    }
  }
  return any;
}

// Marked outputs may have no type, and TensorRT reads none without.
bool type_outputs(onnx::Model& model) {
  const auto has_no_type = [](const onnx::ValueInfo& output) {
    return !output.type || output.type->element_type == 0;
  };
  if (std::ranges::none_of(model.graph.outputs, has_no_type)) return false;
  onnx::infer_shapes_if_possible(model);
  return true;
}

}  // namespace

void apply_parser_options(nvonnxparser::IParser& parser, const NetworkOptions& options,
                          const Library& library) {
  if (options.onnx_flags.empty() && !options.plugin_instancenorm) return;
  if (options.plugin_instancenorm && flavour == Flavour::tensorrt_rtx)
    throw BackendError("plugin_instancenorm: TensorRT-RTX has no plugins.",
                       "Leave it out; InstanceNormalization is parsed as layers.");
  std::uint32_t flags = options.onnx_flags.empty() ? parser_flags(parser) : 0;
  for (const std::string& name : options.onnx_flags) {
    if (name == "none" && options.onnx_flags.size() == 1) continue;
    const auto bit = named_value<std::uint32_t>(parser_flag_names, name);
    if (!bit) {
      std::vector<std::string> names;
      for (const ParserFlag& flag : parser_flag_names) names.emplace_back(flag.name);
      throw UsageError(fmt::format("onnx_flags: the parser has no flag '{}'.{}", name, suggest(name, names)));
    }
    flags |= 1U << *bit;
  }
  if (options.plugin_instancenorm) flags &= ~1U;
  if (!set_parser_flags(parser, flags))
    throw BackendError(fmt::format("{}: the ONNX parser of {} {} has no flags.",
                                   options.onnx_flags.empty() ? "plugin_instancenorm" : "onnx_flags",
                                   flavour_name, library.version()),
                       "Leave it out, or use TensorRT 10 or later.");
}

bool make_readable(onnx::Model& model) {
  const bool typed = type_outputs(model);
  const bool inputs = forget_unknown_names(model.graph.inputs);
  const bool outputs = forget_unknown_names(model.graph.outputs);
  const bool values = forget_unknown_names(model.graph.value_info);
  return typed || inputs || outputs || values;
}

namespace {

constexpr const char* unsupported_remedy =
    flavour == Flavour::tensorrt_rtx
        ? "Replace the operators that it names: TensorRT-RTX has no plugins. "
          "`polygraph surgeon sanitize --fold-constants` often removes what cannot be parsed."
        : "Replace the operators that it names, or load plugins that have them (LoadPlugins, --plugins). "
          "`polygraph surgeon sanitize --fold-constants` often removes what cannot be parsed.";

// Names the nodes, and the plugins that they need.
[[noreturn]] void fail_parsing(std::string problem, std::vector<std::string> lines,
                               const onnx::Model& structure, const Network::State& state) {
  const std::vector<MissingPlugin> missing = missing_plugins(structure, lines);
  std::string remedy = unsupported_remedy;
  if (!missing.empty()) {
    problem += " " + describe(missing);
    remedy = remedy_for(missing, registered_plugins(state.library.state().plugin_registry()));
  }
  fail_naming_nodes(problem, remedy, std::move(lines), &structure, state.dump_failing_subgraph);
}

void apply_marks(nvinfer1::INetworkDefinition& network, const NetworkOptions& options,
                 const Library& library) {
  if (options.mark_unfused_tensors_as_debug_tensors && !mark_unfused_tensors(network))
    throw BackendError(
        fmt::format("mark_unfused_tensors_as_debug_tensors: {} {} cannot.", flavour_name, library.version()),
        "Mark tensors by name (MarkDebug), or use TensorRT 10.12 or later.");
}

bool parse_input(nvonnxparser::IParser& parser, const ParserInput& input) {
  return parser.parse(input.bytes().data(), input.bytes().size(), input.path());
}

// As it is, by `parse_original`, if the parser can read that.
template <class Parse>
bool parse_readable(nvonnxparser::IParser& parser, const onnx::Model& model, const Parse& parse_original) {
  onnx::Model changed = model;
  if (!make_readable(changed) && model.storage.bytes().size() <= onnx::largest_readable_model)
    return parse_original();
  return parse_input(parser, ParserInput(std::move(changed)));
}

template <class Parse>
Network parse(std::shared_ptr<const onnx::Model> model, const NetworkOptions& options, const Library& library,
              const std::string& what, Parse&& run) {
  std::shared_ptr<Network::State> state = make_network(library, options.strongly_typed);
  const onnx::Model& structure = *model;
  state->model = std::move(model);
  state->dump_failing_subgraph = options.dump_failing_subgraph;
  state->parser = library.state().make_parser(*state->network);
  apply_parser_options(*state->parser, options, library);
  EngineMessages messages;
  if (!run(*state->parser)) {
    std::vector<std::string> lines = parser_errors(*state->parser, structure);
    for (std::string& line : messages.take()) lines.push_back(std::move(line));
    fail_parsing(fmt::format("Reading {} with {} {} failed.", what, flavour_name, library.version()),
                 std::move(lines), structure, *state);
  }
  apply_marks(*state->network, options, library);
  if (!structure.graph.name.empty()) state->network->setName(std::string(structure.graph.name).c_str());
  return Network(std::move(state));
}

}  // namespace

CreateNetwork::CreateNetwork(NetworkOptions options, Source<Library> library)
    : options_(std::move(options)), library_(std::move(library)) {}

Network CreateNetwork::operator()() const {
  if (options_.plugin_instancenorm || !options_.onnx_flags.empty() || !options_.dump_failing_subgraph.empty())
    throw UsageError(
        "CreateNetwork: plugin_instancenorm, onnx_flags and dump_failing_subgraph are about ONNX models.",
        "Give them to NetworkFromOnnxPath or NetworkFromOnnxBytes.");
  const Library library = library_.get();
  auto state = make_network(library, options_.strongly_typed);
  apply_marks(*state->network, options_, library);
  return Network(std::move(state));
}

std::string CreateNetwork::str() const {
  return cpp_expression<0>("CreateNetwork", options_, library_);
}

NetworkFromOnnxPath::NetworkFromOnnxPath(std::filesystem::path path, NetworkOptions options,
                                         Source<Library> library)
    : path_(std::move(path)), options_(std::move(options)), library_(std::move(library)) {}

Network NetworkFromOnnxPath::operator()() const {
  // Our own reader finds damage, and says where; it reads the structure only, which costs little.
  const auto model = std::make_shared<const onnx::Model>(onnx::load_model(path_));
  Network network = parse(
      model, options_, library_.get(), fmt::format("the ONNX model '{}'", path_.native()), [&](auto& parser) {
        return parse_readable(parser, *model, [&] {
          return parser.parseFromFile(path_.c_str(), static_cast<int>(nvinfer1::ILogger::Severity::kWARNING));
        });
      });
  network.state().model_name = path_.filename().string();
  log_verbose("Read '{}': {} layers", path_.native(), network->getNbLayers());
  return network;
}

std::string NetworkFromOnnxPath::str() const {
  return cpp_expression<1>("NetworkFromOnnxPath", path_, options_, library_);
}

NetworkFromOnnxBytes::NetworkFromOnnxBytes(Source<Bytes> model_bytes, NetworkOptions options,
                                           Source<Library> library)
    : model_bytes_(std::move(model_bytes)), options_(std::move(options)), library_(std::move(library)) {}

Network NetworkFromOnnxBytes::operator()() const {
  const Bytes bytes = model_bytes_.get();
  const auto model =
      std::make_shared<const onnx::Model>(onnx::load_model_from_bytes(bytes.span(), bytes.keep_alive()));
  return parse(model, options_, library_.get(), "an ONNX model from memory", [&](auto& parser) {
    return parse_readable(parser, *model, [&] { return parser.parse(bytes.data(), bytes.size(), nullptr); });
  });
}

std::string NetworkFromOnnxBytes::str() const {
  return cpp_expression<1>("NetworkFromOnnxBytes", model_bytes_, options_, library_);
}

NetworkFromOnnxModel::NetworkFromOnnxModel(Source<onnx::Model> model, NetworkOptions options,
                                           Source<Library> library)
    : model_(std::move(model)), options_(std::move(options)), library_(std::move(library)) {}

Network NetworkFromOnnxModel::operator()() const {
  const auto model = std::make_shared<const onnx::Model>(model_.get());
  const ParserInput input(*model);
  Network network = parse(model, options_, library_.get(), "an ONNX model from memory",
                          [&](auto& parser) { return parse_input(parser, input); });
  network.state().model_name = model->storage.path().filename().string();
  return network;
}

std::string NetworkFromOnnxModel::str() const {
  return cpp_expression<1>("NetworkFromOnnxModel", model_, options_, library_);
}

// PostprocessNetwork

PostprocessNetwork::PostprocessNetwork(Source<Network> network, std::function<void(Network&)> function,
                                       std::string name)
    : network_(std::move(network)), function_(std::move(function)), name_(std::move(name)) {
  if (!function_)
    throw UsageError("PostprocessNetwork: the function is empty.", "Pass a function that takes a Network&.");
}

Network PostprocessNetwork::operator()() const {
  Network network = network_.get();
  log_extra_verbose("Postprocessing the network with {}", name_.empty() ? "a function" : name_);
  function_(network);
  return network;
}

std::string PostprocessNetwork::str() const {
  return fmt::format("PostprocessNetwork({}, {})", network_.str(), name_.empty() ? "/* function */" : name_);
}

}  // namespace polygraph::trt
