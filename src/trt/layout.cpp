#include "trt/layout.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "trt/versions/types.h"

namespace polygraph::trt {

std::int64_t Layout::element_count() const {
  std::int64_t last = 0;  // the last vector
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] == 0) return 0;
    const std::int64_t steps =
        static_cast<int>(axis) == cut_axis ? (dims[axis] - 1) / vector_size : dims[axis] - 1;
    last += steps * strides[axis];
  }
  return (last + 1) * vector_size;
}

Layout layout_of(const nvinfer1::ICudaEngine& engine, const nvinfer1::IExecutionContext& context,
                 const char* name) {
  Layout layout{.dims = to_vector(context.getTensorShape(name)),
                .strides = to_vector(context.getTensorStrides(name)),
                .cut_axis = engine.getTensorVectorizedDim(name)};
  if (layout.cut_axis >= 0) layout.vector_size = engine.getTensorComponentsPerElement(name);
  const bool is_known = layout.strides.size() == layout.dims.size() && layout.vector_size >= 1 &&
                        layout.cut_axis < static_cast<int>(layout.dims.size());
  if (!is_known)
    throw BackendError(
        fmt::format("Running on host tensors: TensorRT does not tell how '{}' lies in memory.", name),
        "Run on device tensors (infer_on_device), or build the engine with linear inputs and outputs "
        "(SetTensorFormats).");
  return layout;
}

namespace {

// Calls `line(row_major, packed, stride, count)` for each line along the last axis, all in elements; a line
// along the axis that is cut comes in pieces of a vector.
template <class Line>
void for_each_line(const Layout& layout, const Line& line) {
  const std::size_t rank = layout.dims.size();
  if (layout.element_count() == 0) return;
  if (rank == 0) return line(0, 0, 1, 1);
  std::vector<std::int64_t> index(rank, 0);
  const std::size_t last = rank - 1;
  const bool cuts_lines = layout.cut_axis == static_cast<int>(last);
  const std::int64_t length = layout.dims[last];
  for (std::int64_t row_major = 0;; row_major += length) {
    std::int64_t packed = 0;
    for (std::size_t axis = 0; axis < last; ++axis) {
      const bool is_cut = static_cast<int>(axis) == layout.cut_axis;
      packed += (is_cut ? index[axis] / layout.vector_size : index[axis]) * layout.strides[axis] *
                layout.vector_size;
      if (is_cut) packed += index[axis] % layout.vector_size;
    }
    const std::int64_t stride = layout.strides[last] * layout.vector_size;
    if (cuts_lines) {
      for (std::int64_t at = 0; at < length; at += layout.vector_size)
        line(row_major + at, packed + at / layout.vector_size * stride, 1,
             std::min(layout.vector_size, length - at));
    } else {
      line(row_major, packed, stride, length);
    }
    std::size_t axis = last;
    while (axis > 0 && ++index[axis - 1] == layout.dims[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

// Elements are moved as integers of their size.
template <class Use>
void with_element_type(DataType dtype, const Use& use) {
  switch (packed_size(dtype, 2)) {
    case 2:
      return use(std::uint8_t{});
    case 4:
      return use(std::uint16_t{});
    case 8:
      return use(std::uint32_t{});
    case 16:
      return use(std::uint64_t{});
    default:
      throw InputError(fmt::format("Tensors of {} have no layout but the row-major one.", to_string(dtype)));
  }
}

}  // namespace

void pack(const Layout& layout, DataType dtype, const void* row_major, void* packed) {
  with_element_type(dtype, [&](auto element) {
    using Element = decltype(element);
    const auto* const from = static_cast<const Element*>(row_major);
    auto* const to = static_cast<Element*>(packed);
    const auto size = static_cast<std::size_t>(layout.element_count());
    if (size != 0) std::memset(to, 0, size * sizeof(Element));
    for_each_line(layout,
                  [&](std::int64_t source, std::int64_t target, std::int64_t stride, std::int64_t count) {
                    for (std::int64_t i = 0; i < count; ++i) to[target + i * stride] = from[source + i];
                  });
  });
}

void unpack(const Layout& layout, DataType dtype, const void* packed, void* row_major) {
  with_element_type(dtype, [&](auto element) {
    using Element = decltype(element);
    const auto* const from = static_cast<const Element*>(packed);
    auto* const to = static_cast<Element*>(row_major);
    for_each_line(layout,
                  [&](std::int64_t target, std::int64_t source, std::int64_t stride, std::int64_t count) {
                    for (std::int64_t i = 0; i < count; ++i) to[target + i] = from[source + i * stride];
                  });
  });
}

}  // namespace polygraph::trt
