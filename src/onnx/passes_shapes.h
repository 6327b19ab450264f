#pragma once

#include <polygraph/core/shape.h>
#include <polygraph/onnx/types.h>

namespace polygraph::onnx::passes {

/// Gives a tensor type a shape; names of dimensions are kept in the storage, ranges are lost: ONNX has none.
void set_shape(Type& type, const PartialShape& shape, Storage& storage);

}  // namespace polygraph::onnx::passes
