#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace polygraph::onnxrt {

/// Where ONNX Runtime's library is, or may be.
struct FoundLibrary {
  std::filesystem::path path;         ///< empty if none was found
  std::vector<std::string> searched;  ///< the places looked at, for a message
};

/// The library at `path`: a file, or in a folder, directly or in what pip installed below it
/// (`onnxruntime/capi/`, `lib/python3*/site-packages/`). Of several the newest.
FoundLibrary library_at(const std::filesystem::path& path);

/// The first library of the places that Library names, without the dynamic linker's.
FoundLibrary find_library();

}  // namespace polygraph::onnxrt
