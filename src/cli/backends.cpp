#include "cli/backends.h"

#include <dlfcn.h>
#include <polygraph/core/error.h>

#include <cstdlib>
#include <system_error>

namespace polygraph::cli {
namespace {

constexpr const char* entry_point = "polygraph_backend";
constexpr std::string_view known_backends[] = {"openvino"};

std::vector<std::filesystem::path> module_folders() {
  std::vector<std::filesystem::path> folders;
  if (const char* path = std::getenv("POLYGRAPH_BACKEND_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t end = rest.find(':');
      if (end != 0) folders.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path());
    folders.push_back(program.parent_path().parent_path() / "lib");
  }
  return folders;
}

// The module's file, or its bare name for the dynamic linker to look up.
std::filesystem::path locate(const std::string& file_name) {
  for (const auto& folder : module_folders()) {
    std::error_code error;
    if (std::filesystem::exists(folder / file_name, error)) return folder / file_name;
  }
  return file_name;
}

BackendInfo load(std::string_view name) {
  BackendInfo info;
  info.name = name;
  const std::string file_name = "libpolygraph-" + info.name + ".so";
  info.module = locate(file_name);
  // Never closed: engine libraries keep threads and memory until the process ends.
  void* module = dlopen(info.module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    const char* reason = dlerror();
    if (info.module.has_parent_path()) {
      info.problem =
          "Cannot load " + info.module.string() + ": " + (reason ? reason : "unknown reason") + ".";
      info.remedy = "Reinstall Polygraph with this backend, or repair the library that the message names.";
    } else {
      info.problem = "There is no " + file_name + ".";
      info.remedy = "Install Polygraph with the " + info.name +
                    " backend (CMake option POLYGRAPH_OPENVINO=ON), or add the module's folder to "
                    "POLYGRAPH_BACKEND_PATH.";
    }
    return info;
  }
  using EntryPoint = const Backend* (*)();
  const auto entry = reinterpret_cast<EntryPoint>(dlsym(module, entry_point));
  if (entry == nullptr) {
    info.problem = info.module.string() + " is not a Polygraph backend: it lacks " + entry_point + "().";
    info.remedy = "Reinstall Polygraph, or remove that file's folder from POLYGRAPH_BACKEND_PATH.";
    return info;
  }
  info.backend = entry();
  return info;
}

}  // namespace

std::vector<BackendInfo> find_backends() {
  std::vector<BackendInfo> backends;
  for (const std::string_view name : known_backends) backends.push_back(load(name));
  return backends;
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

}  // namespace polygraph::cli
