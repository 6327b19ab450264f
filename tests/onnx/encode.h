#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Writes protobuf messages by hand: `bytes(7, graph) + varint(1, 8)`. Field numbers are those of onnx.proto.
namespace polygraph::onnx::encode {

inline std::string raw_varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

inline std::string varint(std::uint64_t number, std::uint64_t value) {
  return raw_varint(number << 3) + raw_varint(value);
}
inline std::string bytes(std::uint64_t number, std::string_view value) {
  return raw_varint(number << 3 | 2) + raw_varint(value.size()) + std::string(value);
}
inline std::string fixed32(std::uint64_t number, float value) {
  return raw_varint(number << 3 | 5) + raw({value});
}
inline std::string fixed64(std::uint64_t number, double value) {
  return raw_varint(number << 3 | 1) + raw({value});
}

/// A TensorProto of a type and shape; `fields` hold its data.
inline std::string tensor(std::string_view name, std::int32_t type, std::initializer_list<std::int64_t> dims,
                          std::string_view fields) {
  std::string out;
  for (const std::int64_t dim : dims) out += varint(1, static_cast<std::uint64_t>(dim));
  return out + varint(2, static_cast<std::uint64_t>(type)) + bytes(8, name) + std::string(fields);
}

inline std::string model(std::string_view graph) {
  return varint(1, 8) + bytes(7, graph) + bytes(8, varint(2, 17));
}

/// The model in these bytes, which it keeps.
inline Model load(std::string encoded, const std::filesystem::path& folder = {}) {
  const auto kept = std::make_shared<const std::string>(std::move(encoded));
  return load_model_from_bytes(std::as_bytes(std::span(*kept)), kept, folder);
}

}  // namespace polygraph::onnx::encode
