#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace polygraph::cli {

/// A value of a YAML document: null, a scalar, a list, or a map in its order.
struct Yaml {
  using List = std::vector<Yaml>;
  using Map = std::vector<std::pair<std::string, Yaml>>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> value{};
  int line = 0;  ///< where it begins in the text it was read from

  const Map* map() const { return std::get_if<Map>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
  /// The entry of a map, or null.
  const Yaml* find(std::string_view key) const;
};

/// The documents of a YAML text: block and flow lists and maps, plain and quoted scalars, comments, `---`.
/// What lists of plugins have no use for (anchors, tags, multi-line scalars) is refused. Throws InputError
/// with `name` and the line.
std::vector<Yaml> parse_yaml(std::string_view text, const std::string& name);

/// The documents as PyYAML writes them in block style.
std::string to_yaml(const std::vector<Yaml>& documents);

}  // namespace polygraph::cli
