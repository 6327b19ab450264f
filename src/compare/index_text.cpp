#include "compare/index_text.h"

#include <polygraph/compare/statistics.h>

namespace polygraph::compare::detail {

std::string index_text(std::int64_t index, const Shape& shape) {
  return Shape(unravel_index(index, shape)).str();
}

}  // namespace polygraph::compare::detail
