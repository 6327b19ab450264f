#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/device_tensor.h>

#include <algorithm>
#include <cstring>

#include "trt/cuda.h"

namespace polygraph::trt {

namespace {

// DLPack's numbers.
constexpr std::int32_t device_cuda = 2;
constexpr std::int32_t device_managed = 13;

struct DlpackType {
  DataType dtype;
  std::uint8_t code;
  std::uint8_t bits;
};
constexpr DlpackType dlpack_types[] = {
    {DataType::int8, 0, 8},
    {DataType::int16, 0, 16},
    {DataType::int32, 0, 32},
    {DataType::int64, 0, 64},
    {DataType::int4, 0, 4},
    {DataType::uint8, 1, 8},
    {DataType::uint16, 1, 16},
    {DataType::uint32, 1, 32},
    {DataType::uint64, 1, 64},
    {DataType::uint4, 1, 4},
    {DataType::float16, 2, 16},
    {DataType::float32, 2, 32},
    {DataType::float64, 2, 64},
    {DataType::bfloat16, 4, 16},
    {DataType::complex64, 5, 64},
    {DataType::complex128, 5, 128},
    {DataType::boolean, 6, 8},
    {DataType::float8e4m3fn, 10, 8},
    {DataType::float8e4m3fnuz, 11, 8},
    {DataType::float8e5m2, 12, 8},
    {DataType::float8e5m2fnuz, 13, 8},
    {DataType::float8e8m0, 14, 8},
    {DataType::float4, 17, 4},
};

DataType type_of(const dlpack::DataTypeCode& code) {
  if (code.lanes == 1)
    for (const DlpackType& type : dlpack_types)
      if (type.code == code.code && type.bits == code.bits) return type.dtype;
  throw InputError(fmt::format("Taking a DLPack tensor: its type (code {}, {} bits, {} lanes) is none that "
                               "tensors have.",
                               code.code, code.bits, code.lanes),
                   "Convert it first.");
}

void require_row_major(const dlpack::TensorView& tensor) {
  if (tensor.strides == nullptr) return;
  std::int64_t expected = 1;
  for (int axis = tensor.ndim - 1; axis >= 0; --axis) {
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected)
      throw InputError(fmt::format("Taking a DLPack tensor: its strides are not those of a row-major array "
                                   "({} along axis {}, not {}).",
                                   tensor.strides[axis], axis, expected),
                       "Make it contiguous first.");
    expected *= tensor.shape[axis];
  }
}

void require_same_size(const DeviceTensor& device, const Tensor& host, const char* doing) {
  if (device.dtype() == host.dtype() && device.shape().element_count() == host.element_count() &&
      host.is_contiguous())
    return;
  throw InputError(fmt::format("{}: one is {} of shape {}, the other {} of shape {}{}.", doing,
                               to_string(device.dtype()), device.shape().str(), to_string(host.dtype()),
                               host.shape().str(), host.is_contiguous() ? "" : ", not contiguous"),
                   "Both need the same type and number of elements, row-major.");
}

void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream,
          const char* doing) {
  if (bytes != 0)
    cuda::check(cuda::functions().memcpy_async(to, from, bytes, kind, stream), "cudaMemcpyAsync", doing);
}

}  // namespace

DeviceTensor::DeviceTensor(DataType dtype, Shape shape) : DeviceTensor(dtype, std::move(shape), 0) {}

DeviceTensor::DeviceTensor(DataType dtype, Shape shape, std::size_t capacity)
    : dtype_(dtype), shape_(std::move(shape)) {
  nbytes_ = packed_size(dtype, shape_.element_count());
  capacity_ = std::max(capacity, nbytes_);
  auto buffer = std::make_shared<cuda::Buffer>(cuda::Buffer::Kind::device);
  buffer->reserve(capacity_, "Making a device tensor");
  data_ = buffer->data();
  owner_ = std::move(buffer);
}

DeviceTensor DeviceTensor::view(void* data, DataType dtype, Shape shape,
                                std::shared_ptr<const void> keep_alive, std::size_t capacity) {
  DeviceTensor made;
  made.nbytes_ = packed_size(dtype, shape.element_count());
  made.capacity_ = std::max(capacity, made.nbytes_);
  made.dtype_ = dtype;
  made.shape_ = std::move(shape);
  made.data_ = data;
  made.owner_ = std::move(keep_alive);
  return made;
}

DeviceTensor DeviceTensor::from_host(const Tensor& tensor) {
  DeviceTensor made(tensor.dtype(), tensor.shape());
  made.copy_from(tensor, Stream());
  Stream().synchronize();
  return made;
}

Tensor DeviceTensor::to_host() const {
  Tensor made(dtype_, shape_);
  copy_to(made, Stream());
  Stream().synchronize();
  return made;
}

void DeviceTensor::copy_from(const Tensor& host, const Stream& stream) {
  require_same_size(*this, host, "Copying to a device tensor");
  copy(data_, host.data(), nbytes_, cudaMemcpyHostToDevice, stream.native(), "Copying to a device tensor");
}

void DeviceTensor::copy_to(Tensor& host, const Stream& stream) const {
  require_same_size(*this, host, "Copying from a device tensor");
  copy(host.mutable_data(), data_, nbytes_, cudaMemcpyDeviceToHost, stream.native(),
       "Copying from a device tensor");
}

void DeviceTensor::reset_view(void* data, DataType dtype, std::span<const std::int64_t> dims,
                              std::size_t capacity) {
  shape_.assign(dims);
  dtype_ = dtype;
  nbytes_ = packed_size(dtype, shape_.element_count());
  capacity_ = std::max(capacity, nbytes_);
  data_ = data;
  owner_.reset();
}

DeviceTensor DeviceTensor::from_dlpack(dlpack::ManagedTensor* managed) {
  const dlpack::TensorView& tensor = managed->tensor;
  if (tensor.device.type != device_cuda && tensor.device.type != device_managed)
    throw InputError(fmt::format("Taking a DLPack tensor: it is on a device of type {}, not on a GPU of "
                                 "NVIDIA's (2 or 13).",
                                 tensor.device.type),
                     "Move it to the GPU first.");
  const DataType dtype = type_of(tensor.dtype);
  require_row_major(tensor);
  Shape shape(std::span<const std::int64_t>(tensor.shape, static_cast<std::size_t>(tensor.ndim)));
  DeviceTensor made;
  made.nbytes_ = packed_size(dtype, shape.element_count());
  made.capacity_ = made.nbytes_;
  made.dtype_ = dtype;
  made.shape_ = std::move(shape);
  made.data_ = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  made.owner_ = std::shared_ptr<const void>(managed, [managed](const void*) {
    if (managed->deleter != nullptr) managed->deleter(managed);
  });
  return made;
}

dlpack::ManagedTensor* DeviceTensor::to_dlpack() const {
  struct Shared {
    dlpack::ManagedTensor managed{};
    DeviceTensor tensor;
    std::vector<std::int64_t> shape;
  };
  const DlpackType* type = nullptr;
  for (const DlpackType& candidate : dlpack_types)
    if (candidate.dtype == dtype_) type = &candidate;
  if (type == nullptr)
    throw InputError(fmt::format("Making a DLPack tensor: DLPack has no type for {}.", to_string(dtype_)),
                     "Convert it first.");
  const int device = data_ != nullptr ? cuda::attributes_of(data_).device : 0;

  auto shared = std::make_unique<Shared>();
  shared->tensor = *this;
  shared->shape.assign(shape_.begin(), shape_.end());
  shared->managed.tensor = {data_,
                            {device_cuda, device},
                            static_cast<std::int32_t>(shape_.rank()),
                            {type->code, type->bits, 1},
                            shared->shape.data(),
                            nullptr,
                            0};
  shared->managed.manager_context = shared.get();
  shared->managed.deleter = [](dlpack::ManagedTensor* self) {
    delete static_cast<Shared*>(self->manager_context);
  };
  return &shared.release()->managed;
}

Tensor pinned_tensor(DataType dtype, const Shape& shape) {
  const std::size_t bytes = packed_size(dtype, shape.element_count());
  auto buffer = std::make_shared<cuda::Buffer>(cuda::Buffer::Kind::pinned);
  buffer->reserve(bytes, "Making a pinned tensor");
  void* const data = buffer->data();
  std::memset(data, 0, bytes);
  return Tensor::view(data, dtype, shape, std::move(buffer));
}

const DeviceTensor* DeviceTensorMap::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

const DeviceTensor& DeviceTensorMap::operator[](std::string_view name) const {
  if (const DeviceTensor* const found = find(name)) return *found;
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.first);
  throw InputError(fmt::format("There is no device tensor '{}'.{}", name, suggest(name, names)));
}

void DeviceTensorMap::set(std::string name, DeviceTensor tensor) {
  for (Entry& entry : entries_)
    if (entry.first == name) {
      entry.second = std::move(tensor);
      return;
    }
  entries_.emplace_back(std::move(name), std::move(tensor));
}

}  // namespace polygraph::trt
