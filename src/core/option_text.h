#pragma once

#include <fmt/format.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/error.h>
#include <polygraph/core/options.h>

#include <charconv>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Options from text: one value of a field of an options struct, as the command line gives it.
namespace polygraph {

namespace detail {

inline void parse_option(bool& value, std::string_view text) {
  value = text == "true";
}
inline void parse_option(std::string& value, std::string_view text) {
  value = text;
}

template <std::integral T>
requires(!std::same_as<T, bool>) void parse_option(T& value, std::string_view text) {
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range && parsed == end)
    throw UsageError(fmt::format("{} is out of range: it must be from {} to {}", text,
                                 std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  if (error != std::errc() || parsed != end)
    throw UsageError(fmt::format("'{}' is not a whole number", text));
}

template <std::floating_point T>
void parse_option(T& value, std::string_view text) {
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || parsed != end) throw UsageError(fmt::format("'{}' is not a number", text));
}

template <NamedEnum E>
void parse_option(E& value, std::string_view text) {
  const auto names = enum_names(value);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) {
      value = static_cast<E>(i);
      return;
    }
  throw UsageError(fmt::format("'{}' is none of {}", text, fmt::join(names, ", ")));
}

template <class T>
void parse_option(std::optional<T>& value, std::string_view text) {
  T parsed{};
  parse_option(parsed, text);
  value = std::move(parsed);
}

template <class T>
void parse_option(std::vector<T>& values, std::string_view text) {
  T parsed{};
  parse_option(parsed, text);
  values.push_back(std::move(parsed));
}

// `name:value`, split at the first colon: names of properties have none.
template <class V>
void parse_option(std::map<std::string, V>& values, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos)
    throw UsageError(fmt::format("'{}' is not of the form NAME:VALUE", text));
  parse_option(values[std::string(text.substr(0, colon))], text.substr(colon + 1));
}

}  // namespace detail

/// Sets the field `name` from text; for lists and maps, adds one entry. Throws UsageError for an unknown name
/// or a bad value.
template <HasFields Options>
void set_option(Options& options, std::string_view name, std::string_view text) {
  bool found = false;
  for_each_field<Options>([&](const auto& field) {
    if (field.name != name) return;
    found = true;
    try {
      using detail::parse_option;  // types of other rooms bring their own
      parse_option(options.*field.member, text);
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("The option {}: {}.", name, error.problem()));
    }
  });
  if (found) return;
  std::vector<std::string> names;
  for_each_field<Options>([&](const auto& field) { names.emplace_back(field.name); });
  throw UsageError(fmt::format("There is no option '{}'.{}", name, suggest(name, names)));
}

/// The data types that are asked for by layer. Throws UsageError for a type that does not exist.
/// @param types  Those to use, for the message.
inline std::map<std::string, DataType> parse_layer_precisions(const std::map<std::string, std::string>& texts,
                                                              std::string_view types) {
  std::map<std::string, DataType> precisions;
  for (const auto& [layer, text] : texts) {
    const auto dtype = parse_data_type(text);
    if (!dtype)
      throw UsageError(fmt::format("The layer precision '{}:{}' names no data type.", layer, text),
                       fmt::format("Use {}.", types));
    precisions[layer] = *dtype;
  }
  return precisions;
}

}  // namespace polygraph
