#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/core/shape.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// The value syntax that options of several tools share. All functions throw UsageError for text that does
/// not fit, saying what does. Names come first and are split off at the last colon, so that they may contain
/// colons themselves.
namespace polygraph::cli {

/// What the command line says of a tensor. Parts that are `auto` or left out are absent.
struct TensorText {
  std::string name;
  std::optional<DataType> dtype;
  std::optional<PartialShape> shape;
};

/// `name:[shape]:dtype`, where the parts behind the name may be `auto` or be left out.
TensorText parse_tensor_text(std::string_view text);

/// `[1,3,height,-1]`: sizes, names of dimensions, and -1 for a dimension that may be anything; `[]` is a
/// scalar. Names may be quoted.
PartialShape parse_shape(std::string_view text);

/// `name:[shape]`.
std::pair<std::string, PartialShape> parse_named_shape(std::string_view text);

/// `N` or `name:N`; the name is empty for the first. N is 1 or more.
std::pair<std::string, std::int64_t> parse_upper_bound(std::string_view text);

/// A range of values for one input, or for all that have none of their own if the name is empty.
struct ValueRange {
  std::string name;
  double low = 0;
  double high = 1;
};

/// `[low,high]` or `name:[low,high]`.
ValueRange parse_value_range(std::string_view text);

/// `4096`, `16M`, `1.5G`, `1e9`: K, M and G are powers of 1024; a fraction is cut off.
std::int64_t parse_byte_count(std::string_view text);

/// A whole number of at least `least`.
std::int64_t parse_count(std::string_view text, std::int64_t least);

}  // namespace polygraph::cli
