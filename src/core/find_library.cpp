#include "core/find_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace polygraph {

namespace fs = std::filesystem;

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody here sets it
  return value ? value : "";
}

// The numbers of `libonnxruntime.so.1.20.1`; nullopt for other names.
std::optional<std::vector<int>> version_in(const std::string& name, std::string_view file) {
  if (!name.starts_with(file)) return std::nullopt;
  std::vector<int> numbers;
  const char* at = name.data() + file.size();
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
void search_prefix(const fs::path& prefix, const LibraryNames& names, FoundLibrary& result) {
  result.searched.push_back((prefix / "lib/python3*").string());
  for (const fs::path& packages : package_folders(prefix))
    for (const std::string_view package : names.packages) {
      result.path = newest_library_in(packages / package, names.file);
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

fs::path folder_of_this_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&folder_of_this_library), &info) == 0 || !info.dli_fname)
    return {};
  return fs::path(info.dli_fname).parent_path();
}

}  // namespace

fs::path newest_library_in(const fs::path& folder, std::string_view file) {
  fs::path best;
  std::vector<int> best_version;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto version = version_in(entry.path().filename().string(), file);
    if (!version || !entry.is_regular_file(error)) continue;
    if (!best.empty() && *version <= best_version) continue;
    best = entry.path();
    best_version = *version;
  }
  return best;
}

FoundLibrary library_at(const fs::path& path, const LibraryNames& names) {
  FoundLibrary result;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    result.searched.push_back(path.string());
    if (fs::exists(path, error)) result.path = path;
    return result;
  }
  std::vector<fs::path> inside = {"", "lib"};
  for (const fs::path package : names.packages) {  // as the package lies there, and inside of it
    if (package.has_parent_path()) inside.push_back(package.filename());
    inside.push_back(package);
  }
  for (const fs::path& folder : inside) {
    result.searched.push_back((path / folder).string());
    result.path = newest_library_in(path / folder, names.file);
    if (!result.path.empty()) return result;
  }
  search_prefix(path, names, result);
  return result;
}

FoundLibrary find_library(const LibraryNames& names) {
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
    search_prefix(prefix, names, result);
    if (!result.path.empty()) return result;
  }
  const auto look_in = [&](const fs::path& folder) {
    result.path = library_at(folder, names).path;
    result.searched.push_back(folder.string());
    return !result.path.empty();
  };
  // What is installed along with this library.
  if (const fs::path here = folder_of_this_library(); !names.bundle.empty() && !here.empty())
    if (look_in(here / names.bundle)) return result;
  if (!names.built_with.empty()) look_in(names.built_with);
  return result;
}

}  // namespace polygraph
