#pragma once

#include <NvInfer.h>
#include <polygraph/core/data_type.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace polygraph::trt {

/// How a tensor lies in memory, row-major or not: one axis may be cut into vectors of a fixed number of
/// elements, of which the last one is padded, and axes may lie in any order.
///
/// As TensorRT tells it (`getTensorStrides`, `getTensorVectorizedDim`, `getTensorComponentsPerElement`): of a
/// tensor of shape (1, 3, 2, 2) in kHWC8 the axis 1 is cut into vectors of 8, and the strides, counted in
/// vectors, are (4, 1, 2, 1): 4 vectors, 32 elements.
struct Layout {
  std::vector<std::int64_t> dims;  ///< the shape: how many elements each axis has
  std::vector<std::int64_t>
      strides;        ///< of each axis, in vectors; of the one that is cut, from vector to vector
  int cut_axis = -1;  ///< -1: none, and vectors have one element
  std::int64_t vector_size = 1;

  /// How many elements the tensor takes, those that pad it included.
  std::int64_t element_count() const;

  friend bool operator==(const Layout&, const Layout&) = default;
};

/// The layout of an input or output whose shape is set.
Layout layout_of(const nvinfer1::ICudaEngine& engine, const nvinfer1::IExecutionContext& context,
                 const char* name);

/// Copies a row-major tensor into a layout, whose padding becomes zero. Both have room for it. Linear in
/// the number of elements. Throws InputError for types of less than a byte.
void pack(const Layout& layout, DataType dtype, const void* row_major, void* packed);
/// And back.
void unpack(const Layout& layout, DataType dtype, const void* packed, void* row_major);

}  // namespace polygraph::trt
