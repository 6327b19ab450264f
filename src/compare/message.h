#pragma once

#include <polygraph/compare/iteration_result.h>
#include <polygraph/core/bytes.h>
#include <polygraph/core/tensor.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// What ranks tell each other, as bytes: numbers as they are in memory, lists and texts behind their length.

namespace polygraph::compare::detail {

/// Puts a message together.
class MessageWriter {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void write(T value) { write_bytes(&value, sizeof value); }
  template <class T>
  void write(const std::optional<T>& value) {
    write(value.has_value());
    if (value) write(*value);
  }
  void write(std::string_view text);
  void write(const std::string& text) { write(std::string_view(text)); }
  void write(const std::vector<std::string>& texts);
  void write(const Tensor& tensor);
  void write(const TensorMap& tensors);
  void write_size(std::size_t count) { write(static_cast<std::uint64_t>(count)); }
  void write_bytes(const void* data, std::size_t size);

  Bytes take() { return Bytes(std::move(bytes_)); }

 private:
  std::vector<std::byte> bytes_;
};

/// Takes a message apart. Every function throws InputError where the bytes do not hold what is read.
class MessageReader {
 public:
  explicit MessageReader(const Bytes& message) : message_(message) {}

  template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>) T read() {
    T value{};
    read_bytes(&value, sizeof value);
    return value;
  }
  bool read_bool();
  /// One of an enumeration's first `count` values.
  template <class T>
  requires std::is_enum_v<T> T read_enum(std::size_t count) {
    const auto value = read<std::underlying_type_t<T>>();
    if (value < 0 || static_cast<std::size_t>(value) >= count) fail();
    return static_cast<T>(value);
  }
  template <class Read>
  auto read_optional(const Read& read) -> std::optional<decltype(read())> {
    if (!read_bool()) return std::nullopt;
    return read();
  }
  template <class T>
  std::optional<T> read_optional() {
    return read_optional([&] { return read<T>(); });
  }
  std::string read_text();
  std::vector<std::string> read_texts();
  /// The tensors share the message's memory.
  Tensor read_tensor();
  TensorMap read_tensors();
  DataType read_data_type();
  Shape read_shape();
  /// How many elements follow, each of at least `least` bytes: no more than the message has room for.
  std::size_t read_size(std::size_t least = 1);
  /// Throws unless everything has been read.
  void expect_end() const;

 private:
  [[noreturn]] static void fail();
  void read_bytes(void* data, std::size_t size);
  const std::byte* take(std::size_t size);

  Bytes message_;
  std::size_t position_ = 0;
};

/// An error, to be thrown elsewhere.
void write_error(MessageWriter& writer, const std::exception_ptr& error);
/// One of the class of the other, whose text begins with who it is from.
std::exception_ptr read_error(MessageReader& reader, const std::string& from);

}  // namespace polygraph::compare::detail
