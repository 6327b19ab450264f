#include "onnxrt/find_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace polygraph::onnxrt {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view file_name = "libonnxruntime.so";

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody here sets it
  return value ? value : "";
}

// The numbers of `libonnxruntime.so.1.20.1`; nullopt for other names.
std::optional<std::vector<int>> version_in(const std::string& name) {
  if (!name.starts_with(file_name)) return std::nullopt;
  std::vector<int> numbers;
  const char* at = name.data() + file_name.size();
  const char* const end = name.data() + name.size();
  while (at != end) {
    int number = 0;
    if (*at != '.') return std::nullopt;
    const auto [next, error] = std::from_chars(at + 1, end, number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    at = next;
  }
  return numbers;
}

// The newest library directly in a folder.
fs::path newest_in(const fs::path& folder) {
  fs::path best;
  std::vector<int> best_version;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto version = version_in(entry.path().filename().string());
    if (!version || !entry.is_regular_file(error)) continue;
    if (!best.empty() && *version <= best_version) continue;
    best = entry.path();
    best_version = *version;
  }
  return best;
}

// Folders of Python packages below a prefix, newest Python first.
std::vector<fs::path> package_folders(const fs::path& prefix) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(prefix / "lib", error)) {
    if (!entry.path().filename().string().starts_with("python3")) continue;
    for (const char* packages : {"site-packages", "dist-packages"})
      if (fs::is_directory(entry.path() / packages, error)) folders.push_back(entry.path() / packages);
  }
  std::ranges::sort(folders, std::ranges::greater());
  return folders;
}

// Below a prefix of Python: a virtual environment, `/usr`, ...
void search_prefix(const fs::path& prefix, FoundLibrary& result) {
  result.searched.push_back((prefix / "lib/python3*").string());
  for (const fs::path& packages : package_folders(prefix)) {
    result.path = newest_in(packages / "onnxruntime/capi");
    if (!result.path.empty()) return;
  }
}

// The prefix of the Python that pyenv's scripts start: PYENV_VERSION, or the first word of a file.
fs::path pyenv_prefix(const fs::path& root) {
  std::string version = variable("PYENV_VERSION");
  if (version.empty()) std::ifstream(root / "version") >> version;
  return root / "versions" / version;
}

// The prefixes of the Python that `python3` starts: that of its virtual environment, or its own.
std::vector<fs::path> prefixes_of_python() {
  std::string path = variable("PATH");
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = rest.find(':');
    const fs::path program = fs::path(rest.substr(0, end)) / "python3";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    std::error_code error;
    if (!fs::exists(program, error)) continue;
    const fs::path prefix = program.parent_path().parent_path();
    if (program.parent_path().filename() == "shims") return {pyenv_prefix(prefix)};
    if (fs::exists(prefix / "pyvenv.cfg", error)) return {prefix};
    const fs::path real = fs::canonical(program, error);
    if (error) return {prefix};
    // Debian's pip installs for the whole system below /usr/local.
    return {real.parent_path().parent_path(), real.parent_path().parent_path() / "local"};
  }
  return {};
}

fs::path folder_of_this_module() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&folder_of_this_module), &info) == 0 || !info.dli_fname) return {};
  return fs::path(info.dli_fname).parent_path();
}

}  // namespace

FoundLibrary library_at(const fs::path& path) {
  FoundLibrary result;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    result.searched.push_back(path.string());
    if (fs::exists(path, error)) result.path = path;
    return result;
  }
  for (const char* inside : {"", "lib", "capi", "onnxruntime/capi"}) {
    result.searched.push_back((path / inside).string());
    result.path = newest_in(path / inside);
    if (!result.path.empty()) return result;
  }
  search_prefix(path, result);
  return result;
}

FoundLibrary find_library() {
  std::vector<fs::path> prefixes;
  const auto add = [&](fs::path prefix) {
    if (!prefix.empty() && std::ranges::find(prefixes, prefix) == prefixes.end())
      prefixes.push_back(std::move(prefix));
  };
  add(variable("VIRTUAL_ENV"));
  for (fs::path& prefix : prefixes_of_python()) add(std::move(prefix));
  add(variable("CONDA_PREFIX"));
  if (const std::string home = variable("HOME"); !home.empty()) add(fs::path(home) / ".local");
  add("/usr");
  add("/usr/local");

  FoundLibrary result;
  for (const fs::path& prefix : prefixes) {
    search_prefix(prefix, result);
    if (!result.path.empty()) return result;
  }
  // What is installed along with this module.
  if (const fs::path module = folder_of_this_module(); !module.empty()) {
    const FoundLibrary bundled = library_at(module / "polygraph/onnxruntime");
    result.path = bundled.path;
    result.searched.push_back((module / "polygraph/onnxruntime").string());
    if (!result.path.empty()) return result;
  }
#ifdef POLYGRAPH_ONNXRUNTIME_FOLDER
  FoundLibrary built_with = library_at(POLYGRAPH_ONNXRUNTIME_FOLDER);
  result.path = built_with.path;
  result.searched.emplace_back(POLYGRAPH_ONNXRUNTIME_FOLDER);
#endif
  return result;
}

}  // namespace polygraph::onnxrt
