#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <cstddef>

namespace polygraph::onnx {

/// The values of a tensor for reading them once from front to back: pages of a mapped file that have been
/// read can be given back, so that the memory does not grow with the weights.
struct MappedValues {
  Tensor tensor;
  /// Whether the values are a view of a file that can be read again.
  bool is_mapped = false;

  MappedValues(const TensorData& data, const Model& model);

  /// Gives back the pages that lie between these offsets in bytes.
  void drop(std::size_t begin, std::size_t end) const;
};

}  // namespace polygraph::onnx
