#pragma once

#include <polygraph/core/options.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/tool.h"
#include "core/option_text.h"

namespace polygraph::cli {

/// Settings as they go to a backend: the names of fields, and values as text.
using Settings = std::vector<std::pair<std::string, std::string>>;

namespace detail {

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};
template <class V>
struct IsList<std::map<std::string, V>> : std::true_type {};
template <class T>
requires T::takes_several struct IsList<T> : std::true_type {
};

template <class T>
std::string default_text(const T& value) {
  if constexpr (NamedEnum<T>)
    return std::string(enum_names(value)[static_cast<std::size_t>(value)]);
  else
    return {};
}

}  // namespace detail

/// An option of the command line for each field of an options struct: `cache_dir` becomes `--cache-dir`. What
/// is given is appended to `settings`, which has to outlive the options.
template <HasFields Options>
std::vector<Option> options_from_fields(Settings& settings) {
  std::vector<Option> options;
  for_each_field<Options>([&](const auto& field) {
    using Member = std::remove_cvref_t<decltype(std::declval<Options>().*field.member)>;
    std::string flag = "--" + std::string(field.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    Option option{.names = {flag}, .metavar = std::string(field.metavar), .help = std::string(field.help)};
    option.default_text = detail::default_text(Options{}.*field.member);
    if constexpr (NamedEnum<Member>)
      for (const std::string_view name : enum_names(Member{})) option.choices.push_back({std::string(name)});
    const std::string name(field.name);
    if constexpr (std::same_as<Member, bool>) {
      option.apply = [&settings, name](Values) { settings.emplace_back(name, "true"); };
    } else {
      option.arity = detail::IsList<Member>::value ? Arity::one_or_more : Arity::one;
      if (detail::IsList<Member>::value) option.repeat = Repeat::each;
      option.apply = [&settings, name](Values values) {
        for (const std::string& value : values) {
          Member parsed{};
          using polygraph::detail::parse_option;
          parse_option(parsed, value);  // refuses a bad value while the command line is read
          settings.emplace_back(name, value);
        }
      };
    }
    options.push_back(std::move(option));
  });
  return options;
}

}  // namespace polygraph::cli
