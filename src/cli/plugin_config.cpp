#include "cli/plugin_config.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>

#include "cli/plugin_yaml.h"

namespace polygraph::cli {
namespace {

using onnx::PluginInstance;
using onnx::PluginValue;

struct ToYaml {
  Yaml operator()(std::int64_t number) const { return {number}; }
  Yaml operator()(double number) const { return {number}; }
  Yaml operator()(const std::string& text) const { return {text}; }
  template <class T>
  Yaml operator()(const std::vector<T>& list) const {
    Yaml::List items;
    for (const T& item : list) items.push_back((*this)(item));
    return {std::move(items)};
  }
};

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  PluginMatches plugin(const Yaml& document) const {
    PluginMatches result;
    if (document.map() == nullptr) fail(document, "a document is not a map with name, op and instances");
    for (const auto& [key, value] : *document.map()) {
      if (key == "name")
        result.name = text(value, key);
      else if (key == "op")
        result.op = text(value, key);
      else if (key == "domain")
        result.domain = text(value, key);
      else if (key == "instances")
        for (const Yaml& item : list(value, key)) result.instances.push_back(instance(item));
      else
        fail(value, fmt::format("'{}' is not known; known are name, op, domain and instances", key));
    }
    if (result.name.empty() || result.op.empty()) fail(document, "a plugin has no name or no op");
    return result;
  }

 private:
  [[noreturn]] void fail(const Yaml& at, const std::string& problem) const {
    throw InputError(fmt::format("Cannot read '{}': line {}: {}.", file_, at.line, problem),
                     "`polygraph plugin match` writes such a file.");
  }

  std::string text(const Yaml& value, const std::string& key) const {
    if (value.text() == nullptr) fail(value, fmt::format("'{}' is not a text", key));
    return *value.text();
  }

  const Yaml::List& list(const Yaml& value, const std::string& key) const {
    static const Yaml::List nothing;
    if (std::holds_alternative<std::monostate>(value.value)) return nothing;  // all entries were deleted
    if (value.list() == nullptr) fail(value, fmt::format("'{}' is not a list", key));
    return *value.list();
  }

  PluginInstance instance(const Yaml& yaml) const {
    PluginInstance result;
    if (yaml.map() == nullptr) fail(yaml, "an instance is not a map with inputs and outputs");
    for (const auto& [key, value] : *yaml.map()) {
      if (key == "inputs" || key == "outputs") {
        for (const Yaml& name : list(value, key))
          (key == "inputs" ? result.inputs : result.outputs).push_back(value_name(name));
      } else if (key == "attributes") {
        if (std::holds_alternative<std::monostate>(value.value)) continue;
        if (value.map() == nullptr) fail(value, "'attributes' is not a map");
        for (const auto& [name, attribute] : *value.map())
          result.attributes.emplace_back(name, this->value(attribute));
      } else {
        fail(value, fmt::format("'{}' is not known; known are inputs, outputs and attributes", key));
      }
    }
    if (result.outputs.empty()) fail(yaml, "an instance has no outputs");
    return result;
  }

  /// A value's name, which may look like a number.
  std::string value_name(const Yaml& yaml) const {
    if (yaml.text() != nullptr) return *yaml.text();
    if (const auto* number = std::get_if<std::int64_t>(&yaml.value)) return fmt::format("{}", *number);
    fail(yaml, "a name of a value is not a text: put it in quotes");
  }

  PluginValue value(const Yaml& yaml) const {
    if (const auto* flag = std::get_if<bool>(&yaml.value)) return std::int64_t{*flag};
    if (const auto* number = std::get_if<std::int64_t>(&yaml.value)) return *number;
    if (const auto* number = std::get_if<double>(&yaml.value)) return *number;
    if (yaml.text() != nullptr) return *yaml.text();
    if (yaml.list() == nullptr) fail(yaml, "an attribute is not a number, a text, or a list of such");
    std::vector<std::int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string> texts;
    for (const Yaml& item : *yaml.list()) {
      const PluginValue element = item.list() != nullptr ? PluginValue() : value(item);
      if (item.list() != nullptr) fail(item, "an attribute is a list of lists");
      if (const auto* text = std::get_if<std::string>(&element)) texts.push_back(*text);
      if (const auto* number = std::get_if<std::int64_t>(&element)) {
        integers.push_back(*number);
        numbers.push_back(static_cast<double>(*number));
      }
      if (const auto* number = std::get_if<double>(&element)) numbers.push_back(*number);
    }
    const std::size_t count = yaml.list()->size();
    if (integers.size() == count) return integers;
    if (numbers.size() == count) return numbers;
    if (texts.size() == count) return texts;
    fail(yaml, "an attribute is a list of numbers and texts");
  }

  std::string file_;
};

}  // namespace

std::string to_config(const std::vector<PluginMatches>& matches) {
  std::vector<Yaml> documents;
  for (const PluginMatches& plugin : matches) {
    Yaml::List instances;
    for (const PluginInstance& instance : plugin.instances) {
      Yaml::Map attributes;
      for (const auto& [name, value] : instance.attributes)
        attributes.emplace_back(name, std::visit(ToYaml(), value));
      instances.push_back({Yaml::Map{{"inputs", ToYaml()(instance.inputs)},
                                     {"outputs", ToYaml()(instance.outputs)},
                                     {"attributes", {std::move(attributes)}}}});
    }
    Yaml::Map document{{"name", {plugin.name}}, {"op", {plugin.op}}};
    if (!plugin.domain.empty()) document.emplace_back("domain", Yaml{plugin.domain});
    document.emplace_back("instances", Yaml{std::move(instances)});
    documents.push_back({std::move(document)});
  }
  return to_yaml(documents);
}

std::vector<PluginMatches> parse_config(std::string_view text, const std::string& name) {
  const Reader reader(name);
  std::vector<PluginMatches> plugins;
  for (const Yaml& document : parse_yaml(text, name))
    if (!std::holds_alternative<std::monostate>(document.value)) plugins.push_back(reader.plugin(document));
  return plugins;
}

std::vector<PluginMatches> read_config(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  return parse_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

}  // namespace polygraph::cli
