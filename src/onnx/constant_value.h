#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <vector>

namespace polygraph::onnx {

/// The tensor that a Constant node makes, of whichever attribute it is in; null if it is not a tensor of
/// numbers. `made` holds it if the node has none ready.
const TensorData* constant_value(const Node& node, TensorData& made);

/// Whether both are the same constant: type, shape and values. Values are read only if the rest agrees.
bool same_constant(const TensorData& a, const Model& model_of_a, const TensorData& b,
                   const Model& model_of_b);

/// Whether two attributes have the same value. Those with graphs never do.
bool same_value(const Attribute& a, const Model& model_of_a, const Attribute& b, const Model& model_of_b);

}  // namespace polygraph::onnx
