#pragma once

#include <polygraph/core/tensor.h>

namespace polygraph::compare::detail {

/// Throws InputError if the shapes differ or just one tensor holds strings.
void check_comparable(const Tensor& first, const Tensor& second);

}  // namespace polygraph::compare::detail
