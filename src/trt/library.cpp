#include "trt/library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <cstdlib>
#include <map>
#include <system_error>

#include "core/find_library.h"
#include "core/log_format.h"
#include "trt/messages.h"
#include "trt/versions/library.h"
#include "trt/versions/run.h"

namespace polygraph::trt {

namespace fs = std::filesystem;

namespace {

#ifndef POLYGRAPH_TENSORRT_FOLDER
#define POLYGRAPH_TENSORRT_FOLDER ""
#endif

constexpr bool rtx = flavour == Flavour::tensorrt_rtx;
constexpr const char* variable_name = rtx ? "POLYGRAPH_TENSORRT_RTX" : "POLYGRAPH_TENSORRT";
constexpr std::string_view library_file = rtx ? "libtensorrt_rtx.so" : "libnvinfer.so";
constexpr std::string_view plugin_file = "libnvinfer_plugin.so";
constexpr std::string_view parser_file = rtx ? "libtensorrt_onnxparser_rtx.so" : "libnvonnxparser.so";

// Any version of the library, or those that the headers' major version fits.
LibraryNames library_names(std::string_view file) {
  if constexpr (rtx) return {file, {"tensorrt_rtx_libs"}, {}, POLYGRAPH_TENSORRT_FOLDER};
  return {file, {"tensorrt_libs", "tensorrt"}, {}, {}};
}

std::string fitting_file() {
  return fmt::format("{}.{}", library_file, library_major);
}

std::string how_to_install() {
  const std::string package = rtx ? "tensorrt-rtx-cu13-libs==1.6.1.120"
                                  : fmt::format("tensorrt=={}.{}.*", NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR);
  return fmt::format("Install it ('pip install {}'), or name the library: {}=/path/to/{}.", package,
                     variable_name, fitting_file());
}

[[noreturn]] void fail_not_found(std::string_view what, const std::vector<std::string>& searched) {
  throw BackendError(
      fmt::format("{} was not found{}. Looked in: {}.", flavour_name, what, fmt::join(searched, ", ")),
      how_to_install());
}

// The file to load: what was asked for, what was found, or nothing: the dynamic linker may know it.
fs::path locate(const fs::path& asked) {
  const char* variable = std::getenv(variable_name);  // NOLINT(concurrency-mt-unsafe): nobody here sets it
  const fs::path named = !asked.empty() ? asked : variable ? fs::path(variable) : fs::path();
  const std::string fitting = fitting_file();
  if (named.empty()) {
    if (fs::path found = find_library(library_names(fitting)).path; !found.empty()) return found;
    return find_library(library_names(library_file)).path;  // whose version is then refused, by name
  }
  if (fs::path found = library_at(named, library_names(fitting)).path; !found.empty()) return found;
  const FoundLibrary found = library_at(named, library_names(library_file));
  if (found.path.empty())
    fail_not_found(fmt::format(": {} '{}' is neither its library nor a folder with it",
                               asked.empty() ? variable_name : "the path", named.native()),
                   found.searched);
  return found.path;
}

void* open_library(fs::path& path) {
  if (!path.empty()) return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  path = fitting_file();
  if (void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  std::vector<std::string> searched = find_library(library_names(library_file)).searched;
  searched.push_back(fmt::format("the dynamic linker's path ({})", path.native()));
  fail_not_found("", searched);
}

[[noreturn]] void fail_to_open(const fs::path& path) {
  const char* reason = dlerror();  // NOLINT(concurrency-mt-unsafe): under a lock
  throw BackendError(fmt::format("Cannot load '{}': {}.", path.native(), reason ? reason : "unknown reason"),
                     how_to_install());
}

void check_version(const fs::path& path, int number) {
  if (number >= fitting_versions.first && number <= fitting_versions.last) return;
  throw BackendError(
      fmt::format("'{}' is {}, and this backend was compiled for {} to {}: calling it would crash.",
                  path.native(), describe_version(number), describe_version(fitting_versions.first),
                  version_text(fitting_versions.last)),
      rtx ? how_to_install()
          : how_to_install() +
                " Or compile Polygraph with the headers of that version "
                "(CMake's TensorRT_INCLUDE_DIR).");
}

}  // namespace

std::string version_text(int number) {
  return number < 10000 ? fmt::format("{}.{}.{}", number / 1000, number / 100 % 10, number % 100)
                        : fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::string describe_version(int number) {
  const bool is_rtx = number >= 10000 && number < 20000;
  return fmt::format("{} {}", is_rtx ? "TensorRT-RTX" : "TensorRT", version_text(number));
}

Library::Library(const fs::path& asked) {
  // By the file, since a library may be found in several ways. Never destroyed: see `state_`.
  static auto* const loaded = new std::map<fs::path, const State*>;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);

  fs::path path = locate(asked);
  std::error_code error;
  if (const fs::path real = path.empty() ? path : fs::canonical(path, error); !error) path = real;
  const fs::path key = path;
  if (const auto known = loaded->find(key); known != loaded->end()) {
    state_ = known->second;
    return;
  }
  void* const handle = open_library(path);
  if (handle == nullptr) fail_to_open(path);
  const auto get_version = reinterpret_cast<int (*)()>(dlsym(handle, "getInferLibVersion"));
  if (get_version == nullptr)
    throw BackendError(
        fmt::format("'{}' is not {}: it lacks getInferLibVersion().", path.native(), flavour_name),
        how_to_install());
  const int number = get_version();
  check_version(path, number);
  auto state = std::make_unique<State>();
  state->path = path;
  state->number = number;
  state->version = version_text(number);
  state->handle = handle;
  log_verbose("Loaded {} {} from '{}'", flavour_name, state->version, path.native());
  state_ = loaded->emplace(key, state.release()).first->second;
}

const std::string& Library::version() const {
  return state_->version;
}
int Library::version_number() const {
  return state_->number;
}
const fs::path& Library::path() const {
  return state_->path;
}

void* Library::State::function(const char* name) const {
  void* const found = dlsym(handle, name);
  if (found == nullptr)
    throw BackendError(fmt::format("'{}' is not {}: it lacks {}().", path.native(), flavour_name, name),
                       how_to_install());
  return found;
}

std::shared_ptr<nvinfer1::IBuilder> Library::State::make_builder() const {
  const auto make = reinterpret_cast<void* (*)(void*, int)>(function("createInferBuilder_INTERNAL"));
  EngineMessages messages;
  std::shared_ptr<nvinfer1::IBuilder> builder(
      static_cast<nvinfer1::IBuilder*>(make(&logger(), NV_TENSORRT_VERSION)));
  if (!builder)
    messages.fail<BackendError>(
        fmt::format("{} {} cannot make a builder.", flavour_name, version),
        "TensorRT builds only where it finds a GPU and its driver; TensorRT-RTX builds "
        "anywhere.");
  return builder;
}

std::shared_ptr<nvinfer1::IRuntime> Library::State::make_runtime() const {
  const auto make = reinterpret_cast<void* (*)(void*, int)>(function("createInferRuntime_INTERNAL"));
  EngineMessages messages;
  std::shared_ptr<nvinfer1::IRuntime> runtime(
      static_cast<nvinfer1::IRuntime*>(make(&logger(), NV_TENSORRT_VERSION)));
  if (!runtime)
    messages.fail<BackendError>(fmt::format("{} {} cannot make a runtime.", flavour_name, version),
                                "A GPU and its driver are needed: see what `nvidia-smi` says.");
  allow_host_code(*runtime);
  return runtime;
}

void* Library::State::parser() const {
  const std::lock_guard lock(mutex_);
  if (parser_ != nullptr) return parser_;
  const std::string fitting = fmt::format("{}.{}", parser_file, library_major);
  fs::path file = newest_library_in(path.parent_path(), fitting);
  if (file.empty()) file = newest_library_in(path.parent_path(), parser_file);
  if (file.empty()) file = fitting;
  parser_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (parser_ == nullptr) fail_to_open(file);
  log_verbose("Loaded the ONNX parser of {} from '{}'", flavour_name, file.native());
  return parser_;
}

nvinfer1::IPluginRegistry& Library::State::plugin_registry() const {
  return *reinterpret_cast<nvinfer1::IPluginRegistry* (*)()>(function("getPluginRegistry"))();
}

bool Library::State::register_own_plugins() const {
  const std::lock_guard lock(mutex_);
  if (rtx || looked_for_plugins_) return false;
  looked_for_plugins_ = true;
  const std::string fitting = fmt::format("{}.{}", plugin_file, library_major);
  fs::path file = newest_library_in(path.parent_path(), fitting);
  if (file.empty()) file = fitting;
  void* const opened = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto init =
      opened != nullptr
          ? reinterpret_cast<bool (*)(void*, const char*)>(dlsym(opened, "initLibNvInferPlugins"))
          : nullptr;
  if (init != nullptr && init(&logger(), "")) {
    log_verbose("Registered TensorRT's own plugins from '{}'", file.native());
    return true;
  }
  const char* const reason = dlerror();  // NOLINT(concurrency-mt-unsafe): under a lock
  log_verbose("TensorRT's own plugins are not there: {}", reason != nullptr ? reason : "they do not start");
  return false;
}

std::shared_ptr<nvonnxparser::IParser> Library::State::make_parser(
    nvinfer1::INetworkDefinition& network) const {
  register_own_plugins();
  const auto make =
      reinterpret_cast<void* (*)(void*, void*, int)>(dlsym(parser(), "createNvOnnxParser_INTERNAL"));
  if (make == nullptr)
    throw BackendError(
        fmt::format("The ONNX parser beside '{}' lacks createNvOnnxParser_INTERNAL().", path.native()),
        how_to_install());
  EngineMessages messages;
  std::shared_ptr<nvonnxparser::IParser> made(
      static_cast<nvonnxparser::IParser*>(make(&network, &logger(), NV_ONNX_PARSER_VERSION)));
  if (!made)
    messages.fail<BackendError>(fmt::format("{} {} cannot make an ONNX parser.", flavour_name, version),
                                "The parser and the library must be of one version.");
  return made;
}

}  // namespace polygraph::trt
