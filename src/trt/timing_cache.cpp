#include <fcntl.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/log_format.h"
#include "trt/build_config.h"
#include "trt/messages.h"

namespace polygraph::trt {

namespace fs = std::filesystem;

namespace {

// `FILE.lock`, as Polygraphy calls it; locked as long as the object lives.
class FileLock {
 public:
  explicit FileLock(const fs::path& path) {
    const std::string name = path.string() + ".lock";
    descriptor_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);  // NOLINT(*-vararg)
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX) != 0) {
      const std::string reason = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
      if (descriptor_ >= 0) ::close(descriptor_);
      throw InputError(
          fmt::format("Cannot lock the timing cache '{}': '{}': {}.", path.native(), name, reason),
          "The folder has to exist and to be writable.");
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { ::close(descriptor_); }

 private:
  int descriptor_ = -1;
};

Bytes bytes_of(const fs::path& path) {
  auto file = std::make_shared<MappedFile>(path);
  return Bytes(file->bytes(), file);
}

}  // namespace

Bytes read_timing_cache(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    log_warning("There is no timing cache '{}': building without one", path.native());
    return {};
  }
  const FileLock lock(path);
  return bytes_of(path);
}

void save_timing_cache(const BuildConfig& build, const fs::path& path) {
  const FileLock lock(path);
  EngineMessages messages;
  std::error_code error;
  if (fs::exists(path, error) && fs::file_size(path, error) > 0) {
    const Bytes before = bytes_of(path);
    const std::shared_ptr<nvinfer1::ITimingCache> old(
        build.config->createTimingCache(before.data(), before.size()));
    if (messages.mention("Cuda Runtime"))
      messages.fail<BackendError>(
          fmt::format("What the timing cache '{}' has can be kept only where there is a GPU.", path.native()),
          "Save to another file.");
    if (!old || messages.mention("deserialize timing cache") || !build.timing_cache->combine(*old, false))
      messages.fail<InputError>(
          fmt::format(
              "What the timing cache '{}' has cannot be kept: it is damaged, or of another version or "
              "GPU.",
              path.native()),
          "Save to another file.");
  }
  const std::shared_ptr<nvinfer1::IHostMemory> serialized(build.timing_cache->serialize());
  if (!serialized)
    messages.fail<BackendError>(fmt::format("Cannot serialize the timing cache for '{}'.", path.native()),
                                "See TensorRT's messages.");
  AtomicFile file(path);
  file.write({static_cast<const std::byte*>(serialized->data()), serialized->size()});
  file.commit();
  log_verbose("Saved the timing cache '{}': {} bytes", path.native(), serialized->size());
}

}  // namespace polygraph::trt
