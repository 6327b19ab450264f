#include "cli/metadata_text.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "cli/text.h"

namespace polygraph::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_auto(std::string_view text) {
  constexpr std::string_view word = "auto";
  return std::ranges::equal(text, word, [](char a, char b) { return to_lower(a) == b; });
}

bool is_list(std::string_view text) {
  return text.size() >= 2 && text.front() == '[' && text.back() == ']';
}

// The text before and after the last colon; the first is empty if there is none.
std::pair<std::string_view, std::string_view> split_at_last_colon(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {{}, text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || parsed != end || text.empty()) return std::nullopt;
  return value;
}

// The items of `[a, b]`, trimmed; `[]` has none, and an empty item at the end is as in Python no item.
std::vector<std::string_view> items_of(std::string_view list) {
  list = list.substr(1, list.size() - 2);
  std::vector<std::string_view> items;
  while (!trimmed(list).empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    items.push_back(trimmed(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return items;
}

std::string_view without_quotes(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

Dimension parse_dimension(std::string_view text, std::string_view shape) {
  if (const auto size = number_of<std::int64_t>(text)) return {*size};
  const bool starts_like_a_number = !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text[0] == '-');
  const std::string_view name = without_quotes(text);
  if (starts_like_a_number || name.empty() || name.find_first_of("[]'\"") != std::string_view::npos)
    throw UsageError(fmt::format("'{}' in the shape '{}' is no dimension.", text, shape),
                     "Use a whole number, a name, or -1 for any size: [1,3,height,-1].");
  return {std::string(name)};
}

[[noreturn]] void refuse_data_type(std::string_view type, std::string_view text) {
  std::vector<std::string> names{"auto"};
  for (const DataType dtype : all_data_types()) names.emplace_back(to_string(dtype));
  throw UsageError(
      fmt::format("'{}' in '{}' is no data type.{}", type, text, suggest(std::string(type), names)),
      fmt::format("If the colon belongs to the tensor's name, put the parts behind it: '{}:auto'.", text));
}

// Takes the data type off the end of `rest`, which had better have one if there is a colon in it.
std::optional<DataType> take_data_type(std::string_view& rest, std::string_view text) {
  const auto [before, last] = split_at_last_colon(rest);
  if (before.empty()) return std::nullopt;
  const std::string_view type = trimmed(last);
  const std::optional<DataType> dtype = parse_data_type(type);
  if (!dtype && !is_auto(type)) refuse_data_type(type, text);
  rest = before;
  return dtype;
}

void check_name(std::string_view name, std::string_view text) {
  if (name.empty()) throw UsageError(fmt::format("'{}' does not begin with the name of a tensor.", text));
}

}  // namespace

PartialShape parse_shape(std::string_view text) {
  const std::string_view list = trimmed(text);
  if (!is_list(list))
    throw UsageError(fmt::format("'{}' is no shape.", text),
                     "Write it as a list: [1,3,224,224], or [] for a scalar.");
  std::vector<Dimension> dims;
  for (const std::string_view item : items_of(list)) dims.push_back(parse_dimension(item, text));
  return PartialShape(std::move(dims));
}

TensorText parse_tensor_text(std::string_view text) {
  TensorText tensor;
  std::string_view rest = text;
  if (!is_list(trimmed(split_at_last_colon(rest).second))) tensor.dtype = take_data_type(rest, text);
  const auto [before, last] = split_at_last_colon(rest);
  const std::string_view shape = trimmed(last);
  if (!before.empty() && (is_list(shape) || is_auto(shape))) {
    if (!is_auto(shape)) tensor.shape = parse_shape(shape);
    rest = before;
  }
  check_name(rest, text);
  tensor.name = rest;
  return tensor;
}

std::pair<std::string, PartialShape> parse_named_shape(std::string_view text) {
  const auto [name, shape] = split_at_last_colon(text);
  if (name.empty())
    throw UsageError(fmt::format("'{}' is not of the form NAME:SHAPE.", text),
                     "Example: image:[1,3,224,224].");
  return {std::string(name), parse_shape(shape)};
}

std::pair<std::string, std::int64_t> parse_upper_bound(std::string_view text) {
  const auto [name, bound] = split_at_last_colon(text);
  return {std::string(name), parse_count(trimmed(bound), 1)};
}

ValueRange parse_value_range(std::string_view text) {
  const auto [name, range] = split_at_last_colon(text);
  const std::string_view list = trimmed(range);
  std::vector<std::string_view> items;
  if (is_list(list)) items = items_of(list);
  std::optional<double> low;
  std::optional<double> high;
  if (items.size() == 2) {
    low = number_of<double>(items[0]);
    high = number_of<double>(items[1]);
  }
  if (!low || !high || std::isnan(*low) || std::isnan(*high))
    throw UsageError(fmt::format("'{}' is no range of values.", text),
                     "Write two numbers, [low,high], with the input's name and a colon in front or without.");
  if (*low > *high)
    throw UsageError(fmt::format("The range '{}' is empty: {} is more than {}.", text, items[0], items[1]));
  return {std::string(name), *low, *high};
}

std::int64_t parse_byte_count(std::string_view text) {
  std::string_view number = text;
  double unit = 1;
  if (!number.empty()) {
    constexpr std::string_view suffixes = "KMG";
    const std::size_t power = suffixes.find(to_upper(number.back()));
    if (power != std::string_view::npos) {
      unit = std::ldexp(1.0, 10 * (static_cast<int>(power) + 1));
      number.remove_suffix(1);
    }
  }
  const std::optional<double> count = number_of<double>(number);
  constexpr double past_the_largest = 0x1p63;
  if (!count || !(*count >= 0) || !(*count * unit < past_the_largest))
    throw UsageError(fmt::format("'{}' is no number of bytes.", text),
                     "Use a number, with K, M or G behind it for powers of 1024: 4096, 16M, 1e9.");
  return static_cast<std::int64_t>(*count * unit);
}

std::int64_t parse_count(std::string_view text, std::int64_t least) {
  const std::optional<std::int64_t> count = number_of<std::int64_t>(text);
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!count && is_number)
    throw UsageError(fmt::format("{} is too large: it must be {} or less.", text,
                                 std::numeric_limits<std::int64_t>::max()));
  if (!count) throw UsageError(fmt::format("'{}' is not a whole number.", text));
  if (*count < least) throw UsageError(fmt::format("{} is too small: it must be {} or more.", *count, least));
  return *count;
}

}  // namespace polygraph::cli
