#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <cstring>
#include <new>

namespace polygraph {
namespace {

constexpr std::align_val_t memory_alignment{64};

std::shared_ptr<void> allocate_zeroed(std::size_t size) {
  // At least one byte, so that a tensor without elements has an address too.
  void* memory = ::operator new(std::max<std::size_t>(size, 1), memory_alignment);
  std::memset(memory, 0, size);
  return {memory, [](void* p) { ::operator delete(p, memory_alignment); }};
}

void check_view(const void* data, DataType dtype, const Shape& shape, std::int64_t count) {
  if (dtype != DataType::string) packed_size(dtype, count);  // throws if it overflows
  if (data == nullptr && count != 0) {
    throw InputError(fmt::format("Cannot view {} elements of type {} and shape {} at a null address.", count,
                                 to_string(dtype), shape.str()));
  }
}

std::vector<std::int64_t> row_major_strides(const Shape& shape, std::int64_t item_size) {
  std::vector<std::int64_t> strides(shape.rank());
  auto stride = static_cast<std::uint64_t>(item_size);  // may wrap if there are no elements
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    strides[axis] = static_cast<std::int64_t>(stride);
    stride *= static_cast<std::uint64_t>(std::max<std::int64_t>(shape[axis], 1));
  }
  return strides;
}

}  // namespace

Tensor::Tensor() = default;

Tensor::Tensor(DataType dtype, Shape shape)
    : dtype_(dtype), shape_(std::move(shape)), element_count_(shape_.element_count()) {
  if (dtype == DataType::string) {
    auto strings = std::make_shared<std::vector<std::string>>(static_cast<std::size_t>(element_count_));
    data_ = strings->data();
    owner_ = std::move(strings);
  } else {
    auto memory = allocate_zeroed(packed_size(dtype, element_count_));
    data_ = memory.get();
    owner_ = std::move(memory);
  }
}

Tensor Tensor::view(void* data, DataType dtype, Shape shape, std::shared_ptr<const void> keep_alive) {
  Tensor tensor;
  tensor.element_count_ = shape.element_count();
  check_view(data, dtype, shape, tensor.element_count_);
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.data_ = data;
  tensor.owner_ = std::move(keep_alive);
  return tensor;
}

Tensor Tensor::view(const void* data, DataType dtype, Shape shape, std::shared_ptr<const void> keep_alive) {
  Tensor tensor = view(const_cast<void*>(data), dtype, std::move(shape), std::move(keep_alive));
  tensor.read_only_ = true;
  return tensor;
}

Tensor Tensor::strided_view(void* data, DataType dtype, Shape shape, std::vector<std::int64_t> strides,
                            std::shared_ptr<const void> keep_alive) {
  const int bits = bit_width(dtype);
  if (bits < 8) {
    throw InputError(fmt::format("Cannot view elements of type {} with strides: they are not whole bytes.",
                                 to_string(dtype)),
                     "Copy the elements into a contiguous tensor.");
  }
  if (strides.size() != shape.rank()) {
    throw InputError(
        fmt::format("Cannot view a tensor of shape {} with {} strides: there must be one per axis.",
                    shape.str(), strides.size()));
  }
  Tensor tensor = view(data, dtype, std::move(shape), std::move(keep_alive));
  const std::vector<std::int64_t> packed = row_major_strides(tensor.shape_, bits / 8);
  for (std::size_t axis = 0; axis < strides.size() && tensor.element_count_ > 1; ++axis) {
    // A stride along an axis of one element is never taken.
    if (tensor.shape_[axis] != 1 && strides[axis] != packed[axis]) {
      tensor.strides_ = std::move(strides);
      break;
    }
  }
  return tensor;
}

std::size_t Tensor::nbytes() const {
  if (dtype_ != DataType::string) return packed_size(dtype_, element_count_);
  std::size_t total = 0;
  for (const std::string& s : strings()) total += s.size();
  return total;
}

std::vector<std::int64_t> Tensor::strides() const {
  if (!strides_.empty()) return strides_;
  if (const int bits = bit_width(dtype_); bits >= 8) return row_major_strides(shape_, bits / 8);
  throw InputError(fmt::format(
      "Cannot give the strides in bytes of a tensor of type {}: its elements are not whole bytes.",
      to_string(dtype_)));
}

const void* Tensor::data() const {
  if (dtype_ == DataType::string) {
    throw InputError("Cannot give the address of the elements of a string tensor as plain memory.",
                     "Read them with Tensor::strings().");
  }
  return data_;
}

void* Tensor::mutable_data() {
  if (dtype_ == DataType::string) {
    throw InputError("Cannot give the address of the elements of a string tensor as plain memory.",
                     "Write them through Tensor::mutable_strings().");
  }
  check_writable();
  return data_;
}

std::span<const std::string> Tensor::strings() const {
  return values<std::string>();
}

std::span<std::string> Tensor::mutable_strings() {
  return mutable_values<std::string>();
}

void Tensor::fail_access(DataType requested, std::size_t alignment) const {
  if (dtype_ != requested) {
    throw InputError(
        fmt::format("Cannot access a tensor of type {} as {}.", to_string(dtype_), to_string(requested)),
        fmt::format("Access it as {} or convert it with Tensor::cast().", to_string(dtype_)));
  }
  if (!is_contiguous()) {
    throw InputError(
        fmt::format("Cannot access the elements of a {} tensor of shape {} as a span: it is not contiguous.",
                    to_string(dtype_), shape_.str()),
        "Make it contiguous with Tensor::contiguous().");
  }
  throw InputError(
      fmt::format("Cannot access {} elements as a span at address {}: it is not a multiple of {}.",
                  to_string(dtype_), fmt::ptr(data_), alignment),
      "Copy the tensor with Tensor::clone(): owned memory is aligned.");
}

void Tensor::check_writable() const {
  if (read_only_) {
    throw InputError(fmt::format("Cannot write to a tensor of type {} and shape {}: it is read-only.",
                                 to_string(dtype_), shape_.str()),
                     "Write to a copy made by Tensor::clone().");
  }
}

void Tensor::check_count(std::size_t value_count) const {
  if (value_count != static_cast<std::size_t>(element_count_)) {
    throw InputError(fmt::format("Cannot make a tensor of shape {}, which has {} elements, from {} values.",
                                 shape_.str(), element_count_, value_count));
  }
}

void Tensor::check_index(std::int64_t index) const {
  if (index < 0 || index >= element_count_) {
    throw InputError(fmt::format("Cannot read element {} of a tensor of shape {}, which has {} elements.",
                                 index, shape_.str(), element_count_));
  }
}

const std::byte* Tensor::element_address(std::int64_t index) const {
  const auto* first = static_cast<const std::byte*>(data_);
  if (strides_.empty()) {
    if (dtype_ == DataType::string) return first + index * static_cast<std::int64_t>(sizeof(std::string));
    const int bits = bit_width(dtype_);
    return bits < 8 ? first + index / (8 / bits) : first + index * (bits / 8);
  }
  std::int64_t offset = 0;
  for (std::size_t axis = shape_.rank(); axis-- > 0;) {
    offset += index % shape_[axis] * strides_[axis];
    index /= shape_[axis];
  }
  return first + offset;
}

Tensor Tensor::clone() const {
  Tensor copy(dtype_, shape_);
  if (dtype_ == DataType::string) {
    std::ranges::copy(strings(), copy.mutable_strings().begin());
  } else if (strides_.empty()) {
    if (element_count_ != 0) std::memcpy(copy.data_, data_, nbytes());
  } else {
    // Row by row along the last axis; the rank is at least 1, since a scalar is always contiguous.
    const std::int64_t length = shape_[shape_.rank() - 1];
    const std::int64_t stride = strides_.back();
    const auto item_size = static_cast<std::size_t>(bit_width(dtype_) / 8);
    auto* target = static_cast<std::byte*>(copy.data_);
    for (std::int64_t row = 0; row < element_count_; row += length) {
      const std::byte* source = element_address(row);
      for (std::int64_t i = 0; i < length; ++i, target += item_size)
        std::memcpy(target, source + i * stride, item_size);
    }
  }
  return copy;
}

Tensor Tensor::contiguous() const {
  return is_contiguous() ? *this : clone();
}

Tensor Tensor::reshaped(Shape shape) const {
  if (!is_contiguous()) {
    throw InputError(fmt::format("Cannot reshape a tensor of shape {} to {}: it is not contiguous.",
                                 shape_.str(), shape.str()),
                     "Make it contiguous with Tensor::contiguous() first.");
  }
  if (shape.element_count() != element_count_) {
    throw InputError(fmt::format("Cannot reshape a tensor of shape {} with {} elements to {}, which has {}.",
                                 shape_.str(), element_count_, shape.str(), shape.element_count()));
  }
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

void Tensor::reset_view(void* data, DataType dtype, std::span<const std::int64_t> dims) {
  std::int64_t count = 1;
  bool valid = true;
  for (const std::int64_t dim : dims)
    valid = valid && dim >= 0 && !__builtin_mul_overflow(count, dim, &count);
  // The rare cases allocate a Shape: overflow (unless a later dimension is 0), negative sizes, a null
  // address.
  if (!valid) count = Shape(dims).element_count();
  if (data == nullptr && count != 0) check_view(data, dtype, Shape(dims), count);
  if (dtype != DataType::string) packed_size(dtype, count);
  shape_.assign(dims);
  strides_.clear();
  owner_.reset();
  dtype_ = dtype;
  read_only_ = false;
  element_count_ = count;
  data_ = data;
}

}  // namespace polygraph
