#include <fmt/format.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/openvino/loaders.h>

#include <string_view>
#include <unordered_map>

#include "core/log_format.h"
#include "openvino/text_copies.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

Runtime::Runtime()
    : core_(calling_openvino("Starting OpenVINO", "Check that the OpenVINO library is complete.",
                             [] { return std::make_shared<ov::Core>(); })) {}

Network::Network(std::shared_ptr<ov::Model> model, Runtime runtime)
    : model_(std::move(model)), runtime_(std::move(runtime)) {
  if (!model_) throw UsageError("Making a Network: the ov::Model is null.", "Pass a model.");
}

void Network::set_origin(std::string model_name, std::string model_hash) {
  model_name_ = std::move(model_name);
  model_hash_ = std::move(model_hash);
}

// LoadPlugins

LoadPlugins::LoadPlugins(std::vector<std::filesystem::path> plugins, Source<Runtime> runtime)
    : plugins_(std::move(plugins)), runtime_(std::move(runtime)) {}

Runtime LoadPlugins::operator()() const {
  Runtime runtime = runtime_.get();
  for (const auto& plugin : plugins_) {
    // A name without a folder is looked up by the dynamic linker.
    if (plugin.has_parent_path() && !std::filesystem::exists(plugin))
      throw InputError(fmt::format("Loading the plugin '{}': there is no such file.", plugin.native()),
                       "Give the path of a shared library with OpenVINO extensions.");
    calling_openvino(
        fmt::format("Loading the plugin '{}'", plugin.native()),
        "It must be a shared library made with OPENVINO_CREATE_EXTENSIONS for this version of OpenVINO.",
        [&] { runtime.native().add_extension(plugin.string()); });
    log_verbose("Loaded the plugin '{}'", plugin.native());
  }
  return runtime;
}

std::string LoadPlugins::str() const {
  return cpp_expression<1>("LoadPlugins", plugins_, runtime_);
}

// Reading

namespace {

// The operators that OpenVINO's messages name behind `introduction`, e.g. `Conv-16, ReduceMean-16`.
std::string operators_named(const std::vector<std::string>& messages, std::string_view introduction) {
  std::string named;
  for (const std::string& line : messages)
    if (const std::size_t at = line.find(introduction); at != std::string::npos)
      named += (named.empty() ? "" : ", ") + line.substr(at + introduction.size());
  return named;
}

template <class F>
std::shared_ptr<ov::Model> reading_onnx(const std::string& attempt, F&& read) {
  try {
    const std::shared_ptr<ov::Model> model = calling_openvino(
        attempt, "OpenVINO's messages say which part of the model it is.", std::forward<F>(read));
    replace_copies_of_texts(*model);
    return model;
  } catch (const BackendError& error) {
    const std::vector<std::string>& messages = error.engine_messages();
    if (const std::string none = operators_named(messages, "No conversion rule found for operations: ");
        !none.empty())
      throw BackendError(
          fmt::format("{} failed: it has no operator {}.", attempt, none),
          "Load an extension that has the operator (LoadPlugins, --plugins), or take that part "
          "out of the model (polygraph surgeon extract).",
          messages);
    if (const std::string some = operators_named(messages, "Conversion is failed for: "); !some.empty())
      throw BackendError(
          fmt::format(
              "{} failed: it cannot convert these operators (with the version of the operator set): {}.",
              attempt, some),
          "Often the rank of a value is not known to it, behind an If for example. Fixing shapes may help "
          "(polygraph surgeon sanitize --override-input-shapes ... --fold-constants); or run the model with "
          "--onnxrt.",
          messages);
    throw;
  }
}

// OpenVINO calls a layer that computes an output of the model after that tensor; here each is called as its
// ONNX node is.
void name_layers(Network& network, const onnx::Graph& graph) {
  std::unordered_map<std::string_view, std::string_view> node_of_tensor;
  for (const onnx::Node& node : graph.nodes)
    if (!node.name.empty())
      for (const std::string_view output : node.outputs) node_of_tensor.emplace(output, node.name);
  for (const auto& layer : network->get_ops()) {
    if (ov::is_type<ov::op::v0::Result>(layer) || ov::is_type<ov::op::v0::Parameter>(layer)) continue;
    for (const auto& output : layer->outputs())
      for (const std::string& tensor : output.get_names())
        if (const auto found = node_of_tensor.find(tensor); found != node_of_tensor.end())
          layer->set_friendly_name(std::string(found->second));
  }
  if (!graph.name.empty()) network->set_friendly_name(std::string(graph.name));
}

}  // namespace

NetworkFromOnnxPath::NetworkFromOnnxPath(std::filesystem::path path, Source<Runtime> runtime)
    : path_(std::move(path)), runtime_(std::move(runtime)) {}

Network NetworkFromOnnxPath::operator()() const {
  // Our own reader finds damage, and says where; it reads the structure only, which costs little.
  const MappedFile file(path_);
  const onnx::Model structure = onnx::load_model(file);
  Runtime runtime = runtime_.get();
  Network network(reading_onnx(fmt::format("Reading the ONNX model '{}' with OpenVINO", path_.native()),
                               [&] { return runtime.native().read_model(path_.string()); }),
                  runtime);
  name_layers(network, structure.graph);
  network.set_origin(path_.filename().string(), fmt::format("{:016x}", checksum(file.bytes())));
  log_verbose("Read '{}': {} layers", path_.native(), network->get_ops().size());
  return network;
}

std::string NetworkFromOnnxPath::str() const {
  return cpp_expression<1>("NetworkFromOnnxPath", path_, runtime_);
}

NetworkFromOnnxBytes::NetworkFromOnnxBytes(Source<Bytes> model_bytes, Source<Runtime> runtime)
    : model_bytes_(std::move(model_bytes)), runtime_(std::move(runtime)) {}

Network NetworkFromOnnxBytes::operator()() const {
  const Bytes bytes = model_bytes_.get();
  const onnx::Model structure = onnx::load_model_from_bytes(bytes.span(), bytes.keep_alive());
  Runtime runtime = runtime_.get();
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Network network(reading_onnx("Reading an ONNX model from memory with OpenVINO",
                               [&] { return runtime.native().read_model(text, ov::Tensor()); }),
                  runtime);
  name_layers(network, structure.graph);
  network.set_origin("", fmt::format("{:016x}", checksum(bytes.span())));
  return network;
}

std::string NetworkFromOnnxBytes::str() const {
  return cpp_expression<1>("NetworkFromOnnxBytes", model_bytes_, runtime_);
}

NetworkFromIr::NetworkFromIr(std::filesystem::path path, std::filesystem::path weights,
                             Source<Runtime> runtime)
    : path_(std::move(path)), weights_(std::move(weights)), runtime_(std::move(runtime)) {}

Network NetworkFromIr::operator()() const {
  const MappedFile file(path_);  // says clearly what is wrong with the path
  const std::string_view head(reinterpret_cast<const char*>(file.bytes().data()),
                              std::min<std::size_t>(file.size(), 4096));
  if (head.find("<net") == std::string_view::npos)
    throw InputError(
        fmt::format("Reading '{}': it is not OpenVINO's format (an XML file with a <net> element).",
                    path_.native()),
        "Give the .xml file of a model saved by OpenVINO; for ONNX files use NetworkFromOnnxPath.");
  if (!weights_.empty()) MappedFile check(weights_);
  Runtime runtime = runtime_.get();
  Network network(calling_openvino<InputError>(
                      fmt::format("Reading the OpenVINO model '{}'", path_.native()),
                      "The .xml and .bin files must belong together and be complete.",
                      [&] { return runtime.native().read_model(path_.string(), weights_.string()); }),
                  runtime);
  network.set_origin(path_.filename().string(), fmt::format("{:016x}", checksum(file.bytes())));
  return network;
}

std::string NetworkFromIr::str() const {
  return cpp_expression<1>("NetworkFromIr", path_, weights_, runtime_);
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

}  // namespace polygraph::openvino
