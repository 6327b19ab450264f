#include "trt/engine_layers.h"

#include <NvInfer.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/log_format.h"
#include "trt/messages.h"

namespace polygraph::trt {

namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "Row major linear FP16 format", "Half", "N/A due to dynamic shapes": the type that the text names.
std::optional<DataType> type_in(const std::string& text) {
  constexpr std::pair<std::string_view, DataType> names[] = {
      {"BFloat16", DataType::bfloat16}, {"BF16", DataType::bfloat16}, {"Half", DataType::float16},
      {"FP16", DataType::float16},      {"FP32", DataType::float32},  {"Float", DataType::float32},
      {"FP8", DataType::float8e4m3fn},  {"Int8", DataType::int8},     {"INT8", DataType::int8},
      {"Int64", DataType::int64},       {"INT64", DataType::int64},   {"Int32", DataType::int32},
      {"INT32", DataType::int32},       {"Bool", DataType::boolean}};
  for (const auto& [name, dtype] : names)
    if (text.find(name) != std::string::npos) return dtype;
  return std::nullopt;
}

std::vector<TensorInfo> tensors_of(const json& layer, const char* key) {
  std::vector<TensorInfo> tensors;
  const auto found = layer.find(key);
  if (found == layer.end() || !found->is_array()) return tensors;
  for (const json& entry : *found) {
    if (!entry.is_object()) continue;
    TensorInfo tensor;
    tensor.name = text_of(entry, "Name");
    std::string type = text_of(entry, "Format/Datatype");
    if (type.empty()) type = text_of(entry, "Datatype");
    tensor.dtype = type_in(type);
    if (const auto dims = entry.find("Dimensions"); dims != entry.end() && dims->is_array()) {
      std::vector<Dimension> shape;
      for (const json& dim : *dims)
        shape.emplace_back(dim.is_number_integer() ? dim.get<std::int64_t>() : -1);
      tensor.shape = PartialShape(std::move(shape));
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

EngineLayer layer_of(const json& entry) {
  EngineLayer layer;
  if (entry.is_string()) {
    layer.name = entry.get<std::string>();
    return layer;
  }
  if (!entry.is_object()) return layer;
  layer.name = text_of(entry, "Name");
  layer.type = text_of(entry, "LayerType");
  layer.kernel = text_of(entry, "TacticName");
  layer.inputs = tensors_of(entry, "Inputs");
  layer.outputs = tensors_of(entry, "Outputs");
  for (const TensorInfo& output : layer.outputs)
    if (output.dtype && layer.precision.empty()) layer.precision = to_string(*output.dtype);
  return layer;
}

bool is_opaque(const EngineLayer& layer) {
  return layer.name.find("ForeignNode") != std::string::npos || layer.precision.empty();
}

}  // namespace

std::vector<EngineLayer> parse_layers(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  std::vector<EngineLayer> layers;
  if (!document.is_object()) return layers;
  const auto found = document.find("Layers");
  if (found == document.end() || !found->is_array()) return layers;
  for (const json& entry : *found) layers.push_back(layer_of(entry));
  return layers;
}

std::vector<EngineLayer> inspect_layers(const Engine& engine) {
  EngineMessages messages;
  const std::shared_ptr<nvinfer1::IEngineInspector> inspector(engine->createEngineInspector());
  if (!inspector) messages.fail<BackendError>("TensorRT cannot inspect the engine.", "See its messages.");
  const char* const text = inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON);
  return parse_layers(text != nullptr ? text : "");
}

namespace {

void check_precision(const std::vector<EngineLayer>& layers, const std::string& asked, bool strongly_typed) {
  const auto shows = [](const EngineLayer& layer, const std::string& type) {
    const auto named = [&](const TensorInfo& tensor) {
      return tensor.dtype && to_string(*tensor.dtype) == type;
    };
    return std::any_of(layer.inputs.begin(), layer.inputs.end(), named) ||
           std::any_of(layer.outputs.begin(), layer.outputs.end(), named);
  };
  const auto count = std::count_if(layers.begin(), layers.end(),
                                   [&](const EngineLayer& layer) { return shows(layer, asked); });
  log_verbose("{} of the engine's {} layers show {}", count, layers.size(), asked);
  if (count > 0 || layers.empty() || std::any_of(layers.begin(), layers.end(), is_opaque)) return;
  if (strongly_typed)
    throw BackendError(
        fmt::format("The engine was to compute in {}, and none of its {} layers does.", asked, layers.size()),
        "Leave that type out, if FP32 is what is wanted.");
  log_warning("{} is allowed, and TensorRT chose other types for all layers", asked);
}

}  // namespace

void check_precisions(const Engine& engine, const ConfigOptions& options, bool strongly_typed) {
  if (!options.fp16 && !options.bf16 && !options.int8) return;
  const std::vector<EngineLayer> layers = inspect_layers(engine);
  if (options.fp16 || options.bf16)
    check_precision(layers, std::string(to_string(options.fp16 ? DataType::float16 : DataType::bfloat16)),
                    strongly_typed);
  if (options.int8) check_precision(layers, std::string(to_string(DataType::int8)), strongly_typed);
}

}  // namespace polygraph::trt
