#pragma once

#include <polygraph/onnx/storage.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

// The protocol buffers wire format, after protobuf.dev/programming-guides/encoding, with lengths of 64 bits.
// Groups are not read: no version of ONNX has any.

namespace polygraph::onnx {

/// Where the reader is, for messages: the chain of fields from the model down. Lives on the stack.
struct FieldPath {
  const FieldPath* parent = nullptr;
  const char* name = nullptr;
  std::int64_t index = -1;  ///< among the repetitions of the field; -1 if it is not repeated

  /// `model.graph.node[3]`
  std::string str() const;
};

/// Throws InputError: `problem` at byte `at` of the model, in the message at `path`.
[[noreturn]] void fail_at(const Storage& storage, const std::byte* at, const FieldPath& path,
                          const std::string& problem);

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

/// One field of a message.
struct WireField {
  std::uint64_t tag = 0;    ///< number and wire type, as `tag_of` gives them
  std::uint64_t value = 0;  ///< of a varint or a number of fixed size
  ByteSpan payload;         ///< of a length-delimited field
  ByteSpan whole;           ///< tag included

  WireType type() const { return static_cast<WireType>(tag & 7); }
  std::int64_t as_int64() const { return static_cast<std::int64_t>(value); }
  std::int32_t as_int32() const { return static_cast<std::int32_t>(value); }
  float as_float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }
  std::string_view as_text() const { return {reinterpret_cast<const char*>(payload.data()), payload.size()}; }
};

constexpr std::uint64_t tag_of(std::uint64_t number, WireType type) {
  return number << 3 | static_cast<std::uint64_t>(type);
}
constexpr std::uint64_t varint_tag(std::uint64_t number) {
  return tag_of(number, WireType::varint);
}
constexpr std::uint64_t fixed32_tag(std::uint64_t number) {
  return tag_of(number, WireType::fixed32);
}
constexpr std::uint64_t fixed64_tag(std::uint64_t number) {
  return tag_of(number, WireType::fixed64);
}
constexpr std::uint64_t bytes_tag(std::uint64_t number) {
  return tag_of(number, WireType::length_delimited);
}

/// Reads one varint from `p` and moves `p` behind it; false if it is cut off or longer than 64 bits.
inline bool read_varint(const std::byte*& p, const std::byte* end, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 70 && p != end; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(*p++);
    if (shift == 63 && byte > 1) return false;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Writes one varint to `p`, where there must be room for 10 bytes, and moves `p` behind it.
inline void write_varint(std::byte*& p, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *p++ = static_cast<std::byte>(value | 0x80);
  *p++ = static_cast<std::byte>(value);
}

/// The fields of one message, in order. Payloads are skipped, not read.
class WireReader {
 public:
  WireReader(ByteSpan message, const Storage& storage, const FieldPath& path)
      : position_(message.data()), end_(message.data() + message.size()), storage_(storage), path_(path) {}

  /// Moves to the next field; false at the end of the message.
  bool next(WireField& field) {
    if (position_ == end_) return false;
    const std::byte* const start = position_;
    if (!read_varint(position_, end_, field.tag)) fail(start, "a field number is cut off");
    const std::uint64_t number = field.tag >> 3;
    if (number == 0 || number > max_field_number) fail_number(start, number);
    switch (field.type()) {
      case WireType::varint:
        if (!read_varint(position_, end_, field.value)) fail(start, "a number is cut off");
        break;
      case WireType::fixed64:
        read_fixed<std::uint64_t>(start, field.value);
        break;
      case WireType::fixed32:
        read_fixed<std::uint32_t>(start, field.value);
        break;
      case WireType::length_delimited: {
        std::uint64_t length = 0;
        if (!read_varint(position_, end_, length)) fail(start, "a length is cut off");
        const auto left = static_cast<std::uint64_t>(end_ - position_);
        if (length > left) fail_length(start, number, length, left);
        field.payload = {position_, static_cast<std::size_t>(length)};
        position_ += length;
        break;
      }
      default:
        fail_type(start, number, static_cast<int>(field.tag & 7));
    }
    field.whole = {start, static_cast<std::size_t>(position_ - start)};
    return true;
  }

 private:
  static constexpr std::uint64_t max_field_number = (1u << 29) - 1;

  template <class T>
  void read_fixed(const std::byte* start, std::uint64_t& value) {
    if (static_cast<std::size_t>(end_ - position_) < sizeof(T)) fail(start, "a number is cut off");
    T bits;
    std::memcpy(&bits, position_, sizeof bits);
    position_ += sizeof bits;
    value = bits;
  }
  [[noreturn]] void fail(const std::byte* at, const char* problem) const;
  [[noreturn]] void fail_number(const std::byte* at, std::uint64_t number) const;
  [[noreturn]] void fail_type(const std::byte* at, std::uint64_t number, int type) const;
  [[noreturn]] void fail_length(const std::byte* at, std::uint64_t number, std::uint64_t length,
                                std::uint64_t left) const;

  const std::byte* position_;
  const std::byte* end_;
  const Storage& storage_;
  const FieldPath& path_;
};

}  // namespace polygraph::onnx
