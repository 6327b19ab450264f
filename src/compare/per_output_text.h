#pragma once

#include <polygraph/compare/per_output.h>

#include <string>
#include <string_view>

#include "core/option_text.h"

namespace polygraph::compare {

/// One value, for all outputs, or `name:value` for one. Names may have colons: the last one counts.
template <class T>
void parse_option(PerOutput<T>& option, std::string_view text) {
  using polygraph::detail::parse_option;
  const std::size_t colon = text.rfind(':');
  const bool has_name = colon != std::string_view::npos;
  T value{};
  parse_option(value, has_name ? text.substr(colon + 1) : text);
  option.set(has_name ? std::string(text.substr(0, colon)) : std::string(), std::move(value));
}

}  // namespace polygraph::compare
