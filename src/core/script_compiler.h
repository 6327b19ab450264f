#pragma once

#include <polygraph/core/script.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace polygraph::detail {

/// What compiling the scripts of a room takes, besides this library and its headers.
struct ScriptBuild {
  std::vector<std::filesystem::path> system_headers;  ///< folders
  std::vector<std::filesystem::path> libraries;
};

/// A room whose functions scripts export.
struct ScriptHost {
  std::string room;      ///< as `ScriptRoom::name` has it
  std::uint32_t layout;  ///< likewise
  std::string version;   ///< what a script has to be compiled for: `Polygraph`
  /// Called when a script has to be compiled; may throw BackendError. Empty: nothing more is needed.
  std::function<ScriptBuild()> build = {};
};

/// The function that the script exports: an object of the room's variant. Compiles the script first if it is
/// a source, with $CXX, c++, g++ or clang++, whichever there is, for the headers that belong to this library
/// (or those in $POLYGRAPH_INCLUDE_PATH). It stays loaded until the process ends, and is compiled once.
/// Throws InputError if there is no such file, if it does not compile (with what the compiler says), cannot
/// be loaded, was compiled for another version, or exports no such function; BackendError if there is no
/// compiler or no header. Thread-safe.
const void* load_script(const ScriptName& script, const ScriptHost& host);

/// What `load_script` throws, too, for a function of another kind than those wanted.
[[noreturn]] void refuse_script(const ScriptName& script, std::string_view wanted);

}  // namespace polygraph::detail
