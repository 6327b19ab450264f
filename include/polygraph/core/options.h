#pragma once

#include <concepts>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

/// Options structs and their one table of fields.
///
/// An options struct is an aggregate with designated initializers and a table, from which the printer, the
/// command line, the JSON form and the documentation are read:
/// @code
///   struct ConfigOptions {
///     bool fp16 = false;
///     std::optional<int> threads;
///     static constexpr auto fields() {
///       return std::tuple(Field{"fp16", &ConfigOptions::fp16, "Allow FP16 kernels."},
///                         Field{"threads", &ConfigOptions::threads, "Threads for one inference.", "N"});
///     }
///   };
///   options_to_cpp(ConfigOptions{.fp16 = true});  // "{.fp16 = true}"
/// @endcode
namespace polygraph {

/// One row of the table.
template <class Options, class Member>
struct Field {
  std::string_view name;  ///< the member's name; the flag is the same with dashes: `cache_dir`, `--cache-dir`
  Member Options::*member;
  std::string_view help;          ///< one sentence or two
  std::string_view metavar = "";  ///< what the value is called in help texts; unused for bool
  std::string_view since = "";    ///< the first version of the backend that has it; empty: all supported ones
};
template <class Options, class Member, class... Rest>
Field(std::string_view, Member Options::*, Rest...) -> Field<Options, Member>;

/// Whether `T` is an options struct.
template <class T>
concept HasFields = requires {
  T::fields();
};

/// Calls `visit(field)` for each row of the table, in order.
template <HasFields Options, class Visitor>
void for_each_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, Options::fields());
}

/// An enumeration that can be an option gives its values' names by overloading
/// `constexpr std::span<const std::string_view> enum_names(E)`, indexed by value, and `constexpr
/// std::string_view enum_type_name(E)`.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) {
  enum_names(e);
  enum_type_name(e);
};

// Values as C++ literals.

std::string cpp_literal(double value);
std::string cpp_literal(std::string_view text);

template <std::integral T>
std::string cpp_literal(T value) {
  if constexpr (std::same_as<T, bool>)
    return value ? "true" : "false";
  else
    return std::to_string(value);
}
inline std::string cpp_literal(const std::string& text) {
  return cpp_literal(std::string_view(text));
}
inline std::string cpp_literal(const char* text) {
  return cpp_literal(std::string_view(text));
}
inline std::string cpp_literal(const std::filesystem::path& path) {
  return cpp_literal(std::string_view(path.native()));
}

template <NamedEnum E>
std::string cpp_literal(E value) {
  return std::string(enum_type_name(value)) +
         "::" + std::string(enum_names(value)[static_cast<std::size_t>(value)]);
}
template <class T>
std::string cpp_literal(const std::optional<T>& value) {
  return value ? cpp_literal(*value) : "std::nullopt";
}
template <class T>
std::string cpp_literal(const std::vector<T>& values) {
  std::string text = "{";
  for (const T& value : values) text += (text.size() > 1 ? ", " : "") + cpp_literal(value);
  return text + "}";
}
template <class V>
std::string cpp_literal(const std::map<std::string, V>& values) {
  std::string text = "{";
  for (const auto& [key, value] : values)
    text += (text.size() > 1 ? ", {" : "{") + cpp_literal(key) + ", " + cpp_literal(value) + "}";
  return text + "}";
}

/// The options that differ from their defaults, as a designated initializer list: `{.fp16 = true, .threads =
/// 4}`.
template <HasFields Options>
std::string options_to_cpp(const Options& options) {
  [[maybe_unused]] static const Options defaults{};  // GCC 12 overlooks its use for literal types
  std::string text = "{";
  for_each_field<Options>([&](const auto& field) {
    const auto& value = options.*field.member;
    if (value == defaults.*field.member) return;
    text += (text.size() > 1 ? ", ." : ".") + std::string(field.name) + " = " + cpp_literal(value);
  });
  return text + "}";
}

}  // namespace polygraph
