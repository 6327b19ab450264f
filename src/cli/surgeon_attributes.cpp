#include "cli/surgeon_attributes.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <charconv>
#include <variant>
#include <vector>

namespace polygraph::cli {
namespace {

using Item = std::variant<std::int64_t, float, std::string_view>;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_quote(char c) {
  return c == '\'' || c == '"';
}

// A whole text as a number, with a leading plus sign or without.
template <class Number>
bool is_number(std::string_view text, Number& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range)
    throw UsageError(fmt::format("'{}' is out of range for an attribute.", text));
  return error == std::errc() && parsed == end && !text.empty();
}

// `nan` and `inf` are numbers, as in Python.
Item parse_item(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && is_quote(text.front()) && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  if (text.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t whole = 0;
    if (is_number(text, whole)) return whole;
  }
  float number = 0;
  if (is_number(text, number)) return number;
  return text;
}

// The items of a list; commas inside quotes do not separate.
std::vector<Item> parse_items(std::string_view list) {
  std::vector<Item> items;
  std::size_t begin = 0;
  char quote = '\0';
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const bool at_end = i == list.size();
    if (!at_end && quote != '\0') {
      if (list[i] == quote) quote = '\0';
    } else if (at_end || list[i] == ',') {
      const std::string_view item = trimmed(list.substr(begin, i - begin));
      begin = i + 1;
      // As in Python, a comma may follow the last item.
      if (!item.empty() || !at_end) items.push_back(parse_item(item));
    } else if (is_quote(list[i])) {
      quote = list[i];
    }
  }
  return items;
}

template <class T>
bool holds(const Item& item) {
  return std::holds_alternative<T>(item);
}

onnx::Attribute::Value list_value(const std::vector<Item>& items, onnx::Storage& storage) {
  if (std::ranges::all_of(items, holds<std::int64_t>)) {
    std::vector<std::int64_t> list;
    for (const Item& item : items) list.push_back(std::get<std::int64_t>(item));
    return list;
  }
  if (std::ranges::any_of(items, holds<std::string_view>)) {
    std::vector<std::string_view> list;
    for (const Item& item : items) {
      if (!holds<std::string_view>(item))
        throw UsageError("A list of an attribute has numbers and texts.",
                         "Put quotes around the numbers to make them texts.");
      list.push_back(storage.intern(std::get<std::string_view>(item)));
    }
    return list;
  }
  std::vector<float> list;
  for (const Item& item : items)
    list.push_back(holds<float>(item) ? std::get<float>(item)
                                      : static_cast<float>(std::get<std::int64_t>(item)));
  return list;
}

}  // namespace

onnx::Attribute parse_attribute(std::string_view text, onnx::Storage& storage) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos)
    throw UsageError(fmt::format("'{}' is not of the form NAME=VALUE.", text), "Example: axis=1.");
  onnx::Attribute attribute;
  attribute.name = storage.intern(text.substr(0, equals));
  const std::string_view value = trimmed(text.substr(equals + 1));
  if (value.starts_with('[') != value.ends_with(']'))
    throw UsageError(fmt::format("The list in '{}' has only one bracket.", text),
                     "Put a text with brackets in it into quotes of its own.");
  if (value.starts_with('[')) {
    attribute.value = list_value(parse_items(value.substr(1, value.size() - 2)), storage);
  } else {
    const Item item = parse_item(value);
    if (const auto* whole = std::get_if<std::int64_t>(&item))
      attribute.value = *whole;
    else if (const auto* number = std::get_if<float>(&item))
      attribute.value = *number;
    else
      attribute.value = storage.intern(std::get<std::string_view>(item));
  }
  attribute.declared_type = static_cast<std::int32_t>(attribute.type());
  return attribute;
}

}  // namespace polygraph::cli
