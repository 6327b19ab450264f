#pragma once

#include <polygraph/onnx/diff.h>

#include <optional>

namespace polygraph::onnx {

/// How the values of two tensors of one type and shape differ; nullopt if they are equal.
///
/// Payloads are read once, in pieces; pages of mapped files are dropped behind. Values that lie in the same
/// place of the same file are equal unread. Thread-safe. Throws InputError if values cannot be read.
std::optional<WeightDifference> compare_weights(const TensorData& a, const Model& model_a,
                                                const TensorData& b, const Model& model_b, bool statistics);

}  // namespace polygraph::onnx
