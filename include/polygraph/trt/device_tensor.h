#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/trt/stream.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polygraph::trt {

/// DLPack's structures, as other libraries exchange tensors; the same in memory as those of `dlpack.h` (its
/// version without flags), to which a pointer may be cast.
namespace dlpack {
struct Device {
  std::int32_t type;  ///< 1: host, 2: CUDA, 3: pinned host memory, 13: CUDA's managed memory
  std::int32_t id;
};
struct DataTypeCode {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};
struct TensorView {
  void* data;
  Device device;
  std::int32_t ndim;
  DataTypeCode dtype;
  std::int64_t* shape;
  std::int64_t* strides;  ///< in elements; null: row-major
  std::uint64_t byte_offset;
};
struct ManagedTensor {
  TensorView tensor;
  void* manager_context;
  void (*deleter)(ManagedTensor* self);  ///< may be null
};
}  // namespace dlpack

/// An n-dimensional array in the memory of a GPU, row-major: a handle, cheap to copy. Either it owns its
/// memory (shared by all copies) or it views memory of the caller, who then keeps that alive.
///
/// Thread-safety: as for Tensor; what the GPU does is ordered by streams.
/// @code
///   DeviceTensor x = DeviceTensor::from_host(host_tensor);
///   DeviceTensor y = DeviceTensor::view(pointer, DataType::float16, Shape{8, 1000});
///   Tensor back = y.to_host();
/// @endcode
class DeviceTensor {
 public:
  /// No elements: float32 of shape (0,), no memory.
  DeviceTensor() = default;
  /// Owning, on the current device, of undefined values. Throws InputError for `string`; BackendError if
  /// the GPU has not enough memory.
  DeviceTensor(DataType dtype, Shape shape);
  /// Owning, with more memory than the elements take: for tensors that an engine pads, see `capacity`.
  /// @param capacity  Bytes; if it is less than the elements take, they have theirs.
  DeviceTensor(DataType dtype, Shape shape, std::size_t capacity);
  /// A view of at least `packed_size(dtype, shape.element_count())` bytes of GPU memory, or of `capacity`
  /// bytes if that is more.
  static DeviceTensor view(void* data, DataType dtype, Shape shape,
                           std::shared_ptr<const void> keep_alive = {}, std::size_t capacity = 0);
  /// A copy of a host tensor, complete when it returns. Throws InputError unless it is contiguous.
  static DeviceTensor from_host(const Tensor& tensor);
  /// Takes over a tensor of DLPack's: its deleter is called with the last copy of the handle. Throws
  /// InputError, and does not take it over, if it is not on a GPU, not row-major, or of a type that
  /// tensors do not have.
  static DeviceTensor from_dlpack(dlpack::ManagedTensor* managed);
  /// A DLPack tensor that shares the memory; whoever takes it calls its deleter.
  dlpack::ManagedTensor* to_dlpack() const;

  DataType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  void* data() const { return data_; }
  /// What the elements take, in bytes.
  std::size_t nbytes() const { return nbytes_; }
  /// How much memory there is, in bytes: `nbytes()` or more. Inputs and outputs that are not row-major may be
  /// padded, so that they need more.
  std::size_t capacity() const { return capacity_; }

  /// Copies into host memory, and waits.
  Tensor to_host() const;
  /// Copies between this tensor and a contiguous host tensor of the same type and number of elements, in the
  /// order of the stream, without waiting if the host memory is pinned. The tensor has to live until the
  /// stream is there. Throw InputError if types or sizes differ.
  void copy_from(const Tensor& host, const Stream& stream);
  void copy_to(Tensor& host, const Stream& stream) const;

  /// Makes this handle a view without allocating when the rank has not grown: for buffers that are reused.
  void reset_view(void* data, DataType dtype, std::span<const std::int64_t> dims, std::size_t capacity = 0);

 private:
  DataType dtype_ = DataType::float32;
  Shape shape_{0};
  std::size_t nbytes_ = 0;
  std::size_t capacity_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

/// A host tensor in pinned memory, zeroed, which the GPU reads and writes directly: feeding such a tensor
/// saves a copy. Throws BackendError if CUDA cannot be opened or there is not enough memory.
Tensor pinned_tensor(DataType dtype, const Shape& shape);

/// Tensors on the GPU by name, in the order they were added.
class DeviceTensorMap {
 public:
  using Entry = std::pair<std::string, DeviceTensor>;
  DeviceTensorMap() = default;
  DeviceTensorMap(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries) set(entry.first, entry.second);
  }

  std::size_t size() const { return entries_.size(); }
  const Entry& at(std::size_t i) const { return entries_[i]; }
  Entry& at(std::size_t i) { return entries_[i]; }
  /// The tensor of that name, or null.
  const DeviceTensor* find(std::string_view name) const;
  /// The tensor of that name. Throws InputError, with the nearest name, if there is none.
  const DeviceTensor& operator[](std::string_view name) const;
  /// Adds a tensor, or replaces the one of that name.
  void set(std::string name, DeviceTensor tensor);
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace polygraph::trt
