#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph {

/// How an engine library is called, and where its pip package puts it.
struct LibraryNames {
  /// `libonnxruntime.so`: this name, or this and a version behind it (`libonnxruntime.so.1.20.1`).
  std::string_view file;
  /// Folders below `site-packages`, e.g. `onnxruntime/capi`.
  std::vector<std::string_view> packages;
  /// A folder beside libpolygraph.so where an installation puts it, e.g. `polygraph/onnxruntime`; may be
  /// empty.
  std::string_view bundle = {};
  /// A folder that the build knows; may be empty.
  std::string_view built_with = {};
};

/// Where a library is, or may be.
struct FoundLibrary {
  std::filesystem::path path;         ///< empty if none was found
  std::vector<std::string> searched;  ///< the places looked at, for a message
};

/// The library directly in a folder; of several the newest. Empty if there is none.
std::filesystem::path newest_library_in(const std::filesystem::path& folder, std::string_view file);

/// The library at `path`: a file, or in a folder, directly or in what pip installed below it
/// (`onnxruntime/capi/`, `lib/python3*/site-packages/`). Of several the newest.
FoundLibrary library_at(const std::filesystem::path& path, const LibraryNames& names);

/// The first library of these places: what pip installed (for VIRTUAL_ENV, for the `python3` of PATH, for
/// CONDA_PREFIX, for the user, for the system), the bundle, the folder of the build.
FoundLibrary find_library(const LibraryNames& names);

}  // namespace polygraph
