#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/core/shape.h>
#include <polygraph/onnx/box.h>
#include <polygraph/onnx/storage.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Messages and field names are those of onnx.proto (ONNX 1.23, IR version 14). In all of them a text that is
// absent has a null `data()`; one that is present but empty has not.

namespace polygraph::onnx {

/// The data type of a number of TensorProto.DataType; nullopt for UNDEFINED and for numbers that tensors here
/// do not hold (see `element_type_name`).
std::optional<DataType> data_type_of(std::int32_t element_type);

/// The number of TensorProto.DataType for a data type.
std::int32_t element_type_of(DataType dtype);

/// The printed name: that of the data type, `undefined`, `float6e2m3`, `float6e3m2`, or `unknown(99)`.
std::string element_type_name(std::int32_t element_type);

/// StringStringEntryProto: metadata, external data, quantisation parameters.
struct StringEntry {
  std::string_view key = {};
  std::string_view value = {};
  UnknownFields unknown = {};
};

/// The value of the first entry with this key, or null.
const std::string_view* find_entry(const std::vector<StringEntry>& entries, std::string_view key);

/// TensorShapeProto.Dimension: nothing known, a size, or a name.
struct DimensionInfo {
  std::variant<std::monostate, std::int64_t, std::string_view> value = {};
  std::string_view denotation = {};
  UnknownFields unknown = {};
};

/// TensorShapeProto.
struct ShapeInfo {
  std::vector<DimensionInfo> dims = {};
  UnknownFields unknown = {};
};

/// TypeProto: a tensor, or something made of tensors.
struct Type {
  enum class Kind : std::uint8_t { none, tensor, sparse_tensor, sequence, map, optional, opaque };

  Kind kind = Kind::none;
  /// TensorProto.DataType: of the elements of a (sparse) tensor, or of the keys of a map.
  std::optional<std::int32_t> element_type = {};
  /// Of a (sparse) tensor; absent if not even the rank is known.
  Box<ShapeInfo> shape = {};
  /// What a sequence or optional holds, or the values of a map.
  Box<Type> element = {};
  std::string_view opaque_domain = {};
  std::string_view opaque_name = {};
  std::string_view denotation = {};
  UnknownFields content_unknown = {};  ///< in the message of the kind
  UnknownFields unknown = {};          ///< in the TypeProto itself
};

/// `float32`, or `sequence(tensor(float32, shape=(1, 'n')))`, or empty if the type says nothing.
std::string to_string(const Type& type);

/// The shape of a (sparse) tensor; of unknown rank if it is absent. Negative sizes are unknown sizes.
PartialShape partial_shape(const Type& type);

/// ValueInfoProto: the name and type of an input, an output or a value in between.
struct ValueInfo {
  std::string_view name = {};
  Box<Type> type = {};
  std::string_view doc_string = {};
  std::vector<StringEntry> metadata_props = {};
  UnknownFields unknown = {};
};

}  // namespace polygraph::onnx
