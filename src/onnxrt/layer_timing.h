#pragma once

#include <polygraph/core/layer_times.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "core/file_descriptor.h"
#include "onnxrt/translate.h"

namespace polygraph::onnxrt {

/// Ends ONNX Runtime's profiling of a session; returns the file that it has written.
std::filesystem::path end_native_profiling(const OrtApi& api, OrtSession* session);

/// Measures the nodes of one session, by ONNX Runtime's trace, in a file that has no name once the session is
/// made. Thread-safe once attached.
class LayerTiming {
 public:
  /// @param prefix  Where the trace is to stay; empty: nowhere.
  /// Throws InputError if there is no room for a temporary file.
  explicit LayerTiming(std::string prefix);
  LayerTiming(const LayerTiming&) = delete;
  LayerTiming& operator=(const LayerTiming&) = delete;
  ~LayerTiming();

  /// What the session has to be made with.
  const std::string& prefix() const { return prefix_; }
  /// @param session  Must outlive this object's use.
  /// @param nodes  Of its model: so many events come with an inference, about.
  void attach(const OrtApi& api, OrtSession* session, std::size_t nodes);

  /// To be called behind each inference. Ends the measuring if there are enough.
  void count_inference();
  /// Inferences up to here do not count.
  void restart();
  /// Ends the measuring and sums up.
  LayerTimes times();
  /// Ends the measuring. Returns where the trace is.
  const std::filesystem::path& end();

 private:
  const std::filesystem::path& end_locked();

  std::filesystem::path folder_;  // of the file, until it has no name any more
  std::string prefix_;
  FileDescriptor trace_;  // if it is ours
  const OrtApi* api_ = nullptr;
  OrtSession* session_ = nullptr;
  std::optional<std::int64_t> enough_;  // inferences after those that do not count
  std::mutex mutex_;
  std::int64_t inferences_ = 0;
  std::int64_t skipped_ = 0;
  std::optional<std::filesystem::path> ended_;
  std::optional<LayerTimes> times_;
};

}  // namespace polygraph::onnxrt
