#pragma once

#include "reference/call.h"

namespace polygraph::reference {

/// The convolution that a node's attributes describe, of floats. `bias` may be null.
Tensor convolve(const Call& call, const Tensor& x, const Tensor& w, const Tensor* bias);

}  // namespace polygraph::reference
