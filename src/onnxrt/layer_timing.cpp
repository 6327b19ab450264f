#include "onnxrt/layer_timing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "onnxrt/profile.h"

namespace polygraph::onnxrt {

namespace fs = std::filesystem;

namespace {

// Events that are measured: ONNX Runtime holds each in one to two kilobytes of memory, a million at most.
constexpr std::int64_t most_events = 50'000;

}  // namespace

fs::path end_native_profiling(const OrtApi& api, OrtSession* session) {
  constexpr std::string_view attempt = "Ending the measuring of nodes";
  OrtAllocator* allocator = nullptr;
  char* name = nullptr;
  check_status(api, api.GetAllocatorWithDefaultOptions(&allocator), attempt);
  check_status(api, api.SessionEndProfiling(session, allocator, &name), attempt);
  fs::path path(name);
  check_status(api, api.AllocatorFree(allocator, name), attempt);
  return path;
}

LayerTiming::LayerTiming(std::string prefix) : prefix_(std::move(prefix)) {
  if (!prefix_.empty()) return;
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "polygraph_XXXXXX").string();
  if (!error && ::mkdtemp(pattern.data()) == nullptr) error.assign(errno, std::generic_category());
  if (error)
    throw InputError(fmt::format("Measuring nodes: there can be no temporary folder: {}.", error.message()),
                     "Set TMPDIR to a folder that can be written to.");
  folder_ = pattern;
  prefix_ = (folder_ / "profile").string();
}

LayerTiming::~LayerTiming() {
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

void LayerTiming::attach(const OrtApi& api, OrtSession* session, std::size_t nodes) {
  api_ = &api;
  session_ = session;
  if (folder_.empty()) return;
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(nodes, 1));
  enough_ = std::max<std::int64_t>(most_events / count, 1);
  // The session has it open: from now on it goes with the two of them, whatever becomes of the process.
  for (const fs::directory_entry& file : fs::directory_iterator(folder_))
    trace_.reset(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (!trace_)
    throw BackendError(
        fmt::format("Measuring nodes: ONNX Runtime has not opened a file in '{}'.", folder_.string()),
        "Set TMPDIR to a folder that can be written to.");
  fs::remove_all(std::exchange(folder_, {}));
}

void LayerTiming::count_inference() {
  const std::scoped_lock lock(mutex_);
  ++inferences_;
  if (enough_ && inferences_ - skipped_ >= *enough_) end_locked();
}

void LayerTiming::restart() {
  const std::scoped_lock lock(mutex_);
  skipped_ = inferences_;
  times_.reset();
}

const fs::path& LayerTiming::end() {
  const std::scoped_lock lock(mutex_);
  return end_locked();
}

const fs::path& LayerTiming::end_locked() {
  if (!ended_) ended_ = end_native_profiling(*api_, session_);
  return *ended_;
}

LayerTimes LayerTiming::times() {
  const std::scoped_lock lock(mutex_);
  const fs::path& path = end_locked();
  if (!times_) {
    const fs::path opened = trace_ ? fs::path(fmt::format("/proc/self/fd/{}", trace_.get())) : path;
    times_ = read_profile(opened, path.string(), skipped_).layer_times();
  }
  return *times_;
}

}  // namespace polygraph::onnxrt
