#pragma once

#include "reference/call.h"
#include "reference/gemm.h"

namespace polygraph::reference {

/// NumPy's matmul, of floats.
Tensor matrix_product(const Call& call, const Tensor& a, const Tensor& b);

}  // namespace polygraph::reference
