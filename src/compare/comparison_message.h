#pragma once

#include <polygraph/compare/comparator.h>

#include "compare/message.h"

namespace polygraph::compare::detail {

/// As parts of a message; compare/reduce_iterations.h has them as whole ones.
void write_comparisons(MessageWriter& writer, const std::vector<PairComparison>& comparisons);
std::vector<PairComparison> read_comparisons(MessageReader& reader);

}  // namespace polygraph::compare::detail
