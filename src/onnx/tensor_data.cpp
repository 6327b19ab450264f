#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/tensor_data.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "onnx/payload.h"
#include "onnx/wire.h"

namespace polygraph::onnx {
namespace {

using TypedField = TensorData::TypedField;

std::string_view field_name(TypedField field) {
  switch (field) {
    case TypedField::none:
      return "none";
    case TypedField::float_data:
      return "float_data";
    case TypedField::int32_data:
      return "int32_data";
    case TypedField::int64_data:
      return "int64_data";
    case TypedField::double_data:
      return "double_data";
    case TypedField::uint64_data:
      return "uint64_data";
  }
  return "";
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads the values of one tensor.
class TensorReader {
 public:
  TensorReader(const TensorData& data, const Model& model, Alignment alignment)
      : data_(data), model_(model), alignment_(alignment) {}

  Tensor read() const {
    const std::optional<DataType> dtype = data_type_of(data_.data_type);
    if (!dtype) {
      fail(fmt::format("its type is {} (number {})", element_type_name(data_.data_type), data_.data_type),
           "Allowed are the types from float32 (1) to int2 (26) of TensorProto.DataType.");
    }
    const Shape shape = checked_shape();
    if (*dtype == DataType::string) return read_strings(shape);
    const std::size_t size = packed_size(*dtype, shape.element_count());
    if (data_.deferred) return read_deferred(*dtype, shape, size);
    if (data_.is_external()) return read_external(*dtype, shape, size);
    if (data_.raw_data)
      return read_bytes(*dtype, shape, size, *data_.raw_data, "raw_data", model_.storage.keep_alive());
    return read_typed(*dtype, shape, size);
  }

 private:
  [[noreturn]] void fail(const std::string& problem, std::string remedy = {}, ByteSpan at = {}) const {
    const auto offset = model_.storage.offset_of(at);
    throw InputError(
        fmt::format("Cannot read the values of tensor '{}' of {}: {}{}.", data_.name, model_.storage.name(),
                    problem, offset ? fmt::format(" (at byte {})", *offset) : std::string()),
        std::move(remedy));
  }

  Shape checked_shape() const {
    for (const std::int64_t dim : data_.dims)
      if (dim < 0) fail(fmt::format("its shape {} has a negative dimension", Shape(data_.dims).str()));
    Shape shape(data_.dims);
    try {
      static_cast<void>(shape.element_count());
    } catch (const InputError&) {
      fail(fmt::format("its shape {} has more elements than fit into 64 bits", shape.str()));
    }
    return shape;
  }

  [[noreturn]] void fail_length(DataType dtype, const Shape& shape, std::string_view field,
                                std::uint64_t expected, std::uint64_t found, std::string_view unit,
                                ByteSpan at = {}) const {
    fail(fmt::format("its {} holds {} {}, but a {} tensor of shape {} has {}", field, found, unit,
                     polygraph::to_string(dtype), shape.str(), expected),
         "Export the model again: its tensor data is damaged.", at);
  }

  Tensor read_strings(const Shape& shape) const {
    if (data_.raw_data || data_.is_external() || data_.typed_field != TypedField::none)
      fail("its type is string, but its values are not in string_data");
    const auto count = static_cast<std::uint64_t>(shape.element_count());
    if (data_.string_data.size() != count)
      fail_length(DataType::string, shape, "string_data", count, data_.string_data.size(), "values");
    Tensor tensor(DataType::string, shape);
    std::ranges::copy(data_.string_data, tensor.mutable_strings().begin());
    return tensor;
  }

  /// Values as they are in memory.
  Tensor read_bytes(DataType dtype, const Shape& shape, std::size_t size, ByteSpan bytes,
                    std::string_view field, const std::shared_ptr<const void>& keep_alive) const {
    if (bytes.size() != size) fail_length(dtype, shape, field, size, bytes.size(), "bytes", bytes);
    // Any bit pattern but 0 and 1 in a bool is undefined behaviour in C++.
    const bool is_valid = dtype != DataType::boolean || std::ranges::all_of(bytes, [](std::byte b) {
                            return std::to_integer<int>(b) <= 1;
                          });
    const std::size_t item = static_cast<std::size_t>(std::max(bit_width(dtype) / 8, 1));
    const std::size_t alignment = std::min<std::size_t>(item, 8);
    const bool is_aligned =
        alignment_ == Alignment::any || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0;
    // What is in the arena of the model lives only as long as the model.
    const bool outlives_model = field == "external data" || model_.storage.offset_of(bytes).has_value();
    if (is_valid && is_aligned && outlives_model && size != 0)
      return Tensor::view(static_cast<const void*>(bytes.data()), dtype, shape, keep_alive);

    Tensor tensor(dtype, shape);
    if (size == 0) return tensor;
    auto* target = static_cast<std::byte*>(tensor.mutable_data());
    if (dtype == DataType::boolean)
      std::ranges::transform(bytes, target, [](std::byte b) { return std::byte(b != std::byte{0}); });
    else
      std::memcpy(target, bytes.data(), size);
    return tensor;
  }

  Tensor read_deferred(DataType dtype, const Shape& shape, std::size_t size) const {
    if (data_.deferred->size() != size)
      fail_length(dtype, shape, "deferred data", size, data_.deferred->size(), "bytes");
    Tensor tensor(dtype, shape);
    if (size == 0) return tensor;
    read_in_parallel(*data_.deferred, {static_cast<std::byte*>(tensor.mutable_data()), size});
    return tensor;
  }

  Tensor read_external(DataType dtype, const Shape& shape, std::size_t size) const {
    const ExternalData external = external_data_of(data_);
    const MappedFile file = model_.storage.external_file(external.location);
    if (external.length && *external.length != size)
      fail_length(dtype, shape, "external data", size, *external.length, "bytes");
    if (external.offset > file.size() || size > file.size() - external.offset) {
      fail(fmt::format("its external data are the bytes {} to {} of '{}', which has {}", external.offset,
                       external.offset + size, external.location, file.size()),
           "Check that the data file was copied whole and belongs to this model.");
    }
    return read_bytes(dtype, shape, size, file.bytes().subspan(external.offset, size), "external data",
                      file.keep_alive());
  }

  Tensor read_typed(DataType dtype, const Shape& shape, std::size_t size) const {
    const TypedField wanted = typed_field_of(dtype);
    if (data_.typed_field == TypedField::none && data_.string_data.empty()) {
      if (size == 0) return Tensor(dtype, shape);
      fail(fmt::format("it has no data, but a {} tensor of shape {} has {} bytes",
                       polygraph::to_string(dtype), shape.str(), size),
           "Restore its weights if they were stripped.");
    }
    if (data_.typed_field != wanted) {
      fail(fmt::format("its type is {}, but its values are in {}", polygraph::to_string(dtype),
                       data_.typed_field == TypedField::none ? "string_data" : field_name(data_.typed_field)),
           fmt::format("Values of this type belong into raw_data or {}.", field_name(wanted)),
           data_.typed_data);
    }
    if (wanted == TypedField::float_data || wanted == TypedField::double_data)
      return read_bytes(dtype, shape, size, data_.typed_data, field_name(wanted),
                        model_.storage.keep_alive());
    return read_varints(dtype, shape, size);
  }

  /// One varint for each element, or for each byte of packed elements; the low bits of each count.
  Tensor read_varints(DataType dtype, const Shape& shape, std::size_t size) const {
    const std::size_t item = static_cast<std::size_t>(std::max(bit_width(dtype) / 8, 1));
    const std::size_t count = size / item;
    const std::byte* p = data_.typed_data.data();
    const std::byte* const end = p + data_.typed_data.size();
    // Each varint ends with the one byte that is below 0x80.
    const auto found = static_cast<std::size_t>(
        std::count_if(p, end, [](std::byte b) { return std::to_integer<unsigned>(b) < 0x80; }));
    if (found != count)
      fail_length(dtype, shape, field_name(data_.typed_field), count, found, "values", data_.typed_data);

    Tensor tensor(dtype, shape);
    auto* target = static_cast<std::byte*>(tensor.mutable_data());
    for (std::size_t i = 0; i < count; ++i, target += item) {
      std::uint64_t value = 0;
      if (!read_varint(p, end, value))
        fail(fmt::format("value {} of its {} is longer than 64 bits", i, field_name(data_.typed_field)), {},
             data_.typed_data);
      if (dtype == DataType::boolean) value = value != 0;
      std::memcpy(target, &value, item);
    }
    if (p != end)
      fail(fmt::format("its {} ends in the middle of a value", field_name(data_.typed_field)), {},
           data_.typed_data);
    return tensor;
  }

  const TensorData& data_;
  const Model& model_;
  const Alignment alignment_;
};

}  // namespace

// By the comments of TensorProto in onnx.proto.
TensorData::TypedField typed_field_of(DataType dtype) {
  switch (dtype) {
    case DataType::float32:
    case DataType::complex64:
      return TypedField::float_data;
    case DataType::float64:
    case DataType::complex128:
      return TypedField::double_data;
    case DataType::int64:
      return TypedField::int64_data;
    case DataType::uint32:
    case DataType::uint64:
      return TypedField::uint64_data;
    case DataType::string:
      return TypedField::none;
    default:
      return TypedField::int32_data;
  }
}

ExternalData external_data_of(const TensorData& data) {
  const auto number = [&](std::string_view key) -> std::optional<std::uint64_t> {
    const std::string_view* text = find_entry(data.external_data, key);
    if (!text) return std::nullopt;
    if (const auto value = parse_number(*text)) return value;
    throw InputError(
        fmt::format("Cannot read the external data of tensor '{}': its {} is '{}'.", data.name, key, *text),
        "Allowed are whole numbers from 0 on.");
  };
  const std::string_view* location = find_entry(data.external_data, "location");
  if (!location)
    throw InputError(
        fmt::format("Cannot read the external data of tensor '{}': it has no location.", data.name),
        "Save the model again with its external data.");
  return {*location, number("offset").value_or(0), number("length")};
}

std::uint64_t stored_size(const TensorData& data) {
  if (data.deferred) return data.deferred->size();
  if (data.is_external()) {
    const std::string_view* length = find_entry(data.external_data, "length");
    return length ? parse_number(*length).value_or(0) : 0;
  }
  std::uint64_t size = data.raw_data ? data.raw_data->size() : data.typed_data.size();
  for (const std::string_view text : data.string_data) size += text.size();
  return size;
}

Tensor tensor_of(const TensorData& data, const Model& model, Alignment alignment) {
  return TensorReader(data, model, alignment).read();
}

void clear_data(TensorData& data) {
  data.raw_data.reset();
  data.typed_field = TypedField::none;
  data.typed_data = {};
  data.string_data.clear();
  data.deferred.reset();
  data.data_location.reset();
  data.external_data.clear();
}

void set_data(TensorData& data, const Tensor& values, Storage& storage) {
  clear_data(data);
  data.data_type = element_type_of(values.dtype());
  data.dims.assign(values.shape().begin(), values.shape().end());
  if (values.dtype() == DataType::string) {
    for (const std::string& text : values.strings()) data.string_data.push_back(storage.intern(text));
    return;
  }
  const auto kept = std::make_shared<const Tensor>(values.contiguous());
  data.raw_data = ByteSpan(static_cast<const std::byte*>(kept->data()), kept->nbytes());
  storage.hold(kept);
}

void set_data(TensorData& data, DataType dtype, const Shape& shape,
              std::shared_ptr<const DeferredData> values) {
  const std::size_t size = packed_size(dtype, shape.element_count());
  if (values->size() != size) {
    throw InputError(fmt::format("Cannot give {} bytes to tensor '{}': a {} tensor of shape {} has {}.",
                                 values->size(), data.name, polygraph::to_string(dtype), shape.str(), size));
  }
  clear_data(data);
  data.data_type = element_type_of(dtype);
  data.dims.assign(shape.begin(), shape.end());
  data.deferred = std::move(values);
}

}  // namespace polygraph::onnx
