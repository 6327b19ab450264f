#pragma once

#include <polygraph/onnx/model.h>
#include <polygraph/trt/objects.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "trt/versions/plugins.h"

namespace polygraph::trt {

/// Opens a library with plugins and sees to it that their creators are registered: by the library itself when
/// it is opened, by its `initLibNvInferPlugins`, or because the registry takes them from its `getCreators`.
/// A library that is open already is left as it is.
/// Throws InputError for what is no such library, BackendError if it cannot be opened.
void load_plugin_library(const std::filesystem::path& path, const Library& library);

/// What TensorRT needed a plugin for, and which.
struct MissingPlugin {
  PluginName plugin;
  std::string node;  ///< `'name' (Operator)`; empty for engines
  bool operator==(const MissingPlugin&) const = default;
};

/// The plugins that the ONNX parser looked for in vain, by its messages and the nodes that those name.
std::vector<MissingPlugin> missing_plugins(const onnx::Model& model, std::span<const std::string> messages);
/// Those that an engine needs, by what TensorRT says when it cannot load it; one without a name if it does
/// not say which.
std::vector<MissingPlugin> missing_plugins(std::span<const std::string> messages);

/// `The node 'n' (Op) needs the plugin 'Op', version '1'.`; for several, of the first and how many more.
std::string describe(std::span<const MissingPlugin> missing);
/// What to do: which library to load, or which of the plugins that are registered has a name like it.
std::string remedy_for(std::span<const MissingPlugin> missing, std::span<const PluginName> registered);

}  // namespace polygraph::trt
