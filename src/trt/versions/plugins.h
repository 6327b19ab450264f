#pragma once

#include <NvInfer.h>

#include <string>
#include <string_view>
#include <vector>

#include "trt/versions/version.h"

// How versions keep the creators of plugins.

namespace polygraph::trt {

/// What a plugin is looked for by.
struct PluginName {
  std::string name;
  std::string version;
  std::string plugin_namespace;
  bool operator==(const PluginName&) const = default;
};

template <class Creator>
PluginName name_of_creator(Creator& creator) {
  const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
  return {text(creator.getPluginName()), text(creator.getPluginVersion()),
          text(creator.getPluginNamespace())};
}

#if POLYGRAPH_TENSORRT >= 1000
/// Nameless for a kind that these headers do not know.
inline PluginName name_of_any_creator(nvinfer1::IPluginCreatorInterface& creator) {
  const std::string_view kind = creator.getInterfaceInfo().kind;
  if (kind == "PLUGIN CREATOR_V3ONE")
    return name_of_creator(static_cast<nvinfer1::IPluginCreatorV3One&>(creator));
  if (kind == "PLUGIN CREATOR_V1") return name_of_creator(static_cast<nvinfer1::IPluginCreator&>(creator));
  return {};
}
#endif

/// The plugins of which creators are registered.
inline std::vector<PluginName> registered_plugins(const nvinfer1::IPluginRegistry& registry) {
  std::vector<PluginName> names;
  std::int32_t count = 0;
#if POLYGRAPH_TENSORRT >= 1000
  nvinfer1::IPluginCreatorInterface* const* const creators = registry.getAllCreators(&count);
  for (std::int32_t i = 0; i < count; ++i) names.push_back(name_of_any_creator(*creators[i]));
#else
  nvinfer1::IPluginCreator* const* const creators = registry.getPluginCreatorList(&count);
  for (std::int32_t i = 0; i < count; ++i) names.push_back(name_of_creator(*creators[i]));
#endif
  return names;
}

/// Has the registry take the creators that a library hands out (`getCreators`, `getPluginCreators`); false if
/// it does not, or this version cannot.
inline bool register_library([[maybe_unused]] nvinfer1::IPluginRegistry& registry,
                             [[maybe_unused]] const char* path) {
#if POLYGRAPH_TENSORRT >= 806
  return registry.loadLibrary(path) != nullptr;
#else
  return false;
#endif
}

}  // namespace polygraph::trt
