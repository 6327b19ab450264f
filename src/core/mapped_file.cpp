#include <fcntl.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "core/file_descriptor.h"
#include "core/system_error.h"

namespace polygraph {
namespace {

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  while (true) {
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd) return fd;
    if (errno != EINTR) throw_file_error("read", path, errno);
  }
}

std::vector<std::byte> read_to_end(const FileDescriptor& fd, const std::filesystem::path& path) {
  std::vector<std::byte> bytes(64 << 10);
  std::size_t size = 0;
  while (true) {
    if (size == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t count = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (count == 0) break;
    if (count > 0)
      size += static_cast<std::size_t>(count);
    else if (errno != EINTR)
      throw_file_error("read", path, errno);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

struct MappedFile::Mapping {
  std::filesystem::path path;
  void* address = nullptr;  // null for an empty file, which cannot be mapped, and for a pipe
  std::size_t size = 0;
  std::vector<std::byte> from_pipe;

  explicit Mapping(std::filesystem::path file) : path(std::move(file)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address) ::munmap(address, size);
  }
};

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<Mapping>(path);
  const FileDescriptor fd = open_for_reading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_file_error("read", path, errno);
  if (S_ISDIR(status.st_mode)) throw_file_error("read", path, EISDIR);
  if (S_ISFIFO(status.st_mode)) {
    mapping->from_pipe = read_to_end(fd, path);
  } else if (!S_ISREG(status.st_mode)) {
    throw InputError("Cannot read '" + path.string() + "': it is a device, not a file.",
                     "Name a file or a pipe.");
  } else if (status.st_size > 0) {
    // No advice to the kernel: a reader of structure touches little of a large model, a checksum all of it,
    // and the default read-ahead serves both.
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (address == MAP_FAILED) throw_file_error("read", path, errno);
    mapping->address = address;
    mapping->size = size;
  }
  mapping_ = mapping;
}

const std::filesystem::path& MappedFile::path() const {
  return mapping_->path;
}

std::span<const std::byte> MappedFile::bytes() const {
  if (mapping_->address) return {static_cast<const std::byte*>(mapping_->address), mapping_->size};
  return mapping_->from_pipe;
}

}  // namespace polygraph
