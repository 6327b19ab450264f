#pragma once

#include <polygraph/core/tensor.h>

#include <string>
#include <vector>

namespace polygraph::compare::detail {

/// The tensor reshaped or permuted to `shape`, as far as that can be: permuted if the dimensions are the same
/// in another order, else reshaped if there are as many elements, else as it was. What was done is told in
/// `notes`.
Tensor match_shape(const Tensor& tensor, const Shape& shape, std::vector<std::string>& notes);

}  // namespace polygraph::compare::detail
