#pragma once

#include <polygraph/core/tensor.h>

namespace polygraph::compare::detail {

/// A tensor that owns its memory, which may hold anything: for data that is read next. Large ones get huge
/// pages where the system has them, since touching new memory takes longer than reading data into it. Not for
/// strings.
Tensor unfilled_tensor(DataType dtype, const Shape& shape);

}  // namespace polygraph::compare::detail
