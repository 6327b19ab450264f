#include <fmt/format.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>

#include <nlohmann/json.hpp>

namespace polygraph {

namespace {

using Json = nlohmann::ordered_json;

// A dimension's "min" is at depth 7: description, layers, layer, inputs, input, shape, dimension.
constexpr int max_depth = 16;

// A dimension is a number; or an object with any of "name", "min", "max".
Json to_json(const PartialShape& shape) {
  if (!shape.has_rank()) return nullptr;
  Json dims = Json::array();
  for (const Dimension& dim : shape.dims()) {
    if (dim.is_static()) {
      dims.push_back(dim.min);
      continue;
    }
    Json entry = Json::object();
    if (!dim.name.empty()) entry["name"] = dim.name;
    if (dim.min != 0) entry["min"] = dim.min;
    if (dim.max != Dimension::unbounded) entry["max"] = dim.max;
    dims.push_back(std::move(entry));
  }
  return dims;
}

std::int64_t size_from(const Json& json) {
  // A number above the range of int64 would come back as a negative one.
  const std::int64_t size = json.is_number_integer() ? json.get<std::int64_t>() : -1;
  if (size < 0)
    throw InputError(fmt::format("a dimension is {}, and whole numbers from 0 are allowed", json.dump()));
  return size;
}

PartialShape shape_from(const Json& json) {
  if (json.is_null()) return PartialShape::unknown_rank();
  std::vector<Dimension> dims;
  for (const Json& entry : json.get_ref<const Json::array_t&>()) {
    if (entry.is_number()) {
      dims.emplace_back(size_from(entry));
      continue;
    }
    Dimension dim(entry.contains("min") ? size_from(entry["min"]) : 0,
                  entry.contains("max") ? size_from(entry["max"]) : Dimension::unbounded);
    if (dim.min > dim.max)
      throw InputError(fmt::format("a dimension's min, {}, is above its max, {}", dim.min, dim.max));
    dim.name = entry.value("name", "");
    dims.push_back(std::move(dim));
  }
  return PartialShape(std::move(dims));
}

Json to_json(const TensorInfo& info) {
  return {{"name", info.name},
          {"dtype", info.dtype ? Json(std::string(to_string(*info.dtype))) : Json()},
          {"shape", to_json(info.shape)}};
}

TensorInfo info_from(const Json& json) {
  TensorInfo info;
  info.name = json.at("name").get<std::string>();
  if (const Json& dtype = json.at("dtype"); !dtype.is_null()) {
    info.dtype = parse_data_type(dtype.get<std::string>());
    if (!info.dtype)
      throw InputError(
          fmt::format("the description names an unknown data type '{}'", dtype.get<std::string>()));
  }
  info.shape = shape_from(json.at("shape"));
  return info;
}

template <class Infos>
Json list_to_json(const Infos& infos) {
  Json list = Json::array();
  for (const TensorInfo& info : infos) list.push_back(to_json(info));
  return list;
}

std::vector<TensorInfo> list_from(const Json& json) {
  std::vector<TensorInfo> infos;
  for (const Json& entry : json.get_ref<const Json::array_t&>()) infos.push_back(info_from(entry));
  return infos;
}

// The texts of EngineInfo and EngineLayer, by their keys.
template <class Info, class Visitor>
void for_each_text(Info& info, Visitor&& visit) {
  visit("name", info.name);
  visit("backend", info.backend);
  visit("backend_version", info.backend_version);
  visit("device", info.device);
  visit("device_name", info.device_name);
  visit("instruction_set", info.instruction_set);
  visit("precision_asked", info.precision_asked);
  visit("precision_hint", info.precision_hint);
  visit("precision_run", info.precision_run);
  visit("model_name", info.model_name);
  visit("model_hash", info.model_hash);
}

template <class Layer, class Visitor>
void for_each_layer_text(Layer& layer, Visitor&& visit) {
  visit("name", layer.name);
  visit("type", layer.type);
  visit("precision", layer.precision);
  visit("kernel", layer.kernel);
}

}  // namespace

std::string engine_info_to_json(const EngineInfo& info, bool pretty) {
  Json json;
  for_each_text(info, [&](const char* key, const std::string& text) { json[key] = text; });
  json["properties"] = info.properties;
  json["inputs"] = list_to_json(info.inputs);
  json["outputs"] = list_to_json(info.outputs);
  json["layers"] = Json::array();
  for (const EngineLayer& layer : info.layers) {
    Json entry;
    for_each_layer_text(layer, [&](const char* key, const std::string& text) { entry[key] = text; });
    entry["onnx_nodes"] = layer.onnx_nodes;
    entry["inputs"] = list_to_json(layer.inputs);
    entry["outputs"] = list_to_json(layer.outputs);
    json["layers"].push_back(std::move(entry));
  }
  return json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

EngineInfo engine_info_from_json(std::string_view text) try {
  const Json json = Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
    if (depth > max_depth)
      throw InputError(fmt::format("the description is nested deeper than {} levels", max_depth));
    return true;
  });
  EngineInfo info;
  for_each_text(info, [&](const char* key, std::string& value) { value = json.at(key).get<std::string>(); });
  info.properties = json.at("properties").get<std::map<std::string, std::string>>();
  info.inputs = TensorMetadata(list_from(json.at("inputs")));
  info.outputs = TensorMetadata(list_from(json.at("outputs")));
  for (const Json& entry : json.at("layers").get_ref<const Json::array_t&>()) {
    EngineLayer layer;
    for_each_layer_text(
        layer, [&](const char* key, std::string& value) { value = entry.at(key).get<std::string>(); });
    layer.onnx_nodes = entry.at("onnx_nodes").get<std::vector<std::string>>();
    layer.inputs = list_from(entry.at("inputs"));
    layer.outputs = list_from(entry.at("outputs"));
    info.layers.push_back(std::move(layer));
  }
  return info;
} catch (const nlohmann::json::parse_error& error) {  // whose text holds bytes of the description
  throw InputError(fmt::format("the description is not JSON (wrong at byte {})", error.byte));
} catch (const nlohmann::json::exception& error) {
  throw InputError(fmt::format("the description is not what it should be ({})", error.what()));
}

}  // namespace polygraph
