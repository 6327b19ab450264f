#include "trt/plugins.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/log_format.h"
#include "onnx/attributes.h"
#include "trt/failing_nodes.h"
#include "trt/library.h"
#include "trt/messages.h"

namespace polygraph::trt {

namespace fs = std::filesystem;

namespace {

std::string name_in_text(const PluginName& plugin) {
  std::string text = fmt::format("'{}', version '{}'", plugin.name, plugin.version);
  if (!plugin.plugin_namespace.empty()) text += fmt::format(", namespace '{}'", plugin.plugin_namespace);
  return text;
}

bool is_shared_library(const fs::path& path) {
  constexpr std::string_view magic =
      "\x7f"
      "ELF";
  const MappedFile file(path, MappedFile::Use::parts);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.size());
  return text.starts_with(magic);
}

void* open_plugin(const fs::path& path, const Library& library) {
  // A name without a folder is looked up by the dynamic linker.
  if (path.has_parent_path() && !is_shared_library(path))
    throw InputError(fmt::format("Loading the plugin '{}': it is no shared library.", path.native()),
                     "Give the path of a shared library with TensorRT plugins.");
  // Never closed: their creators stay registered.
  if (void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  const char* const reason = dlerror();  // NOLINT(concurrency-mt-unsafe)
  throw BackendError(fmt::format("Loading the plugin '{}' failed: {}.", path.native(),
                                 reason != nullptr ? reason : "unknown reason"),
                     fmt::format("It must be made for TensorRT {}, be linked with what it uses, and find "
                                 "those libraries: `ldd {}` names the ones that are missing.",
                                 library.version(), path.native()));
}

// What the library does not do when it is opened.
void register_by_hand(void* handle, const fs::path& path, nvinfer1::IPluginRegistry& registry) {
  if (const auto init =
          reinterpret_cast<bool (*)(void*, const char*)>(dlsym(handle, "initLibNvInferPlugins")))
    init(&logger(), "");
  else if (dlsym(handle, "getCreators") != nullptr || dlsym(handle, "getPluginCreators") != nullptr)
    register_library(registry, path.c_str());
}

}  // namespace

void load_plugin_library(const fs::path& path, const Library& library) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) != nullptr) {
    log_verbose("The plugin '{}' is loaded already", path.native());
    return;
  }
  nvinfer1::IPluginRegistry& registry = library.state().plugin_registry();
  const std::size_t before = registered_plugins(registry).size();
  EngineMessages messages;
  void* const handle = open_plugin(path, library);
  if (registered_plugins(registry).size() == before) register_by_hand(handle, path, registry);
  std::vector<PluginName> plugins = registered_plugins(registry);
  if (plugins.size() <= before) {
    dlclose(handle);
    messages.fail<InputError>(
        fmt::format("Loading the plugin '{}': it registers no plugin that is not there already.",
                    path.native()),
        fmt::format("Plugins are registered by REGISTER_TENSORRT_PLUGIN, getCreators or "
                    "initLibNvInferPlugins, with the TensorRT that the library is linked with: that has to "
                    "be '{}' (see `ldd`).",
                    library.path().native()));
  }
  std::vector<std::string> names;
  for (std::size_t i = before; i < plugins.size(); ++i) names.push_back(name_in_text(plugins[i]));
  log_verbose("Loaded the plugin library '{}': {}", path.native(), fmt::join(names, "; "));
}

// Missing plugins

namespace {

// The text between `begin` and the first of `ends`, from `at` on, which is moved behind it.
std::string take_field(std::string_view text, std::size_t& at, std::string_view begin,
                       std::string_view ends) {
  const std::size_t found = text.find(begin, at);
  if (found == std::string_view::npos) return {};
  const std::size_t from = text.find_first_not_of(": ", found + begin.size());
  if (from == std::string_view::npos) return {};
  const std::size_t to = std::min(text.find_first_of(ends, from), text.size());
  at = to;
  return std::string(text.substr(from, to - from));
}

std::string string_attribute(const onnx::Node& node, std::string_view name, std::string_view otherwise) {
  const auto* const value = onnx::attribute_value<std::string_view>(node, name);
  return std::string(value != nullptr ? *value : otherwise);
}

void add_new(std::vector<MissingPlugin>& missing, MissingPlugin plugin) {
  if (std::ranges::find(missing, plugin) == missing.end()) missing.push_back(std::move(plugin));
}

}  // namespace

std::vector<MissingPlugin> missing_plugins(const onnx::Model& model, std::span<const std::string> messages) {
  std::vector<MissingPlugin> missing;
  for (const std::string& message : messages) {
    if (message.find("lugin not found") == std::string::npos) continue;
    for (const std::size_t i : failing_nodes(model, std::span(&message, 1))) {
      const onnx::Node& node = model.graph.nodes[i];
      add_new(missing, {{std::string(node.op_type), string_attribute(node, "plugin_version", "1"),
                         string_attribute(node, "plugin_namespace", "")},
                        fmt::format("'{}' ({})", node.name, node.op_type)});
    }
  }
  return missing;
}

// `Cannot find plugin: NAME, version: 1, namespace:.`, and before TensorRT 10
// `getPluginCreator could not find plugin: NAME version: 1`, or without a name `corresponding IPluginCreator
// not found in Plugin Registry`.
std::vector<MissingPlugin> missing_plugins(std::span<const std::string> messages) {
  std::vector<MissingPlugin> missing;
  bool any_unnamed = false;
  for (const std::string& message : messages) {
    any_unnamed |= message.find("IPluginCreator not found") != std::string::npos;
    std::size_t at = 0;
    PluginName plugin;
    plugin.name = take_field(message, at, "find plugin", ", ");
    if (plugin.name.empty()) continue;
    plugin.version = take_field(message, at, "version", ", )");
    while (plugin.version.ends_with('.')) plugin.version.pop_back();
    plugin.plugin_namespace = take_field(message, at, "namespace", ". )");
    add_new(missing, {std::move(plugin), ""});
  }
  if (missing.empty() && any_unnamed) missing.emplace_back();
  return missing;
}

std::string describe(std::span<const MissingPlugin> missing) {
  if (missing.empty()) return {};
  const MissingPlugin& first = missing.front();
  std::string text = first.node.empty() ? "It" : fmt::format("The node {}", first.node);
  if (first.plugin.name.empty())
    text += " needs a plugin that no library has registered; TensorRT does not say which";
  else
    text += fmt::format(" needs the plugin {}, which no library has registered", name_in_text(first.plugin));
  if (missing.size() > 1)
    text += fmt::format("; {} more {} missing", missing.size() - 1, missing.size() == 2 ? "is" : "are");
  return text + ".";
}

std::string remedy_for(std::span<const MissingPlugin> missing, std::span<const PluginName> registered) {
  constexpr std::string_view load = "Load the library that has it (LoadPlugins, --plugins).";
  if (missing.empty() || missing.front().plugin.name.empty()) return std::string(load);
  const PluginName& wanted = missing.front().plugin;
  std::vector<std::string> others;
  std::vector<std::string> names;
  for (const PluginName& plugin : registered) {
    if (plugin.name == wanted.name) others.push_back(name_in_text(plugin));
    names.push_back(plugin.name);
  }
  if (!others.empty())
    return fmt::format(
        "{} Registered is {}; the node's attributes plugin_version and plugin_namespace say "
        "which is meant.",
        load, fmt::join(others, "; "));
  const std::string near = nearest(wanted.name, names);
  return near.empty() ? std::string(load) : fmt::format("{} Did you mean '{}'?", load, near);
}

}  // namespace polygraph::trt
