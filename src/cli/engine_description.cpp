#include "cli/engine_description.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/compare/statistics.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "cli/indented_text.h"
#include "cli/text.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;

std::set<std::string, std::less<>> tensor_names(const EngineDescription& engine) {
  std::set<std::string, std::less<>> names;
  for (const DescribedLayer& layer : engine.layers)
    for (const auto* tensors : {&layer.inputs, &layer.outputs})
      for (const TensorInfo& tensor : *tensors) names.insert(tensor.name);
  return names;
}

// Text

// `x [dtype=float32, shape=(1, 3), Format: ...]`.
std::string with_details(const TensorInfo& tensor, const std::vector<std::string>& details) {
  std::string text = tensor.str();
  if (details.empty()) return text;
  if (tensor.dtype || tensor.shape.has_rank()) {
    text.pop_back();
    return fmt::format("{}, {}]", text, fmt::join(details, ", "));
  }
  return fmt::format("{} [{}]", text, fmt::join(details, ", "));
}

std::string block(const std::vector<std::string>& tensors) {
  return fmt::format("{{{}}}", fmt::join(tensors, ",\n "));
}

std::string with_details(const DescribedTensor& tensor) {
  std::vector<std::string> details;
  if (!tensor.format.empty()) details.push_back("Format: " + tensor.format);
  if (tensor.on_host) details.emplace_back("Location: Host");
  if (!tensor.aliased_input.empty()) details.push_back("Memory of: " + tensor.aliased_input);
  return with_details(static_cast<const TensorInfo&>(tensor), details);
}

void add_tensors(IndentedText& text, const EngineDescription& engine, bool inputs) {
  std::vector<std::string> tensors;
  for (const DescribedTensor& tensor : engine.tensors)
    if (tensor.is_input == inputs) tensors.push_back(with_details(tensor));
  text << fmt::format("---- {} Engine {}(s) ----\n", tensors.size(), inputs ? "Input" : "Output")
       << block(tensors) << "\n\n";
}

void add_memory(IndentedText& text, const EngineDescription& engine) {
  text << fmt::format("---- Memory ----\nDevice Memory: {} bytes\n", engine.device_memory);
  if (engine.profile_memory.size() > 1)
    for (std::size_t i = 0; i < engine.profile_memory.size(); ++i)
      text << fmt::format("Device Memory, Profile {}: {} bytes\n", i, engine.profile_memory[i]);
  for (const auto& [what, bytes] : {std::pair{"Weights", engine.weights},
                                    {"Stripped Weights", engine.stripped_weights},
                                    {"Streamable Weights", engine.streamable_weights}})
    if (bytes) text << fmt::format("{}: {} bytes\n", what, *bytes);
  text << "\n";
}

void add_build(IndentedText& text, const EngineDescription& engine, std::string_view build) {
  text << "---- Build ----\n" << build << "\n";
  text << fmt::format("Loaded by: {} {}\n", engine.backend, engine.backend_version);
  text << fmt::format("Capability: {} | Profiling Verbosity: {}", engine.engine_capability,
                      engine.profiling_verbosity);
  if (!engine.hardware_compatibility.empty())
    text << " | Hardware Compatibility: " << engine.hardware_compatibility;
  if (engine.strongly_typed) text << " | Strongly Typed: " << (*engine.strongly_typed ? "yes" : "no");
  if (engine.aux_streams) text << fmt::format(" | Auxiliary Streams: {}", *engine.aux_streams);
  text << "\n\n";
}

std::string range_text(const DescribedTensor& tensor, const ShapeRange* range) {
  if (range == nullptr) return "Shape: " + tensor.shape.str();
  if (tensor.on_host && range->min.rank() == 0) return "Values: any";
  return fmt::format("{}: min={}, opt={}, max={}", tensor.on_host ? "Values" : "Shapes", range->min.str(),
                     range->opt.str(), range->max.str());
}

void add_profile(IndentedText& text, const EngineDescription& engine, std::size_t profile) {
  std::size_t width = 0;
  for (const DescribedTensor& tensor : engine.tensors) width = std::max(width, tensor.name.size());
  text << fmt::format("- Profile: {}\n", profile);
  text.begin_block();
  auto range = engine.profiles[profile].begin();
  for (std::size_t i = 0; i < engine.tensors.size(); ++i) {
    const DescribedTensor& tensor = engine.tensors[i];
    text << fmt::format("Tensor: {:<{}}{:>17}, Index: {} | {}\n", tensor.name, width,
                        tensor.is_input ? "(Input)" : "(Output)", i,
                        range_text(tensor, tensor.is_input ? &*range++ : nullptr));
  }
  text.end_block();
  text << "\n\n";
}

std::string tensors_text(const std::vector<TensorInfo>& tensors, const std::vector<std::string>& formats,
                         const TensorNotes& notes) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::vector<std::string> details;
    if (!formats[i].empty()) details.push_back("Format: " + formats[i]);
    if (const auto note = notes.find(tensors[i].name); note != notes.end())
      details.push_back(fmt::format("min={:.2f}, max={:.2f}, avg={:.2f}", note->second.min, note->second.max,
                                    note->second.mean));
    texts.push_back(with_details(tensors[i], details));
  }
  return block(texts);
}

// TensorRT describes every constant of a layer in one attribute.
std::string shortened(const std::string& value) {
  std::size_t end = 300;
  if (value.size() <= end) return value;
  while ((static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;  // not amid a character
  return fmt::format("{}... ({} bytes; --json has all)", value.substr(0, end), value.size());
}

std::vector<std::pair<std::string, std::string>> attributes_of(const DescribedLayer& layer) {
  std::vector<std::pair<std::string, std::string>> attributes;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) attributes.emplace_back(name, std::move(value));
  };
  add("Origin", layer.origin);
  add("Tactic", layer.tactic.empty() ? layer.kernel : layer.tactic);
  if (!layer.tactic.empty()) add("Kernel", layer.kernel);
  add("Precision", layer.precision);
  add("ONNX Nodes", join(layer.onnx_nodes, ", "));
  if (layer.stream) add("Stream", std::to_string(*layer.stream));
  for (const auto& [name, value] : layer.attributes) attributes.emplace_back(name, shortened(value));
  return attributes;
}

void add_layer(IndentedText& text, std::size_t index, const DescribedLayer& layer, const TensorNotes& notes,
               bool attributes) {
  text << fmt::format("Layer {:<4} | {}", index, layer.name);
  if (!layer.type.empty()) {
    text << " [Op: " << layer.type << "]\n";
    text.begin_block();
    text << tensors_text(layer.inputs, layer.input_formats, notes)
         << (layer.inputs.empty() ? " -> " : "\n -> ")
         << tensors_text(layer.outputs, layer.output_formats, notes);
    if (const auto all = attributes_of(layer); attributes && !all.empty()) {
      text << "\n---- Attributes ----";
      for (const auto& [name, value] : all) text << "\n" << name << " = " << value;
    }
    text.end_block();
  }
}

// The layers of each profile, where they are told apart and there are equally many for each; else all.
std::vector<std::vector<const DescribedLayer*>> layers_by_profile(const EngineDescription& engine) {
  std::vector<std::vector<const DescribedLayer*>> profiles(std::max<std::size_t>(engine.profiles.size(), 1));
  std::vector<const DescribedLayer*> all;
  for (const DescribedLayer& layer : engine.layers) {
    all.push_back(&layer);
    const auto profile = static_cast<std::size_t>(layer.profile);
    if (profile < profiles.size()) profiles[profile].push_back(&layer);
  }
  const auto as_many = [&](const auto& layers) { return layers.size() * profiles.size() == all.size(); };
  if (!all.empty() && std::ranges::all_of(profiles, as_many)) return profiles;
  return {std::move(all)};
}

void add_layers(IndentedText& text, const EngineDescription& engine, const TensorNotes& notes,
                const InspectOptions& options) {
  const auto profiles = layers_by_profile(engine);
  const bool several = profiles.size() > 1;
  text << fmt::format("---- {} Layer(s){} ----\n", engine.layer_count / profiles.size(),
                      several ? " Per Profile" : "");
  if (!options.show_layers) return;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (several) text << fmt::format("- Profile: {}\n", i);
    for (std::size_t k = 0; k < profiles[i].size(); ++k) {
      if (several) text.begin_block();
      add_layer(text, k, *profiles[i][k], notes, options.show_attrs);
      if (several) text.end_block();
      text << "\n\n";
    }
  }
}

void warn_of_what_is_not_shown(const EngineDescription& engine, const InspectOptions& options) {
  if (options.show_weights) log_warning("An engine's weights are compiled into it and cannot be shown");
  if (options.show_layers && engine.profiling_verbosity != "detailed")
    log_warning(
        "The engine was built with the profiling verbosity {}: of its layers {} can be told. Build it with "
        "--profiling-verbosity detailed",
        engine.profiling_verbosity, engine.layers.empty() ? "only the number" : "the names alone");
}

// JSON

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json shape_json(const PartialShape& shape) {
  if (!shape.has_rank()) return nullptr;
  Json dims = Json::array();
  for (const Dimension& dim : shape.dims()) dims.push_back(dim.is_static() ? Json(dim.min) : Json());
  return dims;
}

Json tensor_json(const TensorInfo& tensor, const std::string& format) {
  return {{"name", tensor.name},
          {"dtype", tensor.dtype ? Json(to_string(*tensor.dtype)) : Json()},
          {"shape", shape_json(tensor.shape)},
          {"format", text_or_null(format)}};
}

Json border_json(const EngineDescription& engine, bool inputs) {
  Json list = Json::array();
  for (std::size_t i = 0; i < engine.tensors.size(); ++i) {
    const DescribedTensor& tensor = engine.tensors[i];
    if (tensor.is_input != inputs) continue;
    Json json = tensor_json(tensor, tensor.format);
    json["index"] = i;
    json["on_host"] = tensor.on_host;
    if (!inputs) json["aliased_input"] = text_or_null(tensor.aliased_input);
    list.push_back(std::move(json));
  }
  return list;
}

Json profiles_json(const EngineDescription& engine) {
  Json profiles = Json::array();
  for (const std::vector<ShapeRange>& ranges : engine.profiles) {
    Json& inputs = profiles.emplace_back(Json::array());
    auto range = ranges.begin();
    for (const DescribedTensor& tensor : engine.tensors) {
      if (!tensor.is_input) continue;
      inputs.push_back({{"input", tensor.name},
                        {"of", tensor.on_host ? "values" : "shape"},
                        {"min", range->min.dims()},
                        {"opt", range->opt.dims()},
                        {"max", range->max.dims()}});
      ++range;
    }
  }
  return profiles;
}

Json tensors_json(const std::vector<TensorInfo>& tensors, const std::vector<std::string>& formats,
                  const TensorNotes& notes) {
  Json list = Json::array();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Json& json = list.emplace_back(tensor_json(tensors[i], formats[i]));
    if (const auto note = notes.find(tensors[i].name); note != notes.end()) {
      json["min"] = note->second.min;
      json["max"] = note->second.max;
      json["mean"] = note->second.mean;
    }
  }
  return list;
}

Json layer_json(const DescribedLayer& layer, const TensorNotes& notes) {
  Json attributes = Json::object();
  for (const auto& [name, value] : layer.attributes) attributes[name] = value;
  return {{"name", layer.name},
          {"type", layer.type},
          {"precision", layer.precision},
          {"kernel", layer.kernel},
          {"tactic", layer.tactic},
          {"origin", layer.origin},
          {"profile", layer.profile},
          {"stream", or_null(layer.stream)},
          {"onnx_nodes", layer.onnx_nodes},
          {"inputs", tensors_json(layer.inputs, layer.input_formats, notes)},
          {"outputs", tensors_json(layer.outputs, layer.output_formats, notes)},
          {"attributes", std::move(attributes)}};
}

}  // namespace

TensorNotes read_tensor_notes(const std::filesystem::path& results, const EngineDescription& engine) {
  const auto reader = compare::results_reader({results});
  const std::optional<compare::RunResults> first = reader->next();
  TensorNotes notes;
  if (!first || first->empty()) {
    log_warning("'{}' has no outputs", results.string());
    return notes;
  }
  if (first->size() > 1 || reader->skip())
    log_warning("Of '{}' only the first runner and the first iteration are shown", results.string());
  const auto names = tensor_names(engine);
  for (const auto& [name, tensor] : (*first)[0].iterations.front().outputs) {
    if (!names.contains(name) || tensor.element_count() == 0 || tensor.dtype() == DataType::string) continue;
    const compare::TensorStatistics found = compare::statistics(tensor, {.distribution = false});
    notes[name] = {found.min, found.max, found.mean};
  }
  if (notes.empty())
    log_warning("No layer of the engine has a tensor of a name that '{}' has", results.string());
  return notes;
}

std::string engine_description_text(const EngineDescription& engine, std::string_view build,
                                    const TensorNotes& notes, const InspectOptions& options) {
  warn_of_what_is_not_shown(engine, options);
  IndentedText text(4096);
  text << "==== TensorRT Engine ====\n";
  text << fmt::format("Name: {} | {}Explicit Batch Engine\n\n", engine.name,
                      engine.refittable ? "Refittable " : "");
  add_tensors(text, engine, true);
  add_tensors(text, engine, false);
  add_memory(text, engine);
  add_build(text, engine, build);
  text << fmt::format("---- {} Profile(s) ({} Tensor(s) Each) ----\n", engine.profiles.size(),
                      engine.tensors.size());
  for (std::size_t i = 0; i < engine.profiles.size(); ++i) add_profile(text, engine, i);
  if (engine.profiles.empty()) text << "\n";
  add_layers(text, engine, notes, options);
  return text.finish();
}

nlohmann::ordered_json engine_description_json(const EngineDescription& engine, const TensorNotes& notes) {
  Json layers = Json::array();
  for (const DescribedLayer& layer : engine.layers) layers.push_back(layer_json(layer, notes));
  return {{"name", engine.name},
          {"loaded_by", fmt::format("{} {}", engine.backend, engine.backend_version)},
          {"refittable", engine.refittable},
          {"strongly_typed", or_null(engine.strongly_typed)},
          {"capability", engine.engine_capability},
          {"profiling_verbosity", engine.profiling_verbosity},
          {"hardware_compatibility", text_or_null(engine.hardware_compatibility)},
          {"aux_streams", or_null(engine.aux_streams)},
          {"inputs", border_json(engine, true)},
          {"outputs", border_json(engine, false)},
          {"device_memory", engine.device_memory},
          {"profile_memory", engine.profile_memory.empty() ? Json() : Json(engine.profile_memory)},
          {"weights", or_null(engine.weights)},
          {"stripped_weights", or_null(engine.stripped_weights)},
          {"streamable_weights", or_null(engine.streamable_weights)},
          {"profiles", profiles_json(engine)},
          {"layer_count", engine.layer_count},
          {"layers", std::move(layers)}};
}

}  // namespace polygraph::cli
