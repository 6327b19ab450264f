#pragma once

#include <memory>

using cudaStream_t = struct CUstream_st*;  // as CUDA has it

namespace polygraph::trt {

/// A CUDA stream: work on the GPU that is done in order. A handle: copies are the same stream.
/// Either owned (destroyed with the last copy) or one of the caller's, which is kept alive by what the caller
/// gives with it, or by the caller.
///
/// Thread-safe as CUDA's streams are: several threads may submit to one.
/// @code
///   Stream own = Stream::create();
///   Stream theirs = Stream::view(existing_stream);
///   own.synchronize();
/// @endcode
class Stream {
 public:
  /// The default stream of CUDA.
  Stream() = default;
  /// A new stream on the current device that does not wait for the default stream. Throws BackendError if
  /// CUDA cannot be opened or has no GPU.
  static Stream create();
  /// A stream of the caller's, who destroys it when the last copy is gone: what uses it has it still, and
  /// CUDA crashes on a stream that was destroyed rather than say so.
  /// @param keep_alive  What has the stream, and lives as long as a copy does. So the stream cannot go early.
  static Stream view(cudaStream_t stream, std::shared_ptr<void> keep_alive = {});

  cudaStream_t native() const { return stream_; }
  /// Waits until everything submitted so far is done. Throws BackendError for what failed on the GPU.
  void synchronize() const;

  friend bool operator==(const Stream& a, const Stream& b) { return a.stream_ == b.stream_; }

 private:
  cudaStream_t stream_ = nullptr;
  std::shared_ptr<void> owner_;
};

}  // namespace polygraph::trt
