#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/core/shape.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace polygraph {

/// An n-dimensional array in host memory: a handle, cheap to copy.
///
/// A tensor either owns its memory (aligned to 64 bytes, shared by all copies of the handle, as with NumPy
/// arrays) or views memory of the caller, who then keeps that memory alive. `clone()` makes a deep copy.
///
/// Elements are in row-major order unless strides are given. Elements of 2 and 4 bits are packed, the first
/// in the low bits. `string` tensors own a `std::string` per element.
///
/// Thread-safety: as for `std::vector`: any number of readers of the elements, or one writer.
/// @code
///   Tensor ones = Tensor::full(Shape{1, 2, 2}, 1.0f);
///   for (float x : ones.values<float>()) { ... }
///   Tensor view = Tensor::view(buffer.data(), DataType::float16, Shape{8, 128});
/// @endcode
class Tensor {
 public:
  /// No elements: float32 of shape (0,).
  Tensor();

  /// Owning, all elements zero (or empty strings). Throws InputError if a dimension is negative or the size
  /// overflows.
  Tensor(DataType dtype, Shape shape);

  /// Owning, with a copy of `values`, of which there must be as many as `shape` has elements.
  template <class T>
  static Tensor from(std::span<const T> values, Shape shape);
  template <class T>
  static Tensor from(std::initializer_list<T> values, Shape shape) {
    return from(std::span<const T>(values.begin(), values.size()), std::move(shape));
  }

  /// Owning, with every element `value`.
  template <class T>
  static Tensor full(Shape shape, T value);

  /// A view of the caller's memory, writable, row-major.
  /// @param data   At least `packed_size(dtype, shape.element_count())` bytes, of any alignment.
  /// @param keep_alive  Held as long as the view or a copy of it exists; may be null.
  static Tensor view(void* data, DataType dtype, Shape shape, std::shared_ptr<const void> keep_alive = {});
  /// The same, read-only: `mutable_data()` throws.
  static Tensor view(const void* data, DataType dtype, Shape shape,
                     std::shared_ptr<const void> keep_alive = {});
  /// A view with the distance between neighbours along each axis, in bytes (negative: backwards). Not for
  /// types below 8 bits nor for `string`.
  static Tensor strided_view(void* data, DataType dtype, Shape shape, std::vector<std::int64_t> strides,
                             std::shared_ptr<const void> keep_alive = {});

  DataType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t element_count() const { return element_count_; }
  /// Bytes of all elements, packed; for `string`, the sum of the lengths.
  std::size_t nbytes() const;
  /// Whether the elements lie packed in row-major order.
  bool is_contiguous() const { return strides_.empty(); }
  bool is_read_only() const { return read_only_; }
  /// In bytes, one per axis.
  std::vector<std::int64_t> strides() const;

  /// The first element. Throws InputError for `string` tensors.
  const void* data() const;
  /// The first element, for writing. Throws InputError if the tensor is read-only or `string`.
  void* mutable_data();

  /// The elements as a span. Throws InputError, naming both types, if T is not the tensor's type, and if the
  /// tensor is not contiguous or its memory not aligned for T.
  template <class T>
  std::span<const T> values() const;
  template <class T>
  std::span<T> mutable_values();

  /// The elements of a `string` tensor.
  std::span<const std::string> strings() const;
  std::span<std::string> mutable_strings();

  /// One element, by its index in row-major order, of any real type (bool as 0 or 1, complex: the real part).
  /// uint64 and int64 values past 2^53 are rounded. Throws InputError for `string` and if out of range.
  double element_as_double(std::int64_t index) const;
  /// One element as Python would print it, e.g. `1.5`, `True`, `nan`, `-3`; integers are exact.
  std::string element_as_text(std::int64_t index) const;

  /// A deep copy, contiguous, owning.
  Tensor clone() const;
  /// This tensor if it is contiguous, else a contiguous copy.
  Tensor contiguous() const;
  /// The same elements under another shape with as many elements. Throws InputError otherwise, and if not
  /// contiguous.
  Tensor reshaped(Shape shape) const;
  /// A copy with every element converted as ONNX's Cast does: floats round once, to nearest even (fp8 and fp4
  /// saturate; NaN, which fp4 lacks, becomes 6), integers wrap, floats to integers truncate towards zero (out
  /// of range: saturates, NaN: 0), everything but zero is true, complex numbers lose their imaginary part.
  /// Strings are read as decimal numbers, `inf` or `nan`; throws InputError if one is not. Numbers become the
  /// text that `element_as_text` gives.
  Tensor cast(DataType dtype) const;

  /// Makes this handle a writable, contiguous view of the caller's memory, without allocating when the rank
  /// has not grown: for buffers that are reused. Other handles keep what they had. Throws InputError as
  /// `view` does.
  void reset_view(void* data, DataType dtype, std::span<const std::int64_t> dims);

  /// The elements as NumPy prints them: nested brackets, `...` in the middle of long axes.
  /// @param threshold  More elements than this are abbreviated (NumPy: 1000).
  /// @param edge_items How many to show at each end of an abbreviated axis (NumPy: 3).
  /// @param line_width How many columns a line may take (NumPy: 75).
  std::string str(std::int64_t threshold = 1000, std::int64_t edge_items = 3,
                  std::int64_t line_width = 75) const;

 private:
  template <class T>
  void check_access(bool writing) const;
  [[noreturn]] void fail_access(DataType requested, std::size_t alignment) const;
  void check_writable() const;
  void check_count(std::size_t value_count) const;
  void check_index(std::int64_t index) const;
  const std::byte* element_address(std::int64_t index) const;
  template <class Wide>
  Wide load(std::int64_t index) const;

  DataType dtype_ = DataType::float32;
  bool read_only_ = false;
  Shape shape_{0};
  std::int64_t element_count_ = 0;
  std::vector<std::int64_t> strides_;  // empty: contiguous
  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

template <class T>
inline void Tensor::check_access(bool writing) const {
  const bool aligned = reinterpret_cast<std::uintptr_t>(data_) % alignof(T) == 0;
  if (dtype_ != data_type_of<T> || !strides_.empty() || !aligned) [[unlikely]]
    fail_access(data_type_of<T>, alignof(T));
  if (writing && read_only_) [[unlikely]]
    check_writable();
}

template <class T>
std::span<const T> Tensor::values() const {
  check_access<T>(false);
  return {static_cast<const T*>(data_), static_cast<std::size_t>(element_count_)};
}

template <class T>
std::span<T> Tensor::mutable_values() {
  check_access<T>(true);
  return {static_cast<T*>(data_), static_cast<std::size_t>(element_count_)};
}

template <class T>
Tensor Tensor::from(std::span<const T> values, Shape shape) {
  Tensor tensor(data_type_of<T>, std::move(shape));
  tensor.check_count(values.size());
  std::copy(values.begin(), values.end(), tensor.mutable_values<T>().begin());
  return tensor;
}

template <class T>
Tensor Tensor::full(Shape shape, T value) {
  Tensor tensor(data_type_of<T>, std::move(shape));
  std::ranges::fill(tensor.mutable_values<T>(), value);
  return tensor;
}

/// The name, type and shape of one input or output of a model.
struct TensorInfo {
  std::string name;
  std::optional<DataType> dtype;  ///< nullopt if the model does not say
  PartialShape shape;

  /// `name [dtype=float32, shape=(1, 'batch')]`
  std::string str() const;
  friend bool operator==(const TensorInfo&, const TensorInfo&) = default;
};

/// The inputs or the outputs of a model, in the model's order.
class TensorMetadata {
 public:
  TensorMetadata() = default;
  TensorMetadata(std::initializer_list<TensorInfo> infos) : infos_(infos) {}
  explicit TensorMetadata(std::vector<TensorInfo> infos) : infos_(std::move(infos)) {}

  std::size_t size() const { return infos_.size(); }
  bool empty() const { return infos_.empty(); }
  const TensorInfo& operator[](std::size_t i) const { return infos_[i]; }
  /// By name. Throws InputError, with the nearest name, if there is none.
  const TensorInfo& operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  std::vector<std::string> names() const;
  void add(TensorInfo info) { infos_.push_back(std::move(info)); }
  auto begin() const { return infos_.begin(); }
  auto end() const { return infos_.end(); }

  /// `{x [dtype=float32, shape=(1, 2)],\n y [dtype=...]}`; the following lines are indented by one space more
  /// than `indent`.
  std::string str(int indent = 0) const;
  friend bool operator==(const TensorMetadata&, const TensorMetadata&) = default;

 private:
  std::vector<TensorInfo> infos_;
};

/// Tensors by name, in the order they were added: what goes into and comes out of a runner.
/// @code
///   TensorMap feed{{"x", Tensor::full(Shape{1, 4}, 1.0f)}};
///   feed["x"].shape();
/// @endcode
class TensorMap {
 public:
  using Entry = std::pair<std::string, Tensor>;

  TensorMap() = default;
  TensorMap(std::initializer_list<Entry> entries);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The tensor of that name, or null.
  const Tensor* find(std::string_view name) const;
  Tensor* find(std::string_view name);
  /// The tensor of that name. Throws InputError, with the nearest name, if there is none.
  const Tensor& operator[](std::string_view name) const;
  Tensor& operator[](std::string_view name);
  /// Adds a tensor, or replaces the one of that name.
  void set(std::string name, Tensor tensor);
  std::vector<std::string> names() const;

  const Entry& at(std::size_t i) const { return entries_[i]; }
  Entry& at(std::size_t i) { return entries_[i]; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  /// Deep copies of all tensors: for keeping results past the runner's next call.
  TensorMap clone() const;
  /// The names, types and shapes of the tensors.
  TensorMetadata metadata() const;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;  // used once there are many entries
};

using FeedDict = TensorMap;

}  // namespace polygraph
