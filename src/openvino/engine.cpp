#include "openvino/engine.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/loaders.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "core/log_format.h"
#include "openvino/properties.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

const EngineInfo& Engine::info() const& {
  return state_->info;
}
EngineInfo Engine::info() && {
  return state_->info;
}
const ov::CompiledModel& Engine::native() const& {
  return state_->compiled;
}
ov::CompiledModel Engine::native() && {
  return state_->compiled;
}
const Runtime& Engine::runtime() const& {
  return state_->runtime;
}
Runtime Engine::runtime() && {
  return state_->runtime;
}
const Bytes& Engine::serialized() const& {
  return state_->serialized;
}

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

// OpenVINO's name for a type ("f32") as ours; its own if we have none.
std::string precision_name(const std::string& type) {
  try {
    return std::string(to_string(to_data_type(ov::element::Type(type))));
  } catch (const std::exception&) {
    return type;
  }
}

// In a runtime model every layer has one output port per consumer tensor, without names: the layer's name
// stands for it.
TensorInfo tensor_of(const ov::Output<const ov::Node>& port) {
  TensorInfo info;
  info.name = port.get_node()->get_friendly_name();
  if (port.get_node()->get_output_size() > 1) info.name += fmt::format(":{}", port.get_index());
  if (port.get_element_type().is_static()) info.dtype = to_data_type(port.get_element_type());
  info.shape = to_partial_shape(port.get_partial_shape());
  return info;
}

EngineLayer layer_of(const ov::Node& node) {
  const ov::RTMap& rt_info = node.get_rt_info();
  auto text = [&](const char* key) {
    const auto found = rt_info.find(key);
    return found == rt_info.end() ? std::string() : found->second.as<std::string>();
  };
  EngineLayer layer;
  layer.name = node.get_friendly_name();
  layer.type = text("layerType");
  layer.precision = precision_name(text("runtimePrecision"));
  layer.kernel = text("primitiveType");
  layer.onnx_nodes = split(text("originalLayersNames"), ',');
  for (std::size_t i = 0; i < node.get_input_size(); ++i)
    layer.inputs.push_back(tensor_of(node.input_value(i)));
  for (const auto& port : node.outputs()) layer.outputs.push_back(tensor_of(port));
  return layer;
}

int execution_order(const ov::Node& node) {
  const auto found = node.get_rt_info().find("execOrder");
  return found == node.get_rt_info().end() ? -1 : std::stoi(found->second.as<std::string>());
}

// Layers that move data or hold it say nothing about what the engine computes in.
bool computes(const EngineLayer& layer) {
  static const std::set<std::string> moving = {
      "Input",   "Output",       "Reorder",   "Convert",       "MemoryInput", "MemoryOutput", "Transpose",
      "Reshape", "ShapeOf",      "Broadcast", "Concatenation", "Concat",      "Split",        "Gather",
      "Tile",    "StridedSlice", "Pad"};
  return !moving.contains(layer.type);
}

bool is_narrow(const EngineLayer& layer) {
  const auto dtype = parse_data_type(layer.precision);
  return dtype && is_floating(*dtype) && bit_width(*dtype) < 32;
}

// The types that the network itself computes in: a model with FP16 tensors has named FP16.
std::set<std::string> types_of(const ov::Model& model) {
  std::set<std::string> names;
  for (const auto& node : model.get_ops())
    for (const auto& output : node->outputs())
      if (output.get_element_type().is_static())
        names.insert(precision_name(output.get_element_type().to_string()));
  return names;
}

bool runs_only(const std::vector<EngineLayer>& layers, const std::vector<ov::element::Type>& allowed,
               std::set<std::string> names) {
  for (const auto& type : allowed) names.emplace(to_string(to_data_type(type)));
  return std::all_of(layers.begin(), layers.end(), [&](const EngineLayer& layer) {
    return !is_narrow(layer) || names.contains(layer.precision);
  });
}

// Throws if a layer that must stay in FP32 does not. OpenVINO forgets the request when it fuses some layers,
// and the names of some that it fused, so that for a name it no longer knows the layers behind it count.
void check_kept_layers(const ov::Model& model, const std::vector<EngineLayer>& layers,
                       const std::string& attempt) {
  std::map<std::string, const EngineLayer*> by_node;
  for (const EngineLayer& layer : layers)
    if (computes(layer))
      for (const std::string& node : layer.onnx_nodes) by_node.emplace(node, &layer);
  for (const auto& node : model.get_ops()) {
    if (!node->get_rt_info().contains(keep_float32_key)) continue;
    std::vector<ov::Node*> front{node.get()};
    std::set<ov::Node*> seen(front.begin(), front.end());
    while (!front.empty()) {
      ov::Node* next = front.back();
      front.pop_back();
      const auto found = by_node.find(next->get_friendly_name());
      if (found == by_node.end()) {
        for (const auto& output : next->outputs())
          for (const auto& input : output.get_target_inputs())
            if (seen.insert(input.get_node()).second) front.push_back(input.get_node());
        continue;
      }
      const EngineLayer& layer = *found->second;
      if (!is_narrow(layer)) continue;
      throw BackendError(
          fmt::format("{}: the layer '{}' must stay in float32, and OpenVINO runs it in {}, fused into the "
                      "layer '{}' ({}).",
                      attempt, node->get_friendly_name(), layer.precision, layer.name, layer.type),
          "Mark its output as an output of the network (ModifyNetworkOutputs), so that nothing is fused into "
          "it, or allow fp16 instead "
          "of bf16 where the processor has it: there every layer can be kept.");
    }
  }
}

// OpenVINO looks at the values of properties only when it compiles. Throws UsageError if that is what its
// message is about.
void check_property_values(const BuildPlan& plan, std::string_view message) {
  for (const auto& [name, value] : plan.properties)
    if (message.find(fmt::format("for property key {}.", name)) != std::string_view::npos)
      throw UsageError(
          fmt::format(
              "Creating the configuration: OpenVINO does not take the value '{}' for the property '{}'.",
              value.as<std::string>(), name),
          "Give a value that OpenVINO's message names.", readable_lines(message));
}

}  // namespace

std::vector<EngineLayer> layers_of(const ov::CompiledModel& compiled) {
  const auto model = compiled.get_runtime_model();
  std::vector<std::shared_ptr<const ov::Node>> nodes;
  for (const auto& node : model->get_ordered_ops())
    if (const auto found = node->get_rt_info().find("layerType");
        found != node->get_rt_info().end() && found->second.as<std::string>() != "Const")
      nodes.push_back(node);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const auto& a, const auto& b) { return execution_order(*a) < execution_order(*b); });
  std::vector<EngineLayer> layers;
  for (const auto& node : nodes) layers.push_back(layer_of(*node));
  return layers;
}

std::string precision_summary(const std::vector<EngineLayer>& layers) {
  std::map<std::string, int> counts;
  for (const EngineLayer& layer : layers) {
    const auto dtype = parse_data_type(layer.precision);
    if (computes(layer) && dtype && is_floating(*dtype)) ++counts[layer.precision];
  }
  if (counts.empty()) return "none";
  if (counts.size() == 1) return counts.begin()->first;
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, count] : sorted)
    text +=
        fmt::format("{}{} ({} {})", text.empty() ? "" : ", ", name, count, count == 1 ? "layer" : "layers");
  return text;
}

EngineFromNetwork::EngineFromNetwork(Source<Network> network, Source<Config> config)
    : network_(std::move(network)), config_(std::move(config)) {}

Engine EngineFromNetwork::operator()() const {
  const Network network = network_.get();
  const Config config = config_.get();
  const Runtime& runtime = network.runtime();
  const std::string attempt =
      fmt::format("Building an engine from the network '{}'", network->get_friendly_name());
  const auto started = std::chrono::steady_clock::now();
  return calling_openvino(
      attempt, "Try FP32 without further properties; if that fails too, look for the layer named below.",
      [&] {
        log_start("Building an engine with {}", cpp_expression<0>("CreateConfig", config.options()));
        BuildPlan plan = plan_build(runtime, config);
        auto compile = [&] {
          Progress progress("Building the engine");
          try {
            return runtime.native().compile_model(network.native(), device, plan.properties);
          } catch (const ov::Exception& error) {
            check_property_values(plan, error.what());
            throw;
          }
        };
        auto state = std::make_shared<Engine::State>(Engine::State{runtime, {}, {}, compile()});
        std::vector<EngineLayer> layers = layers_of(state->compiled);
        if (!plan.hint_is_users && !runs_only(layers, plan.allowed, types_of(*network))) {
          log_warning("OpenVINO chose {}, which was not asked for: building again in FP32",
                      precision_summary(layers));
          plan.hint = ov::element::f32;
          plan.properties[ov::hint::inference_precision.name()] = plan.hint;
          plan.properties[ov::hint::kv_cache_precision.name()] = plan.hint;
          state->compiled = compile();
          layers = layers_of(state->compiled);
          if (!runs_only(layers, plan.allowed, types_of(*network)))
            throw BackendError(fmt::format("{}: OpenVINO runs {} although only {} is allowed.", attempt,
                                           precision_summary(layers), plan.asked),
                               "Allow that type, or take the layers that compute in it out of the model.");
        }

        EngineInfo& info = state->info;
        info.name = network->get_friendly_name();
        info.backend = "OpenVINO";
        info.backend_version = ov::get_openvino_version().buildNumber;
        info.device = device;
        info.device_name = runtime.native().get_property(device, ov::device::full_name);
        info.instruction_set = cpu_instruction_set();
        info.precision_asked = plan.asked;
        info.precision_hint = plan.properties.at(ov::hint::inference_precision.name()).as<std::string>();
        info.precision_run = precision_summary(layers);
        info.model_name = network.model_name();
        info.model_hash = network.model_hash();
        info.properties = properties_as_text(plan);
        info.inputs = to_metadata(state->compiled.inputs());
        info.outputs = to_metadata(state->compiled.outputs());
        info.layers = std::move(layers);
        check_kept_layers(*network, info.layers, attempt);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
        log_finish("Finished building in {:.3f} s: {} layers, which compute in {} (allowed: {})",
                   seconds.count(), info.layers.size(), info.precision_run, info.precision_asked);
        return Engine(state);
      });
}

std::string EngineFromNetwork::str() const {
  return cpp_expression<1>("EngineFromNetwork", network_, config_);
}

EngineBytesFromNetwork::EngineBytesFromNetwork(Source<Network> network, Source<Config> config)
    : build_(std::move(network), std::move(config)) {}

Bytes EngineBytesFromNetwork::operator()() const {
  return bytes_from_engine(build_);
}

std::string EngineBytesFromNetwork::str() const {
  const std::string build = build_.str();
  return "EngineBytesFromNetwork" + build.substr(build.find('('));
}

}  // namespace polygraph::openvino
