#include "compare/same_shape.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

namespace polygraph::compare::detail {

void check_comparable(const Tensor& first, const Tensor& second) {
  if (first.shape() != second.shape())
    throw InputError(fmt::format("Tensors of shapes {} and {} cannot be compared element by element.",
                                 first.shape().str(), second.shape().str()),
                     "Reshape one of them.");
  if ((first.dtype() == DataType::string) != (second.dtype() == DataType::string))
    throw InputError(fmt::format("A {} tensor cannot be compared with a {} tensor.", to_string(first.dtype()),
                                 to_string(second.dtype())),
                     "Cast one of them.");
}

}  // namespace polygraph::compare::detail
