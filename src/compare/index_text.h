#pragma once

#include <polygraph/core/shape.h>

#include <cstdint>
#include <string>

namespace polygraph::compare::detail {

/// A flat index as Python prints the tuple: `(0, 7)`, `(3,)`, `()`.
std::string index_text(std::int64_t index, const Shape& shape);

}  // namespace polygraph::compare::detail
