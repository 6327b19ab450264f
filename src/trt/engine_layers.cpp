#include "trt/engine_layers.h"

#include <NvInfer.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/log_format.h"
#include "trt/messages.h"

namespace polygraph::trt {

namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "Row major linear FP16 format", "Half", "N/A due to dynamic shapes": the type that the text names.
std::optional<DataType> type_in(const std::string& text) {
  constexpr std::pair<std::string_view, DataType> names[] = {
      {"BFloat16", DataType::bfloat16},   {"BF16", DataType::bfloat16},   {"Half", DataType::float16},
      {"FP16", DataType::float16},        {"FP32", DataType::float32},    {"FP8", DataType::float8e4m3fn},
      {"Float8", DataType::float8e4m3fn}, {"FP4", DataType::float4},      {"Float4", DataType::float4},
      {"Float", DataType::float32},       {"E8M0", DataType::float8e8m0}, {"UInt8", DataType::uint8},
      {"UINT8", DataType::uint8},         {"Int8", DataType::int8},       {"INT8", DataType::int8},
      {"Int4", DataType::int4},           {"INT4", DataType::int4},       {"Int64", DataType::int64},
      {"INT64", DataType::int64},         {"Int32", DataType::int32},     {"INT32", DataType::int32},
      {"Bool", DataType::boolean},        {"BOOL", DataType::boolean}};
  for (const auto& [name, dtype] : names)
    if (text.find(name) != std::string::npos) return dtype;
  return std::nullopt;
}

// Some versions have the type by itself.
std::string format_of(const ordered_json& tensor) {
  for (const char* key : {"Format/Datatype", "Format", "Datatype"})
    if (std::string text = text_of(tensor, key); !text.empty()) return text;
  return {};
}

PartialShape shape_of(const ordered_json& tensor) {
  const auto dims = tensor.find("Dimensions");
  if (dims == tensor.end() || !dims->is_array()) return PartialShape::unknown_rank();
  std::vector<Dimension> shape;
  for (const ordered_json& dim : *dims)
    shape.emplace_back(dim.is_number_integer() ? dim.get<std::int64_t>() : -1);
  return PartialShape(std::move(shape));
}

void add_tensors(const ordered_json& layer, const char* key, std::vector<TensorInfo>& tensors,
                 std::vector<std::string>& formats) {
  const auto found = layer.find(key);
  if (found == layer.end() || !found->is_array()) return;
  for (const ordered_json& entry : *found) {
    if (!entry.is_object()) continue;
    const std::string format = format_of(entry);
    std::optional<DataType> dtype = type_in(text_of(entry, "Datatype"));
    if (!dtype) dtype = type_in(format);
    tensors.push_back({text_of(entry, "Name"), dtype, shape_of(entry)});
    formats.push_back(format.starts_with("N/A") ? std::string() : format);
  }
}

// The optimization profile of a layer whose name, or that of a tensor of it, ends with it: `conv [profile
// 1]`.
int profile_in(std::string_view name) {
  constexpr std::string_view mark = "[profile ";
  const std::size_t at = name.rfind(mark);
  if (at == std::string_view::npos) return 0;
  int profile = 0;
  std::from_chars(name.data() + at + mark.size(), name.data() + name.size(), profile);
  return std::max(profile, 0);
}

std::string attribute_text(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void add_attribute(DescribedLayer& layer, const std::string& key, const ordered_json& value) {
  if (key == "Metadata" && value.is_string())
    if (auto nodes = parse_metadata(value.get_ref<const std::string&>())) {
      layer.onnx_nodes = std::move(*nodes);
      return;
    }
  if (key == "StreamId" && value.is_number_integer()) {
    layer.stream = value.get<int>();
    return;
  }
  for (const auto& [name, text] : {std::pair{"Name", &layer.name},
                                   {"LayerType", &layer.type},
                                   {"TacticName", &layer.kernel},
                                   {"TacticValue", &layer.tactic},
                                   {"Origin", &layer.origin}})
    if (key == name) {
      *text = attribute_text(value);
      return;
    }
  if (key != "Inputs" && key != "Outputs") layer.attributes.emplace_back(key, attribute_text(value));
}

DescribedLayer layer_of(const ordered_json& entry) {
  DescribedLayer layer;
  if (entry.is_string()) layer.name = entry.get<std::string>();
  if (entry.is_object()) {
    for (const auto& [key, value] : entry.items()) add_attribute(layer, key, value);
    add_tensors(entry, "Inputs", layer.inputs, layer.input_formats);
    add_tensors(entry, "Outputs", layer.outputs, layer.output_formats);
  }
  layer.profile = profile_in(layer.name);
  for (const auto* tensors : {&layer.inputs, &layer.outputs})
    for (const TensorInfo& tensor : *tensors)
      layer.profile = std::max(layer.profile, profile_in(tensor.name));
  for (const TensorInfo& output : layer.outputs)
    if (output.dtype && layer.precision.empty()) layer.precision = to_string(*output.dtype);
  return layer;
}

// Compiled of a part of the network, whose types show at its borders only.
bool is_opaque(const DescribedLayer& layer) {
  return layer.precision.empty() || layer.type == "kgen" || layer.name.starts_with("__myl") ||
         layer.name.find("ForeignNode") != std::string::npos;
}

}  // namespace

std::optional<std::vector<std::string>> parse_metadata(std::string_view metadata) {
  constexpr std::string_view begin = "[ONNX Layer: ";
  std::vector<std::string> nodes;
  while (!metadata.empty()) {
    if (!metadata.starts_with(begin)) return std::nullopt;
    metadata.remove_prefix(begin.size());
    // A name may have brackets in it: the last bracket in front of what separates nodes ends it.
    std::size_t end = std::min(metadata.find_first_of("\x1e\x1f"), metadata.size());
    if (end == 0 || metadata[end - 1] != ']') return std::nullopt;
    end = std::min(metadata.find("][ONNX Layer: "), end - 1);
    nodes.emplace_back(metadata.substr(0, end));
    metadata.remove_prefix(end + 1);
    metadata.remove_prefix(std::min(metadata.find_first_not_of("\x1e\x1f"), metadata.size()));
  }
  return nodes;
}

namespace {

// JSON has no control characters in texts; TensorRT's metadata are separated by some.
std::string with_controls_escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t')
      fmt::format_to(std::back_inserter(escaped), "\\u{:04x}", static_cast<unsigned char>(c));
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace

std::vector<DescribedLayer> parse_layers(std::string_view text) {
  const ordered_json document = ordered_json::parse(with_controls_escaped(text), nullptr, false);
  std::vector<DescribedLayer> layers;
  if (!document.is_object()) return layers;
  const auto found = document.find("Layers");
  if (found == document.end() || !found->is_array()) return layers;
  for (const ordered_json& entry : *found) layers.push_back(layer_of(entry));
  // What computes shapes has no tensors, and belongs to what comes behind it.
  for (std::size_t i = layers.size(); i-- > 1;)
    if (layers[i - 1].inputs.empty() && layers[i - 1].outputs.empty() && layers[i - 1].profile == 0)
      layers[i - 1].profile = layers[i].profile;
  return layers;
}

std::vector<DescribedLayer> inspect_layers(const Engine& engine) {
  EngineMessages messages;
  const std::shared_ptr<nvinfer1::IEngineInspector> inspector(engine->createEngineInspector());
  if (!inspector) messages.fail<BackendError>("TensorRT cannot inspect the engine.", "See its messages.");
  const char* const text = inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON);
  return parse_layers(text != nullptr ? text : "");
}

void check_precision(const std::vector<DescribedLayer>& layers, DataType asked, bool strongly_typed) {
  const auto has = [&](const TensorInfo& tensor) { return tensor.dtype == asked; };
  const auto count = std::ranges::count_if(layers, [&](const DescribedLayer& layer) {
    return std::ranges::any_of(layer.inputs, has) || std::ranges::any_of(layer.outputs, has);
  });
  log_verbose("{} of the engine's {} layers show {}", count, layers.size(), to_string(asked));
  if (count > 0 || layers.empty() || std::ranges::any_of(layers, is_opaque)) return;
  if (strongly_typed)
    throw BackendError(fmt::format("The engine was to compute in {}, and none of its {} layers does.",
                                   to_string(asked), layers.size()),
                       "Leave that type out, if FP32 is what is wanted.");
  log_warning("{} is allowed, and TensorRT chose other types for all layers", to_string(asked));
}

void check_precisions(const Engine& engine, const ConfigOptions& options, bool strongly_typed) {
  if (!options.fp16 && !options.bf16 && !options.int8) return;
  const std::vector<DescribedLayer> layers = inspect_layers(engine);
  if (options.fp16 || options.bf16)
    check_precision(layers, options.fp16 ? DataType::float16 : DataType::bfloat16, strongly_typed);
  if (options.int8) check_precision(layers, DataType::int8, strongly_typed);
}

}  // namespace polygraph::trt
