#include "compare/script_compiler.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/file_descriptor.h"
#include "core/log_format.h"
#include "core/own_library.h"
#include "core/run_program.h"
#include "core/system_error.h"

namespace polygraph::compare::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view header = "polygraph/compare/script.h";

std::vector<std::string> words(const char* text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(std::move(word));
  return result;
}

// The folder with our headers: that of an installation, or of the sources around a build folder.
fs::path include_folder() {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("POLYGRAPH_INCLUDE_PATH"); given != nullptr && *given != '\0')
    folders.emplace_back(given);
  for (fs::path folder = own_library().parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    folders.push_back(folder / "include");
    if (folders.size() > 4) break;
  }
  std::error_code error;
  for (const fs::path& folder : folders)
    if (fs::exists(folder / header, error)) return folder;
  std::string searched;
  for (const fs::path& folder : folders) searched += (searched.empty() ? "" : ", ") + folder.string();
  throw BackendError(fmt::format("Cannot compile a script: there is no {} in any of {}.", header, searched),
                     "Set POLYGRAPH_INCLUDE_PATH to the folder with Polygraph's headers, or compile the "
                     "script elsewhere and "
                     "name the .so.");
}

std::vector<std::vector<std::string>> compilers() {
  if (const char* given = std::getenv("CXX"); given != nullptr)
    if (std::vector<std::string> command = words(given); !command.empty()) return {std::move(command)};
  return {{"c++"}, {"g++"}, {"clang++"}};
}

fs::path compile(const fs::path& source) {
  const fs::path include = include_folder();
  const fs::path library = own_library();
  // It is never closed: the dynamic linker would take another file of the same number for this one.
  const int memory = ::memfd_create("polygraph-script", MFD_CLOEXEC);
  if (memory < 0) throw_file_error("compile", source, errno);
  FileDescriptor file(memory);
  const std::vector<std::string> arguments{"-std=c++20",
                                           "-O2",
                                           "-fPIC",
                                           "-shared",
                                           "-I" + include.string(),
                                           source.string(),
                                           "-o",
                                           fmt::format("/proc/{}/fd/{}", ::getpid(), memory),
                                           library.string(),
                                           "-Wl,--no-undefined"};
  std::vector<std::string> tried;
  for (std::vector<std::string> command : compilers()) {
    tried.push_back(command.front());
    command.insert(command.end(), arguments.begin(), arguments.end());
    log_verbose("Compiling '{}': {}", source.string(), fmt::join(command, " "));
    const std::optional<ProgramResult> result = run_program(command);
    if (!result) continue;
    if (result->status == 0) {
      file.release();
      return fmt::format("/proc/self/fd/{}", memory);
    }
    std::vector<std::string> messages;
    std::istringstream lines(result->output);
    for (std::string line; std::getline(lines, line);) messages.push_back(line);
    throw InputError(fmt::format("Cannot compile '{}': {} ended with status {}.", source.string(),
                                 tried.back(), result->status),
                     "The compiler says what is wrong below; the script has to be C++20.",
                     std::move(messages));
  }
  throw BackendError(
      fmt::format("Cannot compile '{}': there is no compiler ({}).", source.string(), fmt::join(tried, ", ")),
      "Install g++ or clang++, set CXX, or compile the script elsewhere and name the .so.");
}

// What was compiled, by the file as it was then. Libraries stay loaded, too.
struct Compiled {
  std::mutex mutex;
  std::map<std::tuple<std::string, fs::file_time_type, std::uintmax_t>, fs::path> libraries;
};

}  // namespace

bool is_source(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".cpp" || extension == ".cc" || extension == ".cxx";
}

fs::path compiled_script(const fs::path& source) {
  static Compiled compiled;
  const std::scoped_lock lock(compiled.mutex);
  const std::tuple key(fs::canonical(source).string(), fs::last_write_time(source), fs::file_size(source));
  const auto found = compiled.libraries.find(key);
  if (found != compiled.libraries.end()) return found->second;
  return compiled.libraries.emplace(key, compile(source)).first->second;
}

}  // namespace polygraph::compare::detail
