#include "compare/numpy_types.h"

namespace polygraph::compare::detail {

bool has_numpy_type(DataType dtype) {
  const int bits = bit_width(dtype);
  const bool is_narrow = bits > 0 && (bits < 8 || (bits == 8 && is_floating(dtype)));
  return !is_narrow && dtype != DataType::bfloat16;
}

bool is_raw(std::string_view descr) {
  return descr.find('V') != std::string_view::npos || descr == "<f1";
}

std::optional<DataType> type_of_raw(std::string_view descr, std::optional<DataType> raw_type) {
  if (!is_raw(descr)) return std::nullopt;
  if (raw_type) return raw_type;
  // All other types of 2 bytes are NumPy's own.
  return descr.ends_with("V2") ? std::optional(DataType::bfloat16) : std::nullopt;
}

}  // namespace polygraph::compare::detail
