#include "core/script_compiler.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
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

namespace polygraph::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view header = "polygraph/core/script.h";
constexpr const char* prefix = "polygraph_script_";

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

std::vector<std::string> compiler_arguments(const fs::path& source, const ScriptBuild& build,
                                            const std::string& output) {
  std::vector<std::string> arguments{"-std=c++20", "-O2", "-fPIC", "-shared",
                                     "-I" + include_folder().string()};
  for (const fs::path& folder : build.system_headers) {
    arguments.emplace_back("-isystem");
    arguments.push_back(folder.string());
  }
  for (const std::string& argument : {source.string(), std::string("-o"), output})
    arguments.push_back(argument);
  for (const fs::path& library : build.libraries) arguments.push_back(library.string());
  arguments.push_back(own_library().string());
  arguments.emplace_back("-Wl,--no-undefined");
  return arguments;
}

fs::path compile(const fs::path& source, const ScriptBuild& build) {
  // It is never closed: the dynamic linker would take another file of the same number for this one.
  const int memory = ::memfd_create("polygraph-script", MFD_CLOEXEC);
  if (memory < 0) throw_file_error("compile", source, errno);
  FileDescriptor file(memory);
  const std::vector<std::string> arguments =
      compiler_arguments(source, build, fmt::format("/proc/{}/fd/{}", ::getpid(), memory));
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

// What was compiled, by the room and the file as it was then. Libraries stay loaded, too.
struct Compiled {
  std::mutex mutex;
  std::map<std::tuple<std::string, std::string, fs::file_time_type, std::uintmax_t>, fs::path> libraries;
};

bool is_source(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".cpp" || extension == ".cc" || extension == ".cxx";
}

fs::path compiled_script(const fs::path& source, const ScriptHost& host) {
  static Compiled compiled;
  const std::scoped_lock lock(compiled.mutex);
  const std::tuple key(host.room + host.version, fs::canonical(source).string(), fs::last_write_time(source),
                       fs::file_size(source));
  const auto found = compiled.libraries.find(key);
  if (found != compiled.libraries.end()) return found->second;
  const ScriptBuild build = host.build ? host.build() : ScriptBuild();
  return compiled.libraries.emplace(key, compile(source, build)).first->second;
}

bool is_identifier(std::string_view text) {
  const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, is_part);
}

}  // namespace

const void* load_script(const ScriptName& script, const ScriptHost& host) {
  std::error_code error;
  if (!fs::is_regular_file(script.file, error))
    throw InputError(fmt::format("There is no script '{}'.", script.file.string()),
                     "A script is named FILE.cpp, FILE.so or FILE:FUNCTION.");
  if (!is_identifier(script.name))
    throw UsageError(fmt::format("'{}' is no name of a function.", script.name));
  const fs::path library =
      is_source(script.file) ? compiled_script(script.file, host) : fs::absolute(script.file);
  void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw InputError(fmt::format("Cannot load the script '{}': {}.", script.file.string(), ::dlerror()),
                     "A script is C++ source (.cpp, .cc, .cxx), or a shared library made of it.");
  const auto* found = static_cast<const ScriptExport*>(::dlsym(handle, (prefix + script.name).c_str()));
  if (found == nullptr || found->mark != script_mark)
    throw InputError(
        fmt::format("The script '{}' does not export '{}'.", script.file.string(), script.name),
        fmt::format("Put POLYGRAPH_SCRIPT({}) below the function, or name another one: {}:FUNCTION.",
                    script.name, script.file.string()));
  if (found->interface == script_interface && found->room != host.room)
    refuse_script(script, fmt::format("those in polygraph/{}/script.h", host.room));
  if (found->interface != script_interface || found->layout != host.layout)
    throw InputError(fmt::format("The script '{}' was compiled for another version of {}.",
                                 script.file.string(), host.version),
                     "Compile it again with the headers of this version, or name its source.");
  return found->function();
}

void refuse_script(const ScriptName& script, std::string_view wanted) {
  throw InputError(fmt::format("'{}' in the script '{}' is a function of another kind.", script.name,
                               script.file.string()),
                   fmt::format("Here it has to be one of: {}.", wanted));
}

}  // namespace polygraph::detail

namespace polygraph {

ScriptName ScriptName::parse(std::string_view text, std::string_view default_name) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && detail::is_identifier(text.substr(colon + 1)))
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  return {std::string(text), std::string(default_name)};
}

std::string cpp_literal(const ScriptName& name) {
  return fmt::format("{{{}, {}}}", cpp_literal(name.file), cpp_literal(name.name));
}

}  // namespace polygraph
