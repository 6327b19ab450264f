#pragma once

#include <polygraph/core/backend.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph {

/// An engine that can be used, or could be if it were installed.
struct BackendInfo {
  std::string name;                  ///< as users write it: `openvino`
  const Backend* backend = nullptr;  ///< null if the module is missing or cannot be loaded
  std::filesystem::path module;      ///< what was loaded
  std::string problem;               ///< why there is no backend
  std::string remedy;                ///< what to do about it
};

/// Looks for the module of every backend and loads those it finds. Thread-safe, as is `load_backend`.
///
/// A module is `libpolygraph-<name>.so`; see `load_module` for where it is looked for.
std::vector<BackendInfo> find_backends();

/// The backend of that name. Throws BackendError, saying what to install, if it cannot be had.
const Backend& load_backend(std::string_view name);

}  // namespace polygraph
