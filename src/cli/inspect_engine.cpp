#include "cli/inspect_engine.h"

#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/indented_text.h"
#include "cli/text.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

constexpr int measured_iterations = 10;

// One backend has a different name for users than for its own library: the module's name is the lower-case
// one.
std::string module_name(const EngineInfo& info) {
  std::string name = info.backend;
  for (char& c : name) c = to_lower(c);
  return name;
}

// Mean seconds of each layer, if the engine was built with profiling and can run here; else empty.
std::vector<double> measure(const std::filesystem::path& path, const EngineInfo& info) {
  const auto profiling = info.properties.find("PERF_COUNT");
  if (profiling == info.properties.end() || profiling->second != "YES") return {};
  try {
    return load_backend(module_name(info)).measure_layers(path, measured_iterations);
  } catch (const Error& error) {
    log_warning("The layers' times cannot be measured here: {}", error.what());
    return {};
  }
}

EngineFile read_engine(const MappedFile& file) {
  EngineFile engine = EngineFile::read(Bytes(file.bytes(), file.keep_alive()), file.path().string());
  engine.verify(file.path().string());
  return engine;
}

void add_tensors(IndentedText& text, const std::vector<TensorInfo>& tensors) {
  text << (tensors.empty() ? std::string("{}") : TensorMetadata(tensors).str());
}

void add_layer(IndentedText& text, std::size_t index, const EngineLayer& layer,
               const std::vector<double>& seconds) {
  text << fmt::format("Layer {:<4} | {} [Op: {}]\n", index, layer.name, layer.type);
  text.begin_block();
  add_tensors(text, layer.inputs);
  text << "\n -> ";
  add_tensors(text, layer.outputs);
  text << fmt::format("\nPrecision = {}", layer.precision);
  if (!layer.kernel.empty()) text << fmt::format(" | Kernel = {}", layer.kernel);
  if (!layer.onnx_nodes.empty()) text << fmt::format(" | From = {}", join(layer.onnx_nodes, ", "));
  if (!seconds.empty()) {
    if (std::isnan(seconds[index]))
      text << " | Time = not executed";
    else
      text << fmt::format(" | Time = {:.1f} us", seconds[index] * 1e6);
  }
  text.end_block();
  text << "\n\n";
}

void add_section(IndentedText& text, const std::string& title, const TensorMetadata& tensors) {
  text << fmt::format("---- {} {} ----\n", tensors.size(), title) << tensors.str() << "\n\n";
}

// Dimensions as in the JSON of ONNX models: a number, a name, or null if nothing is known; only those with a
// range are objects.
void simplify_shapes(nlohmann::ordered_json& tensors) {
  for (auto& tensor : tensors) {
    if (tensor["shape"].is_null()) continue;
    for (auto& dimension : tensor["shape"]) {
      if (!dimension.is_object()) continue;
      if (dimension.empty())
        dimension = nullptr;
      else if (dimension.size() == 1 && dimension.contains("name"))
        dimension = std::string(dimension["name"]);
    }
  }
}

}  // namespace

std::string engine_text(const MappedFile& file, const InspectOptions& options) {
  const EngineFile engine = read_engine(file);
  const EngineInfo& info = engine.info;
  const std::vector<double> seconds =
      options.show_layers ? measure(file.path(), info) : std::vector<double>();
  if (options.show_weights) log_warning("An engine's weights are compiled into it and cannot be shown");

  IndentedText text(4096);
  text << fmt::format("==== {} Engine ====\n", info.backend);
  text << fmt::format("Name: {} | {} {}\n\n", info.name, info.backend, info.backend_version);
  add_section(text, "Engine Input(s)", info.inputs);
  add_section(text, "Engine Output(s)", info.outputs);
  text << "---- Memory ----\n" << fmt::format("Engine: {} bytes\n\n", engine.blob.size());
  text << "---- Build ----\n";
  text << fmt::format("Device: {} ({}) | Instruction Set: {}\n", info.device, info.device_name,
                      info.instruction_set);
  text << fmt::format("Precision: {} | Allowed: {}\n", info.precision_run, info.precision_asked);
  if (!info.model_hash.empty())
    text << fmt::format("Source: {} (XXH3 {})\n",
                        info.model_name.empty() ? "bytes in memory" : info.model_name, info.model_hash);
  if (options.show_attrs)
    for (const auto& [name, value] : info.properties) text << fmt::format("{} = {}\n", name, value);
  text << fmt::format("\n---- {} Layer(s) ----\n", info.layers.size());
  if (options.show_layers)
    for (std::size_t i = 0; i < info.layers.size(); ++i) add_layer(text, i, info.layers[i], seconds);
  return text.finish();
}

std::string engine_json(const MappedFile& file, const InspectOptions& options) {
  using Json = nlohmann::ordered_json;
  const EngineFile engine = read_engine(file);
  Json json{{"format", "engine"}};
  json.update(Json::parse(engine_info_to_json(engine.info)));
  json["blob_size"] = engine.blob.size();
  for (const char* key : {"inputs", "outputs"}) simplify_shapes(json[key]);
  for (Json& layer : json["layers"])
    for (const char* key : {"inputs", "outputs"}) simplify_shapes(layer[key]);
  const std::vector<double> seconds =
      options.show_layers ? measure(file.path(), engine.info) : std::vector<double>();
  for (std::size_t i = 0; i < seconds.size(); ++i)
    json["layers"][i]["mean_seconds"] = std::isnan(seconds[i]) ? Json() : Json(seconds[i]);
  return json.dump(2) + "\n";
}

}  // namespace polygraph::cli
