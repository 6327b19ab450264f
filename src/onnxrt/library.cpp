#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt/loaders.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <system_error>

#include "core/find_library.h"
#include "core/log_format.h"
#include "onnxrt/translate.h"

namespace polygraph::onnxrt {

namespace fs = std::filesystem;

struct Library::State {
  fs::path path;
  std::string version;
  int minor_version = 0;
  std::vector<std::string> providers;
  const OrtApi* api = nullptr;
  OrtEnv* env = nullptr;
};

namespace {

#ifndef POLYGRAPH_ONNXRUNTIME_FOLDER
#define POLYGRAPH_ONNXRUNTIME_FOLDER ""
#endif
constexpr int least_minor_version = 20;

const LibraryNames& library_names() {
  static const LibraryNames names{
      "libonnxruntime.so", {"onnxruntime/capi"}, "polygraph/onnxruntime", POLYGRAPH_ONNXRUNTIME_FOLDER};
  return names;
}

constexpr std::string_view how_to_install =
    "Install it ('pip install onnxruntime'), or name the library: POLYGRAPH_ONNXRUNTIME=/path/to/"
    "libonnxruntime.so.";

// What ONNX Runtime logs. Its errors come back as the status of the failing call as well.
void forward_log(void*, OrtLoggingLevel severity, const char*, const char*, const char*,
                 const char* message) {
  const Severity as = severity == ORT_LOGGING_LEVEL_WARNING ? Severity::warning
                      : severity >= ORT_LOGGING_LEVEL_ERROR ? Severity::verbose
                      : severity == ORT_LOGGING_LEVEL_INFO  ? Severity::extra_verbose
                                                            : Severity::super_verbose;
  try {
    log_text(as, fmt::format("ONNX Runtime: {}", message));
  } catch (...) {  // NOLINT(bugprone-empty-catch): the caller is C
  }
}

[[noreturn]] void fail_not_found(const std::vector<std::string>& searched) {
  throw BackendError(fmt::format("ONNX Runtime was not found. Looked in: {}.", fmt::join(searched, ", ")),
                     std::string(how_to_install));
}

// The file to load: what was asked for, what was found, or a name for the dynamic linker.
fs::path locate(const fs::path& asked) {
  const char* variable = std::getenv("POLYGRAPH_ONNXRUNTIME");  // NOLINT(concurrency-mt-unsafe)
  const fs::path named = !asked.empty() ? asked : variable ? fs::path(variable) : fs::path();
  if (named.empty()) return find_library(library_names()).path;
  const FoundLibrary found = library_at(named, library_names());
  if (found.path.empty())
    throw BackendError(fmt::format("ONNX Runtime was not found: {} '{}' is neither its library nor a folder "
                                   "with it. Looked in: {}.",
                                   asked.empty() ? "POLYGRAPH_ONNXRUNTIME" : "the path", named.native(),
                                   fmt::join(found.searched, ", ")),
                       std::string(how_to_install));
  return found.path;
}

// As the dynamic linker finds it, by the names that distributions use.
void* open_by_name(fs::path& path) {
  for (const char* name : {"libonnxruntime.so.1", "libonnxruntime.so"})
    if (void* const handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
      path = name;
      return handle;
    }
  std::vector<std::string> searched = find_library(library_names()).searched;
  searched.emplace_back("the dynamic linker's path (libonnxruntime.so.1, libonnxruntime.so)");
  fail_not_found(searched);
}

// The minor version of "1.23.2"; -1 for another major version, which may have another table.
int minor_version_of(std::string_view version) {
  constexpr std::string_view major = "1.";
  int minor = 0;
  if (!version.starts_with(major)) return -1;
  version.remove_prefix(major.size());
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), minor);
  return error == std::errc() ? minor : -1;
}

// Its symbols are versioned and looked up here alone, so several versions may be in one process.
const OrtApiBase* api_base(void* handle, const fs::path& path) {
  using GetApiBase = const OrtApiBase* (*)();
  const auto get = reinterpret_cast<GetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get == nullptr)
    throw BackendError(fmt::format("'{}' is not ONNX Runtime: it lacks OrtGetApiBase().", path.native()),
                       std::string(how_to_install));
  return get();
}

std::vector<std::string> available_providers(const OrtApi& api) {
  char** names = nullptr;
  int count = 0;
  check_status(api, api.GetAvailableProviders(&names, &count), "Asking ONNX Runtime for its providers");
  std::vector<std::string> providers(names, names + count);
  check_status(api, api.ReleaseAvailableProviders(names, count), "Asking ONNX Runtime for its providers");
  return providers;
}

}  // namespace

Library::Library(const fs::path& asked) {
  // By the file, since a library may be found in several ways. Never destroyed: see `state_`.
  static auto* const loaded = new std::map<fs::path, const State*>;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);

  fs::path path = locate(asked);
  std::error_code error;
  if (const fs::path real = path.empty() ? path : fs::canonical(path, error); !error) path = real;
  if (const auto known = loaded->find(path); known != loaded->end()) {
    state_ = known->second;
    return;
  }
  const fs::path key = path;
  // Newer ones keep a database of events in the user's cache and send them.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 0);  // NOLINT(concurrency-mt-unsafe): before the library starts
  void* const handle = path.empty() ? open_by_name(path) : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();  // NOLINT(concurrency-mt-unsafe): under the lock
    throw BackendError(
        fmt::format("Cannot load '{}': {}.", path.native(), reason ? reason : "unknown reason"),
        std::string(how_to_install));
  }
  const OrtApiBase* const base = api_base(handle, path);
  auto state = std::make_unique<State>();
  state->path = path;
  state->version = base->GetVersionString();
  state->minor_version = minor_version_of(state->version);
  if (state->minor_version < least_minor_version)
    throw BackendError(fmt::format("'{}' is ONNX Runtime {}; Polygraph needs 1.{} or a later 1.x.",
                                   path.native(), state->version, least_minor_version),
                       std::string(how_to_install));
  state->api = base->GetApi(api_version);
  if (state->api == nullptr)
    throw BackendError(fmt::format("ONNX Runtime {} ('{}') does not offer version {} of its interface.",
                                   state->version, path.native(), api_version),
                       std::string(how_to_install));
  check_status(*state->api,
               state->api->CreateEnvWithCustomLogger(forward_log, nullptr, ORT_LOGGING_LEVEL_WARNING,
                                                     "polygraph", &state->env),
               "Starting ONNX Runtime");
  state->providers = available_providers(*state->api);
  log_verbose("Loaded ONNX Runtime {} from '{}'", state->version, path.native());
  state_ = loaded->emplace(key, state.release()).first->second;
}

const std::string& Library::version() const {
  return state_->version;
}
int Library::minor_version() const {
  return state_->minor_version;
}
const fs::path& Library::path() const {
  return state_->path;
}
const std::vector<std::string>& Library::providers() const {
  return state_->providers;
}
const OrtApi& Library::api() const {
  return *state_->api;
}
OrtEnv* Library::env() const {
  return state_->env;
}

std::string LoadLibrary::str() const {
  return path_.empty() ? "LoadLibrary()" : cpp_expression<1>("LoadLibrary", path_);
}

}  // namespace polygraph::onnxrt
