#pragma once

#include <filesystem>

namespace polygraph::compare::detail {

/// Whether the file is C++ source, by its name.
bool is_source(const std::filesystem::path& file);

/// Compiles a script into a library, once as long as the file stays as it is. Returns the path to load it
/// from; it lies in memory, in a file that stays open until the process ends, so nothing is ever left on disk.
/// Throws as script.h says. Thread-safe.
std::filesystem::path compiled_script(const std::filesystem::path& source);

}  // namespace polygraph::compare::detail
