#pragma once

#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace polygraph::onnx {

/// The bytes of a tensor's values on their way to a file: in memory or a mapped file, or yet to be computed.
struct Payload {
  Payload() = default;
  Payload(ByteSpan in_memory) : size(in_memory.size()), bytes(in_memory) {}  // NOLINT: the plain case
  Payload(const MappedFile& in_file, ByteSpan part) : size(part.size()), bytes(part), file(in_file) {}
  explicit Payload(const DeferredData& computed) : size(computed.size()), deferred(&computed) {}
  /// The values of a typed field, made into what raw_data would be.
  Payload(const TensorData& tensor, std::uint64_t raw_size) : size(raw_size), decoded(&tensor) {}

  std::uint64_t size = 0;
  ByteSpan bytes;                          ///< if they are there already
  std::optional<MappedFile> file;          ///< what `bytes` lie in, if that is a file
  const DeferredData* deferred = nullptr;  ///< computes them
  const TensorData* decoded = nullptr;     ///< holds them in another form
};

/// The field that holds values of a type where raw_data does not; none for strings.
TensorData::TypedField typed_field_of(DataType dtype);

/// The values of a tensor as raw_data would hold them, wherever they are; nullopt if they cannot be raw:
/// strings, values in a field that does not fit the type, or no values at all. No value is read.
/// Throws InputError if external data cannot be had.
std::optional<Payload> raw_payload(const TensorData& data, const Model& model);

/// Runs `job(0)` to `job(count - 1)` on all cores, each once, in no order; returns when all are done.
/// Rethrows the first exception after the others have ended; jobs that have not begun by then are left out.
void run_in_parallel(std::size_t count, const std::function<void(std::size_t)>& job);

/// How much of deferred data is computed at a time by one thread.
inline constexpr std::size_t deferred_chunk = 4 << 20;

/// All of it, by all cores. `out` has its size.
void read_in_parallel(const DeferredData& data, std::span<std::byte> out);

}  // namespace polygraph::onnx
