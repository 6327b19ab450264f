#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace polygraph {

/// A part of Polygraph that is loaded when it is first needed, or why it cannot be.
struct LoadedModule {
  enum class Failure {
    none,
    missing,  ///< there is no such file
    broken,   ///< the file cannot be loaded
    foreign,  ///< it was loaded, but lacks the function
  };

  void* entry = nullptr;       ///< the module's function; null if there is a failure
  std::filesystem::path path;  ///< the file that was tried
  Failure failure = Failure::none;
  std::string problem;                          ///< the failure as a sentence
  std::vector<std::filesystem::path> searched;  ///< the folders that may hold it, in order
};

/// Loads `file_name` (`libpolygraph-openvino.so`) and looks up its function `entry`. Thread-safe.
///
/// It is looked for in the folders of POLYGRAPH_BACKEND_PATH (separated by colons), beside `libpolygraph.so`,
/// beside the program, in `../lib` seen from the program, and on the system's library path; the first one
/// found is it. Once loaded, a module stays until the process ends; its symbols are visible to itself only.
LoadedModule load_module(const std::string& file_name, const char* entry);

}  // namespace polygraph
