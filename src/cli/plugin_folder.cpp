#include "cli/plugin_folder.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/pattern.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using onnx::PluginInstance;
using onnx::PluginValue;

constexpr const char* entry_point = "polygraph_plugin";
constexpr std::string_view attribute_prefix = "attributes.";

PluginValue value_of(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [rest, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && rest == end)
    return whole;
  double number = 0;
  if (const auto [rest, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && rest == end)
    return number;
  return std::string(text);
}

std::optional<PluginValue> value_of(const onnx::Attribute& attribute) {
  switch (attribute.type()) {
    case onnx::AttributeType::float_value:
      return double{std::get<float>(attribute.value)};
    case onnx::AttributeType::int_value:
      return std::get<std::int64_t>(attribute.value);
    case onnx::AttributeType::string:
      return std::string(std::get<std::string_view>(attribute.value));
    case onnx::AttributeType::floats: {
      const auto& list = std::get<std::vector<float>>(attribute.value);
      return std::vector<double>(list.begin(), list.end());
    }
    case onnx::AttributeType::ints:
      return std::get<std::vector<std::int64_t>>(attribute.value);
    case onnx::AttributeType::strings: {
      const auto& list = std::get<std::vector<std::string_view>>(attribute.value);
      return std::vector<std::string>(list.begin(), list.end());
    }
    default:
      return std::nullopt;
  }
}

/// A plugin whose pattern is written as ONNX text.
class PatternPlugin final : public onnx::Plugin {
 public:
  PatternPlugin(const fs::path& file, std::string folder) : name_(std::move(folder)), pattern_(parse(file)) {
    for (const onnx::StringEntry& entry : pattern_.model().metadata_props) {
      if (entry.key == "name")
        name_ = entry.value;
      else if (entry.key == "op")
        op_ = entry.value;
      else if (entry.key == "domain")
        domain_ = entry.value;
      else if (entry.key.starts_with(attribute_prefix))
        constants_.emplace_back(entry.key.substr(attribute_prefix.size()), value_of(entry.value));
      else
        throw InputError(
            fmt::format("Cannot read '{}': its metadata has an entry '{}'.", file.string(), entry.key),
            "Known are name, op, domain and attributes.NAME.");
    }
    if (op_.empty())
      throw InputError(
          fmt::format("Cannot read '{}': it does not say which operator takes the place of the pattern.",
                      file.string()),
          "Put metadata_props: [\"op\": \"YourPlugin\"] into the header of the pattern.");
  }

  std::string_view name() const override { return name_; }
  std::string_view op() const override { return op_; }
  std::string_view domain() const override { return domain_; }

  std::vector<PluginInstance> find(const onnx::GraphEditor& editor) const override {
    std::vector<PluginInstance> instances;
    for (const onnx::Match& match : pattern_.find_all(editor)) {
      PluginInstance& instance = instances.emplace_back();
      instance.inputs.assign(match.inputs.begin(), match.inputs.end());
      instance.outputs.assign(match.outputs.begin(), match.outputs.end());
      instance.attributes = constants_;
      for (const auto& [attribute_name, attribute] : match.attributes)
        if (auto value = value_of(*attribute))
          instance.attributes.emplace_back(attribute_name, std::move(*value));
    }
    return instances;
  }

 private:
  static onnx::Pattern parse(const fs::path& file) {
    const MappedFile text(file);
    const auto bytes = text.bytes();
    try {
      return onnx::Pattern(onnx::parse_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    } catch (const InputError& error) {
      throw InputError(fmt::format("Cannot read the pattern '{}': {}", file.string(), error.problem()),
                       error.remedy());
    }
  }

  std::string name_;
  std::string op_;
  std::string domain_;
  std::vector<std::pair<std::string, PluginValue>> constants_;
  onnx::Pattern pattern_;
};

std::shared_ptr<const onnx::Plugin> load_library(const fs::path& file) {
  // An absolute path: a bare name would be looked for elsewhere.
  void* const library = ::dlopen(fs::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw InputError(fmt::format("Cannot load the plugin '{}': {}.", file.string(), ::dlerror()),
                     "Build it against this version of Polygraph.");
  using EntryPoint = onnx::Plugin* (*)();
  const auto entry = reinterpret_cast<EntryPoint>(::dlsym(library, entry_point));
  if (entry == nullptr)
    throw InputError(
        fmt::format("Cannot load the plugin '{}': it does not export {}().", file.string(), entry_point),
        "Put POLYGRAPH_PLUGIN(YourClass) into one of its sources.");
  return {entry(), [](const onnx::Plugin*) {}};
}

/// The plugin in a folder, or null if there is none.
std::shared_ptr<const onnx::Plugin> plugin_in(const fs::path& folder) {
  if (fs::exists(folder / pattern_file))
    return std::make_shared<const PatternPlugin>(folder / pattern_file, folder.filename().string());
  std::vector<fs::path> libraries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".so" && entry.is_regular_file()) libraries.push_back(entry.path());
  if (libraries.empty()) return nullptr;
  std::ranges::sort(libraries);
  if (libraries.size() > 1)
    throw InputError(
        fmt::format("Cannot choose the plugin in '{}': there are '{}' and '{}'.", folder.string(),
                    libraries[0].filename().string(), libraries[1].filename().string()),
        "Keep one library in each plugin's folder.");
  return load_library(libraries.front());
}

}  // namespace

std::vector<FoundPlugin> find_plugins(const PluginSelection& selection) {
  std::error_code error;
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(selection.folder, error))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  if (error)
    throw InputError(
        fmt::format("Cannot read the plugin folder '{}': {}.", selection.folder.string(), error.message()),
        "--plugin-dir names a folder with a folder for each plugin.");
  std::ranges::sort(names);
  for (const auto* list : {&selection.include, &selection.exclude})
    for (const std::string& name : *list)
      if (std::ranges::find(names, name) == names.end())
        throw InputError(fmt::format("There is no plugin '{}' in '{}'.", name, selection.folder.string()) +
                         suggest(name, names));
  std::vector<FoundPlugin> plugins;
  for (const std::string& name : names) {
    const auto is_in = [&](const std::vector<std::string>& list) {
      return std::ranges::find(list, name) != list.end();
    };
    if ((!selection.include.empty() && !is_in(selection.include)) || is_in(selection.exclude)) continue;
    if (auto plugin = plugin_in(selection.folder / name)) plugins.push_back({name, std::move(plugin)});
  }
  if (plugins.empty())
    throw InputError(fmt::format("There is no plugin in '{}'.", selection.folder.string()),
                     fmt::format("A plugin is a folder with a {} or a shared library.", pattern_file));
  return plugins;
}

}  // namespace polygraph::cli
