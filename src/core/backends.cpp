#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>
#include <polygraph/core/module.h>

#include <utility>

namespace polygraph {
namespace {

constexpr const char* entry_point = "polygraph_backend";
constexpr std::string_view known_backends[] = {"openvino", "onnxrt", "trt", "trt-rtx"};

std::string how_to_build(std::string_view name) {
  if (name.starts_with("trt"))
    return "it is built where the headers of TensorRT and CUDA are found: CMake's TensorRT_INCLUDE_DIR, "
           "TensorRT_RTX_INCLUDE_DIR, CUDA_INCLUDE_DIR";
  return name == "openvino" ? "CMake option POLYGRAPH_OPENVINO=ON" : "it is part of every build";
}

BackendInfo load(std::string_view name) {
  BackendInfo info;
  info.name = name;
  const std::string file_name = "libpolygraph-" + info.name + ".so";
  LoadedModule module = load_module(file_name, entry_point);
  info.module = std::move(module.path);
  if (module.entry != nullptr) {
    using EntryPoint = const Backend* (*)();
    info.backend = reinterpret_cast<EntryPoint>(module.entry)();
    return info;
  }
  info.problem = std::move(module.problem);
  switch (module.failure) {
    case LoadedModule::Failure::missing:
      info.remedy = "Install Polygraph with the " + info.name + " backend (" + how_to_build(info.name) +
                    "), or add the module's folder to POLYGRAPH_BACKEND_PATH.";
      break;
    case LoadedModule::Failure::broken:
      info.remedy = "Reinstall Polygraph with this backend, or repair the library that the message names.";
      break;
    case LoadedModule::Failure::foreign:
      info.problem = info.module.string() + " is not a Polygraph backend: it lacks " + entry_point + "().";
      info.remedy = "Reinstall Polygraph, or remove that file's folder from POLYGRAPH_BACKEND_PATH.";
      break;
    case LoadedModule::Failure::none:
      break;
  }
  return info;
}

}  // namespace

std::vector<BackendInfo> find_backends() {
  std::vector<BackendInfo> backends;
  for (const std::string_view name : known_backends) backends.push_back(load(name));
  return backends;
}

std::shared_ptr<const onnx::Model> Backend::network(const ModelRequest&) const {
  throw BackendError(
      std::string(name()) + " shows no networks.",
      "TensorRT and TensorRT-RTX do; of an engine of OpenVINO, 'polygraph inspect model' shows the layers.");
}

Capability Backend::capability(const ModelRequest&, bool) const {
  throw BackendError(std::string(name()) + " does not tell which parts of a model it supports.",
                     "TensorRT and TensorRT-RTX do.");
}

EngineDescription Backend::describe(const DescriptionRequest&) const {
  throw BackendError(std::string(name()) + " describes no engines.",
                     "TensorRT and TensorRT-RTX do; what an engine of OpenVINO says stands in its header.");
}

const Backend& load_backend(std::string_view name) {
  std::vector<std::string> names;
  for (const std::string_view known : known_backends) {
    if (known != name) {
      names.emplace_back(known);
      continue;
    }
    const BackendInfo info = load(known);
    if (info.backend == nullptr) throw BackendError(info.problem, info.remedy);
    return *info.backend;
  }
  throw UsageError("There is no backend '" + std::string(name) + "'." + suggest(name, names));
}

}  // namespace polygraph
