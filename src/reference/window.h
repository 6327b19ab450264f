#pragma once

#include "reference/call.h"
#include "reference/strided.h"

namespace polygraph::reference {

/// How a kernel slides over the spatial axes of a tensor (N, C, spatial...): from the attributes
/// kernel_shape, strides, dilations, pads and auto_pad that convolutions and pooling share.
struct Window {
  Dims input;  ///< spatial sizes
  Dims output;
  Dims kernel;
  Dims strides;
  Dims dilations;
  Dims begin;  ///< pads in front
  Dims end;
};

/// @param kernel  The kernel's sizes.
/// @param ceil_mode  Whether the last position may reach beyond the end.
Window window_of(const Call& call, const Shape& input, Dims kernel, bool ceil_mode = false);

}  // namespace polygraph::reference
