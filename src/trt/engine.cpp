#include "trt/engine.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/trt/loaders.h>

#include <chrono>

#include "core/crash_note.h"
#include "core/log_format.h"
#include "core/plan.h"
#include "trt/build_config.h"
#include "trt/build_progress.h"
#include "trt/engine_layers.h"
#include "trt/failing_nodes.h"
#include "trt/library.h"
#include "trt/messages.h"
#include "trt/narrow_network.h"
#include "trt/network.h"
#include "trt/plugins.h"
#include "trt/remedies.h"
#include "trt/versions/run.h"

namespace polygraph::trt {

namespace {

std::string network_name(const Network& network) {
  if (!network.model_name().empty()) return network.model_name();
  const char* const name = network->getName();
  return name != nullptr ? name : "";
}

// Where types are part of the network, it is rewritten for as long as the result lives.
std::unique_ptr<NarrowNetwork> narrow(const Network& network, const BuildConfig& build) {
  if (!network.state().strongly_typed) return nullptr;
  if (!build.narrow_to && network.state().layer_precisions.empty()) return nullptr;
  auto narrowed = std::make_unique<NarrowNetwork>(network, build.narrow_to);
  if (const std::size_t layers = narrowed->narrowed() + narrowed->kept(); layers > 0)
    log_info("The network computes in narrower types in {} of {} layers", narrowed->narrowed(), layers);
  else
    log_info("No layer of the network computes in float32: there is nothing to narrow");
  return narrowed;
}

// What was built, and whether anything in it can show the types that were asked for: an identity computes
// nothing.
struct Built {
  Bytes plan;
  bool computes = true;
};

Built build_plan(const Network& network, const Config& config) {
  const std::string attempt = fmt::format("Building an engine from the network '{}' with {} {}",
                                          network_name(network), flavour_name, network.library().version());
  const auto started = std::chrono::steady_clock::now();
  log_start("Building an engine with {}",
            cpp_expression<0>("CreateConfig", config.options(), config.profiles(), config.calibrator()));
  EngineMessages messages;
  const BuildConfig build = make_build_config(network, config);
  const auto narrowed = narrow(network, build);
  std::shared_ptr<nvinfer1::IHostMemory> plan;
  {
    const BuildProgress progress(*build.config);
    plan.reset(network.builder().buildSerializedNetwork(*network, *build.config));
  }
  if (build.calibration) build.calibration->finish();
  if (build.tactics) build.tactics->finish(plan && plan->size() > 0);
  if (!plan || plan->size() == 0) {
    std::vector<std::string> lines = messages.take();
    if (is_cancelled(lines))
      throw BackendError(attempt + " was cancelled.", "The configuration's progress monitor asked for that.");
    const std::string remedy = build_remedy(lines);
    fail_naming_nodes(attempt + " failed.", remedy, std::move(lines), network.state().model.get(),
                      network.state().dump_failing_subgraph);
  }
  if (const std::string& path = config.options().save_timing_cache; !path.empty())
    save_timing_cache(build, path);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  log_finish("Finished building in {:.3f} s: {} bytes", seconds.count(), plan->size());
  return {Bytes({static_cast<const std::byte*>(plan->data()), plan->size()}, plan),
          !narrowed || narrowed->narrowed() > 0};
}

void check_plan(const Bytes& plan, const std::string& name) {
  const auto header = read_plan_header(plan.span());
  if (!header)
    throw InputError(fmt::format("{} is not a TensorRT engine (a plan).", name),
                     "Build one from the ONNX model: polygraph convert model.onnx -o model.plan.");
  if (header->rtx != (flavour == Flavour::tensorrt_rtx))
    throw InputError(fmt::format("{} was made by {}, and this is {}.", name, header->maker(), flavour_name),
                     header->rtx ? "Use it with --trt-rtx." : "Use it with --trt.");
  if (header->size > plan.size())
    throw InputError(fmt::format("{} is cut off: it has {} bytes, and its header says {}.", name, plan.size(),
                                 header->size),
                     "Copy or build it again.");
}

[[noreturn]] void fail_loading(const Bytes& plan, const Runtime& runtime, const std::string& name,
                               std::vector<std::string> lines) {
  const auto header = read_plan_header(plan.span());
  const std::string made_by =
      header->version.empty() ? "" : fmt::format(" (made by {} {})", flavour_name, header->version);
  std::string problem = fmt::format("Loading {}{} with {} {} failed.", name, made_by, flavour_name,
                                    runtime.library().version());
  std::string remedy =
      "An engine runs with the version of the library that made it, on the kind of GPU that it was built "
      "for, "
      "and needs a GPU and its driver to be loaded: see the messages, and what `nvidia-smi` says.";
  if (const std::vector<MissingPlugin> missing = missing_plugins(lines); !missing.empty()) {
    problem += " " + describe(missing);
    remedy = remedy_for(missing, registered_plugins(runtime.library().state().plugin_registry()));
  } else if (lacks_memory(lines)) {
    remedy = "End what else uses the GPU's memory, or build the engine with weight streaming.";
  } else if (lacks_driver(lines)) {
    remedy = "An engine needs a GPU and its driver to be loaded: see what `nvidia-smi` says.";
  }
  throw BackendError(problem, remedy, std::move(lines));
}

Engine load_plan(const Bytes& plan, const Runtime& runtime, const std::string& name, bool keep = true) {
  const CrashNote note(
      fmt::format("Loading {} crashed {} {}: most likely it is damaged.\n    Copy or build it again.", name,
                  flavour_name, runtime.library().version()));
  EngineMessages messages;
  std::shared_ptr<nvinfer1::ICudaEngine> engine(runtime->deserializeCudaEngine(plan.data(), plan.size()));
  if (!engine) {
    std::vector<std::string> lines = messages.take();
    // TensorRT's own plugins are many, and few engines use one.
    if (!missing_plugins(lines).empty() && runtime.library().state().register_own_plugins()) {
      engine.reset(runtime->deserializeCudaEngine(plan.data(), plan.size()));
      lines = messages.take();
    }
    if (!engine) fail_loading(plan, runtime, name, std::move(lines));
  }
  return Engine(std::make_shared<const Engine::State>(
      Engine::State{runtime, keep ? plan : Bytes(), std::move(engine)}));
}

}  // namespace

LoadRuntime::LoadRuntime(std::filesystem::path path, Source<Library> library)
    : path_(std::move(path)), library_(std::move(library)) {}

Runtime LoadRuntime::operator()() const {
  Runtime runtime(library_.get());
  if (path_.empty()) return runtime;
  MappedFile exists(path_);  // says clearly what is wrong with the path
  EngineMessages messages;
  std::shared_ptr<nvinfer1::IRuntime> lean(load_lean_runtime(runtime.native(), path_.c_str()));
  if (!lean)
    messages.fail<BackendError>(
        fmt::format("{} {} cannot load the runtime '{}'.", flavour_name, runtime.library().version(),
                    path_.native()),
        "It has to be a lean runtime (libnvinfer_lean.so) of the version that made the "
        "engine; TensorRT has them from 8.6 on.");
  allow_host_code(*lean);
  return Runtime(std::shared_ptr<nvinfer1::IRuntime>(lean.get(), [lean, runtime](auto*) {}),
                 runtime.library());
}

std::string LoadRuntime::str() const {
  return cpp_expression<0>("LoadRuntime", path_, library_);
}

EngineBytesFromNetwork::EngineBytesFromNetwork(Source<Network> network, Source<Config> config)
    : network_(std::move(network)), config_(std::move(config)) {}

Bytes EngineBytesFromNetwork::operator()() const {
  const Network network = network_.get();
  return build_plan(network, config_.get()).plan;
}

std::string EngineBytesFromNetwork::str() const {
  return cpp_expression<1>("EngineBytesFromNetwork", network_, config_);
}

EngineFromNetwork::EngineFromNetwork(Source<Network> network, Source<Config> config, Source<Runtime> runtime)
    : network_(std::move(network)), config_(std::move(config)), runtime_(std::move(runtime)) {}

Engine EngineFromNetwork::operator()() const {
  const Network network = network_.get();
  const Config config = config_.get();
  const Built built = build_plan(network, config);
  // The plan goes: it can be had of the engine again, and may be large.
  Engine engine =
      load_plan(built.plan, runtime_.get(), fmt::format("the engine of '{}'", network_name(network)), false);
  if (built.computes) check_precisions(engine, config.options(), network.state().strongly_typed);
  return engine;
}

std::string EngineFromNetwork::str() const {
  return cpp_expression<1>("EngineFromNetwork", network_, config_, runtime_);
}

EngineFromBytes::EngineFromBytes(Source<Bytes> serialized_engine, Source<Runtime> runtime)
    : serialized_engine_(std::move(serialized_engine)), runtime_(std::move(runtime)) {}

Engine EngineFromBytes::operator()() const {
  const Bytes plan = serialized_engine_.get();
  check_plan(plan, "The serialized engine");
  return load_plan(plan, runtime_.get(), "the serialized engine");
}

std::string EngineFromBytes::str() const {
  return cpp_expression<1>("EngineFromBytes", serialized_engine_, runtime_);
}

EngineFromPath::EngineFromPath(std::filesystem::path path, Source<Runtime> runtime)
    : path_(std::move(path)), runtime_(std::move(runtime)) {}

Engine EngineFromPath::operator()() const {
  const auto file = std::make_shared<MappedFile>(path_);
  const std::string name = fmt::format("'{}'", path_.native());
  const Bytes plan(file->bytes(), file);
  check_plan(plan, name);
  return load_plan(plan, runtime_.get(), name);
}

std::string EngineFromPath::str() const {
  return cpp_expression<1>("EngineFromPath", path_, runtime_);
}

BytesFromEngine::BytesFromEngine(Source<Engine> engine) : engine_(std::move(engine)) {}

Bytes BytesFromEngine::operator()() const {
  const Engine engine = engine_.get();
  return engine.serialized().empty() ? buffer_from_engine(engine) : engine.serialized();
}

std::string BytesFromEngine::str() const {
  return cpp_expression<1>("BytesFromEngine", engine_);
}

Bytes BufferFromEngine::operator()() const {
  const Engine engine = engine_.get();
  EngineMessages messages;
  const std::shared_ptr<nvinfer1::IHostMemory> plan(engine->serialize());
  if (!plan) messages.fail<BackendError>("Serializing the engine failed.", "See TensorRT's messages.");
  return Bytes({static_cast<const std::byte*>(plan->data()), plan->size()}, plan);
}

std::string BufferFromEngine::str() const {
  return cpp_expression<1>("BufferFromEngine", engine_);
}

SaveEngine::SaveEngine(Source<Engine> engine, std::filesystem::path path)
    : engine_(std::move(engine)), path_(std::move(path)) {}

Engine SaveEngine::operator()() const {
  Engine engine = engine_.get();
  const Bytes plan = bytes_from_engine(engine);
  AtomicFile file(path_);
  file.write(plan.span());
  file.commit();
  log_info("Saved the engine to '{}'", path_.native());
  return engine;
}

std::string SaveEngine::str() const {
  return cpp_expression<2>("SaveEngine", engine_, path_);
}

}  // namespace polygraph::trt
