#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/storage.h>
#include <polygraph/onnx/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

struct Model;

/// Values that are computed when they are needed, in pieces: converted weights that never lie in memory as a
/// whole. Immutable; `read` is called from several threads at once.
class DeferredData {
 public:
  virtual ~DeferredData() = default;
  /// In bytes, as raw_data would hold them.
  virtual std::uint64_t size() const = 0;
  /// Writes the bytes from `offset` on to `out`, all of it. `offset` is a multiple of 64; so is the size of
  /// `out`, unless it reaches to the end. May throw Error.
  virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// TensorProto: a constant tensor. Its values stay where they are: in the mapped file, or in a file beside
/// it; or they are yet to be computed. They are in one place: raw_data, typed_field, string_data, deferred or
/// external data.
struct TensorData {
  /// The field of TensorProto that holds values of a type, by its number.
  enum class TypedField : std::uint8_t {
    none = 0,
    float_data = 4,
    int32_data = 5,
    int64_data = 7,
    double_data = 10,
    uint64_data = 11,
  };
  static constexpr std::int32_t default_location = 0;
  static constexpr std::int32_t external_location = 1;

  std::string_view name = {};
  std::int32_t data_type = 0;  ///< TensorProto.DataType
  std::vector<std::int64_t> dims = {};
  std::optional<ByteSpan> raw_data = {};
  TypedField typed_field = TypedField::none;
  /// The values of `typed_field` as a packed field holds them: varints, or little-endian numbers of fixed
  /// size.
  ByteSpan typed_data = {};
  std::vector<std::string_view> string_data = {};
  std::shared_ptr<const DeferredData> deferred = {};  ///< becomes raw_data when the model is written
  std::optional<std::int32_t> data_location = {};
  std::vector<StringEntry> external_data = {};
  std::string_view doc_string = {};
  std::vector<StringEntry> metadata_props = {};
  UnknownFields unknown = {};

  bool is_external() const { return data_location == external_location; }
};

/// SparseTensorProto: the values that are not zero, and where they are.
struct SparseTensor {
  TensorData values = {};
  TensorData indices = {};  ///< [count, rank], or [count] with linear indices
  std::vector<std::int64_t> dims = {};
  UnknownFields unknown = {};
};

/// Where the bytes of an external tensor are.
struct ExternalData {
  std::string_view location = {};  ///< relative to the model's folder
  std::uint64_t offset = 0;        ///< in bytes
  std::optional<std::uint64_t> length = {};
};

/// The location of an external tensor, read from its entries. Throws InputError if the location is missing or
/// a number is none.
ExternalData external_data_of(const TensorData& data);

/// How many bytes the values take in the model's file or in a file beside it, by what the file says; no
/// payload is read.
std::uint64_t stored_size(const TensorData& data);

enum class Alignment : std::uint8_t {
  required,  ///< copy if the bytes in the file are not aligned for their type
  any,       ///< never copy for alignment: enough for `Tensor::element_as_text` and `Tensor::str`
};

/// The values of a tensor. A read-only view into the mapped file where they lie there as they are in memory
/// (raw or external data, aligned; float_data and double_data alike), else a copy. A view keeps the mapping
/// alive, not the model, unless the model was loaded from borrowed bytes.
///
/// Throws InputError, naming the tensor and the offset of its data, if the type is undefined or not
/// supported, a dimension is negative, the data is missing, in a field that does not fit the type, or not as
/// long as the shape says, or if external data cannot be had (see `Storage::external_file`).
/// @code
///   onnx::Model model = onnx::load_model("model.onnx");
///   Tensor weights = onnx::tensor_of(model.graph.initializers[0], model);
/// @endcode
Tensor tensor_of(const TensorData& data, const Model& model, Alignment alignment = Alignment::required);

/// Gives a tensor other values: its type and dimensions become those of `values`, and its raw_data a view of
/// their memory, which `storage` keeps alive (string_data for strings). Where the values were before,
/// external data included, is forgotten; name, doc_string and metadata stay.
///
/// Nothing is copied but strings and what is not contiguous. The elements of `values` must not change after,
/// and a view made without `keep_alive` must outlive the model.
/// @code
///   onnx::set_data(graph.initializers[0], Tensor::full(Shape{8}, 1.0f), model.storage);
/// @endcode
void set_data(TensorData& data, const Tensor& values, Storage& storage);

/// The same with values that are computed when the model is written or the tensor read. Throws InputError if
/// `values` is not as long as a tensor of that type and shape, or the type is string.
void set_data(TensorData& data, DataType dtype, const Shape& shape,
              std::shared_ptr<const DeferredData> values);

/// Removes the values, wherever they are; type and dimensions stay.
void clear_data(TensorData& data);

}  // namespace polygraph::onnx
