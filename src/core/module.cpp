#include <dlfcn.h>
#include <polygraph/core/module.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "core/own_library.h"

namespace polygraph {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> module_folders() {
  std::vector<fs::path> folders;
  const auto add = [&](const fs::path& folder) {
    if (!folder.empty() && std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
  };
  if (const char* path = std::getenv("POLYGRAPH_BACKEND_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t end = rest.find(':');
      add(fs::path(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  add(own_library().parent_path());
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    add(program.parent_path());
    add(program.parent_path().parent_path() / "lib");
  }
  return folders;
}

}  // namespace

LoadedModule load_module(const std::string& file_name, const char* entry) {
  using Failure = LoadedModule::Failure;
  LoadedModule result;
  result.searched = module_folders();
  const auto holder = std::ranges::find_if(result.searched, [&](const fs::path& folder) {
    std::error_code error;
    return fs::exists(folder / file_name, error);
  });
  const bool found = holder != result.searched.end();
  result.path = found ? *holder / file_name : fs::path(file_name);  // a bare name: the dynamic linker looks

  // Never closed: engine libraries keep threads and memory until the process ends.
  void* module = dlopen(result.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    const char* reason = dlerror();
    result.failure = found ? Failure::broken : Failure::missing;
    result.problem =
        found ? "Cannot load " + result.path.string() + ": " + (reason ? reason : "unknown reason") + "."
              : "There is no " + file_name + ".";
    return result;
  }
  result.entry = dlsym(module, entry);
  if (result.entry == nullptr) {
    result.failure = Failure::foreign;
    result.problem = result.path.string() + " is not what its name says: it lacks " + entry + "().";
  }
  return result;
}

}  // namespace polygraph
