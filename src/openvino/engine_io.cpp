#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/openvino/loaders.h>

#include "core/log_format.h"
#include "openvino/engine.h"
#include "openvino/properties.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

constexpr std::string_view build_again =
    "Build the engine again from its model, on this machine and with this version.";

// What must be the same here as where the engine was built.
void check_fits(const EngineInfo& info, const std::string& name) {
  if (info.backend != "OpenVINO")
    throw InputError(
        fmt::format("Loading the engine '{}': it was built by {}, and this is OpenVINO.", name, info.backend),
        "Load it with the backend that built it.");
  const std::string version = ov::get_openvino_version().buildNumber;
  if (info.backend_version != version)
    throw InputError(fmt::format("Loading the engine '{}': it was built by OpenVINO {}, and this is OpenVINO "
                                 "{}, which cannot read "
                                 "it.",
                                 name, info.backend_version, version),
                     std::string(build_again));
  const std::string here = cpu_instruction_set();
  if (info.instruction_set != here)
    throw InputError(
        fmt::format(
            "Loading the engine '{}': it was built for a processor with {} ({}), and this one has {}.", name,
            info.instruction_set, info.device_name, here),
        std::string(build_again));
}

Engine load(const Bytes& bytes, const std::string& name, const Runtime& runtime) {
  EngineFile file = EngineFile::read(bytes, name);
  check_fits(file.info, name);
  file.verify(name);
  return calling_openvino<InputError>(
      fmt::format("Loading the engine '{}' with OpenVINO", name), std::string(build_again), [&] {
        const auto blob = file.blob.span();
        const ov::Tensor tensor(ov::element::u8, {blob.size()},
                                const_cast<std::byte*>(blob.data()));  // only read
        auto compiled = runtime.native().import_model(tensor, device, import_properties(file.info));
        log_verbose("Loaded the engine '{}': {} layers, which compute in {}", name, file.info.layers.size(),
                    file.info.precision_run);
        return Engine(std::make_shared<Engine::State>(
            Engine::State{runtime, bytes, std::move(file.info), std::move(compiled)}));
      });
}

// A function that writes the engine's blob, for write_engine_file and write_engine_bytes.
auto exporter(const Engine& engine) {
  return [&engine](std::ostream& stream) {
    if (!engine.serialized().empty()) {  // OpenVINO cannot export what it has imported
      const auto blob = EngineFile::read(engine.serialized(), "in memory").blob.span();
      stream.write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
      return;
    }
    calling_openvino("Serializing the engine", "", [&] {
      ov::CompiledModel compiled = engine.native();  // a handle; exporting is not const
      compiled.export_model(stream);
    });
  };
}

}  // namespace

EngineFromBytes::EngineFromBytes(Source<Bytes> serialized_engine, Source<Runtime> runtime)
    : serialized_engine_(std::move(serialized_engine)), runtime_(std::move(runtime)) {}

Engine EngineFromBytes::operator()() const {
  return load(serialized_engine_.get(), "in memory", runtime_.get());
}

std::string EngineFromBytes::str() const {
  return cpp_expression<1>("EngineFromBytes", serialized_engine_, runtime_);
}

EngineFromPath::EngineFromPath(std::filesystem::path path, Source<Runtime> runtime)
    : path_(std::move(path)), runtime_(std::move(runtime)) {}

Engine EngineFromPath::operator()() const {
  return load(bytes_from_path(path_), path_.string(), runtime_.get());
}

std::string EngineFromPath::str() const {
  return cpp_expression<1>("EngineFromPath", path_, runtime_);
}

BytesFromEngine::BytesFromEngine(Source<Engine> engine) : engine_(std::move(engine)) {}

Bytes BytesFromEngine::operator()() const {
  const Engine engine = engine_.get();
  return write_engine_bytes(engine.info(), exporter(engine));
}

std::string BytesFromEngine::str() const {
  return cpp_expression<1>("BytesFromEngine", engine_);
}

SaveEngine::SaveEngine(Source<Engine> engine, std::filesystem::path path)
    : engine_(std::move(engine)), path_(std::move(path)) {}

Engine SaveEngine::operator()() const {
  Engine engine = engine_.get();
  write_engine_file(engine.info(), path_, exporter(engine));
  log_info("Saved the engine to '{}'", path_.native());
  return engine;
}

std::string SaveEngine::str() const {
  return cpp_expression<2>("SaveEngine", engine_, path_);
}

}  // namespace polygraph::openvino
