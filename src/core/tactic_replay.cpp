#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/tactic_replay.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/hexadecimal.h"

namespace polygraph {
namespace {

using Json = nlohmann::ordered_json;

// A tuple as Python prints it.
template <class T, class Print>
std::string tuple_text(const std::vector<T>& values, Print print) {
  std::string text;
  for (const T& value : values) text += (text.empty() ? "" : ", ") + print(value);
  return fmt::format("({}{})", text, values.size() == 1 ? "," : "");
}

std::string optional_text(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "None";
}

std::string tensors_text(const std::vector<AlgorithmIo>& tensors) {
  return tuple_text(tensors, [](const AlgorithmIo& tensor) { return tensor.str(); });
}

// Reads the parts of a replay; `where` is the part's place, for errors.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(fmt::format("'{}' is no tactic replay: {}.", name_, problem),
                     "Tactic replays are made by --save-tactics, here or by Polygraphy.");
  }

  TacticReplayData replay(const Json& json) const {
    check_type(json, "TacticReplayData", "the file");
    TacticReplayData data;
    const Json& layers = member(json, "replay", "the file");
    if (!layers.is_object()) fail("'replay' is no object");
    for (const auto& [layer, algorithm] : layers.items())
      data.add(layer, this->algorithm(algorithm, fmt::format("layer '{}'", layer)));
    if (const auto cache = json.find("timing_cache"); cache != json.end())
      data.set_timing_cache(bytes(*cache, "'timing_cache'"));
    return data;
  }

 private:
  static std::string legacy_key(std::string_view type) {
    return fmt::format("__polygraphy_encoded_{}", type);
  }

  // Older files have a key for the type instead of a value.
  void check_type(const Json& json, const char* type, const std::string& where) const {
    if (!json.is_object()) fail(where + " is no object");
    if (json.contains(legacy_key(type))) return;
    const auto found = json.find("polygraphy_class");
    if (found == json.end() || *found != type) fail(fmt::format("{} is not of the type {}", where, type));
  }

  const Json& member(const Json& json, const char* key, const std::string& where) const {
    const auto found = json.find(key);
    if (found == json.end()) fail(fmt::format("{} has no '{}'", where, key));
    return *found;
  }

  std::vector<std::byte> bytes(const Json& json, const std::string& where) const {
    const std::string digits = json.is_string() ? json.get<std::string>() : std::string();
    std::vector<std::byte> bytes(digits.size() / 2);
    if (bytes.empty() || !from_hexadecimal(digits, bytes)) fail(where + " is no text of hexadecimal digits");
    return bytes;
  }

  std::int64_t number(const Json& json, const std::string& where) const {
    const bool fits = json.is_number_integer() &&
                      (!json.is_number_unsigned() || json.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    if (!fits) fail(where + " is no whole number of 64 bits");
    return json.get<std::int64_t>();
  }

  std::optional<std::int64_t> optional_number(const Json& json, const std::string& where) const {
    if (json.is_null()) return std::nullopt;
    return number(json, where);
  }

  AlgorithmIo tensor(const Json& json, const std::string& where) const {
    check_type(json, "TensorInfo", where);
    AlgorithmIo tensor;
    const Json& dtype = member(json, "dtype", where);
    if (!dtype.is_string()) fail(where + ": 'dtype' is no text");
    tensor.dtype = dtype.get<std::string>();
    const Json& strides = member(json, "strides", where);
    if (!strides.is_array()) fail(where + ": 'strides' is no list");
    for (const Json& stride : strides) tensor.strides.push_back(number(stride, where + ": a stride"));
    tensor.vectorized_dim =
        optional_number(member(json, "vectorized_dim", where), where + ": 'vectorized_dim'");
    tensor.components_per_element =
        optional_number(member(json, "components_per_element", where), where + ": 'components_per_element'");
    return tensor;
  }

  std::vector<AlgorithmIo> tensors(const Json& json, const std::string& where) const {
    if (!json.is_array()) fail(where + " is no list");
    std::vector<AlgorithmIo> tensors;
    for (const Json& entry : json) tensors.push_back(tensor(entry, where));
    return tensors;
  }

  Algorithm algorithm(const Json& json, const std::string& where) const {
    check_type(json, "Algorithm", where);
    return {.implementation = number(member(json, "implementation", where), where + ": 'implementation'"),
            .tactic = number(member(json, "tactic", where), where + ": 'tactic'"),
            .inputs = tensors(member(json, "inputs", where), where + ": 'inputs'"),
            .outputs = tensors(member(json, "outputs", where), where + ": 'outputs'")};
  }

  std::string name_;
};

Json optional_json(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json();
}

Json tensors_json(const std::vector<AlgorithmIo>& tensors) {
  Json list = Json::array();
  for (const AlgorithmIo& tensor : tensors)
    list.push_back(Json{{"dtype", tensor.dtype},
                        {"strides", tensor.strides},
                        {"vectorized_dim", optional_json(tensor.vectorized_dim)},
                        {"components_per_element", optional_json(tensor.components_per_element)},
                        {"polygraphy_class", "TensorInfo"}});
  return list;
}

}  // namespace

std::string AlgorithmIo::str() const {
  return fmt::format("TensorInfo({}, {}, {}, {})", dtype,
                     tuple_text(strides, [](std::int64_t stride) { return std::to_string(stride); }),
                     optional_text(vectorized_dim), optional_text(components_per_element));
}

std::string Algorithm::str() const {
  return fmt::format("(Implementation: {}, Tactic: {}) | Inputs: {} | Outputs: {}", implementation, tactic,
                     tensors_text(inputs), tensors_text(outputs));
}

TacticReplayData TacticReplayData::load(const std::filesystem::path& path) {
  const MappedFile file(path);
  return from_json({reinterpret_cast<const char*>(file.bytes().data()), file.size()}, path.string());
}

TacticReplayData TacticReplayData::from_json(std::string_view text, const std::string& name) {
  const Reader reader(name);
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    reader.fail(fmt::format("it is no JSON ({})", error.what()));
  }
  return reader.replay(json);
}

std::string TacticReplayData::to_json() const {
  Json layers = Json::object();
  for (const auto& [name, algorithm] : entries_)
    layers[name] = Json{{"implementation", algorithm.implementation},
                        {"tactic", algorithm.tactic},
                        {"inputs", tensors_json(algorithm.inputs)},
                        {"outputs", tensors_json(algorithm.outputs)},
                        {"polygraphy_class", "Algorithm"}};
  Json json{{"replay", std::move(layers)}};
  if (!timing_cache_.empty()) json["timing_cache"] = to_hexadecimal(timing_cache_);
  json["polygraphy_class"] = "TacticReplayData";
  return json.dump(4, ' ', true, Json::error_handler_t::replace);
}

void TacticReplayData::save(const std::filesystem::path& path) const {
  write_file(path, to_json());
}

TacticReplayData& TacticReplayData::add(std::string name, Algorithm algorithm) {
  const auto found = std::ranges::find(entries_, name, &std::pair<std::string, Algorithm>::first);
  if (found == entries_.end())
    entries_.emplace_back(std::move(name), std::move(algorithm));
  else
    found->second = std::move(algorithm);
  return *this;
}

TacticReplayData& TacticReplayData::set_timing_cache(std::vector<std::byte> bytes) {
  timing_cache_ = std::move(bytes);
  return *this;
}

const Algorithm* TacticReplayData::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &std::pair<std::string, Algorithm>::first);
  return found == entries_.end() ? nullptr : &found->second;
}

std::string TacticReplayData::str() const {
  std::string text;
  for (const auto& [name, algorithm] : entries_)
    text += fmt::format("{}Layer: {}\n    Algorithm: {}", text.empty() ? "" : "\n", name, algorithm.str());
  return text;
}

}  // namespace polygraph
