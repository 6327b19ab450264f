#pragma once

#include <polygraph/core/tensor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Tensors and what describes them, between two processes of one program on one machine: bytes as they are in
// memory.
namespace polygraph::compare {

/// The other process closed its end.
struct PipeClosed {};
/// It did not answer in time.
struct PipeTimeout {};

/// One end of a socket. Both directions throw PipeClosed; reading throws PipeTimeout, too.
class TensorPipe {
 public:
  explicit TensorPipe(int fd) : fd_(fd) {}

  /// The longest that one `read_message` may wait for its first byte, in seconds; 0: for ever.
  void set_timeout(double seconds) { seconds_ = seconds; }
  /// Waits until there is something to read.
  void wait() const;

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void write(const T& value) { write_bytes(&value, sizeof value); }
  template <class T>
  requires std::is_trivially_copyable_v<T> T read() {
    T value{};
    read_bytes(&value, sizeof value);
    return value;
  }
  void write(std::string_view text);
  std::string read_text();
  void write(const TensorMetadata& metadata);
  TensorMetadata read_metadata();
  void write(const TensorMap& tensors);
  /// Into `tensors`, whose memory is used again where types and shapes have not changed.
  void read(TensorMap& tensors);

  /// Sends what was written.
  void flush();

 private:
  void write_bytes(const void* data, std::size_t size);
  void read_bytes(void* data, std::size_t size);
  void send(const std::byte* data, std::size_t size) const;

  int fd_;
  double seconds_ = 0;
  std::vector<std::byte> pending_;  // small writes, until there are many
};

}  // namespace polygraph::compare
