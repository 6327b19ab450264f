#pragma once

#include <polygraph/onnx/plugin.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::cli {

/// One document of config.yaml: a plugin and the places where it fits.
struct PluginMatches {
  std::string name;
  std::string op;
  std::string domain;  ///< an addition to Polygraphy's form, written if it is not empty
  std::vector<onnx::PluginInstance> instances;
};

/// The text of config.yaml, in the form of Polygraphy's plugin tools.
std::string to_config(const std::vector<PluginMatches>& matches);

/// Reads config.yaml, whose errors call it `name`. Throws InputError with the line if it is not of that form.
std::vector<PluginMatches> parse_config(std::string_view text, const std::string& name);
std::vector<PluginMatches> read_config(const std::filesystem::path& path);

}  // namespace polygraph::cli
