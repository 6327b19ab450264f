#pragma once

#include <polygraph/onnx/plugin.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace polygraph::cli {

/// The file of a plugin's folder that holds its pattern as ONNX text.
inline constexpr const char* pattern_file = "pattern.onnxtxt";

/// A plugin and the folder it was found in.
struct FoundPlugin {
  std::string folder;  ///< its last name: what --include and --exclude choose by
  std::shared_ptr<const onnx::Plugin> plugin;
};

/// Which folders to look into.
struct PluginSelection {
  std::filesystem::path folder;
  std::vector<std::string> include;  ///< empty: all
  std::vector<std::string> exclude;
};

/// The plugins in the folders `FOLDER/<plugin>/`, by name: those with a `pattern.onnxtxt`, or with one shared
/// library `*.so` that exports `polygraph_plugin`. Libraries stay loaded.
///
/// A pattern is the text form of an ONNX model; its graph is what is looked for (see onnx::Pattern), and the
/// metadata of the model say what takes its place: `op`, and if wanted `name` (else that of the folder),
/// `domain`, and `attributes.NAME` for attributes with a fixed value. Attributes that the pattern leaves open
/// (`axis: int = @axis`) become attributes of the plugin's node.
///
/// Throws InputError if the folder is missing, has no plugin, or a plugin is broken, and for names in
/// `include` or `exclude` that are no plugin there.
std::vector<FoundPlugin> find_plugins(const PluginSelection& selection);

}  // namespace polygraph::cli
