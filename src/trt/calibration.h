#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/trt/calibrator.h>
#include <polygraph/trt/device_tensor.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>

namespace polygraph::trt {

/// One calibration: answers what TensorRT's calibrators are asked while an engine is built
/// (versions/calibrator.h makes one of those of it). What goes wrong meanwhile is kept, since TensorRT's
/// interface takes no errors: calibration then ends, nothing is written, and `finish` tells.
class Calibration {
 public:
  /// Reads the cache, if there is one. Throws InputError if it cannot be read, or if there is none and none
  /// can be written there.
  Calibration(Calibrator calibrator, TensorMetadata inputs);

  const CalibratorOptions& options() const { return calibrator_.options(); }
  /// The next batch: the addresses on the GPU of the inputs named; false at the end. They stay valid until
  /// the next call.
  bool next(void* addresses[], const char* const names[], std::int32_t count) noexcept;
  /// Empty if there is no cache.
  std::span<const std::byte> cache() const { return cache_.span(); }
  void write_cache(std::span<const std::byte> bytes) noexcept;
  /// To be called when the engine was built, or could not be. Throws what was kept; InputError if the data
  /// was empty.
  void finish() const;

 private:
  bool take_next();
  void upload(const FeedDict& feed, const TensorInfo& input);
  void take_over(const DeviceTensorMap& feed, const TensorInfo& input);
  bool feed_next(std::span<void*> addresses, std::span<const char* const> names);

  Calibrator calibrator_;
  TensorMetadata inputs_;
  Bytes cache_;
  DeviceTensorMap on_device_;
  std::int64_t asked_for_ = 0;  ///< how many iterations
  std::int64_t fed_ = 0;
  std::exception_ptr error_;
};

}  // namespace polygraph::trt
