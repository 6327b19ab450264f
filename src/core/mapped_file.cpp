#include <fcntl.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
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
  void* reserved = nullptr;  // the addresses around, if the place was chosen
  std::size_t reserved_size = 0;
  dev_t device = 0;
  ino_t inode = 0;
  std::vector<std::byte> from_pipe;

  explicit Mapping(std::filesystem::path file) : path(std::move(file)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    // In one call: of two, the second could hit what another thread has mapped there meanwhile.
    if (reserved)
      ::munmap(reserved, reserved_size);
    else if (address)
      ::munmap(address, size);
  }

  /// Chooses an address where the kernel cannot map huge pages.
  void avoid_huge_pages(std::size_t count) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    constexpr std::size_t huge_page = 2 << 20;
    if (count < huge_page) return;
    void* const found =
        ::mmap(nullptr, count + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) return;
    reserved = found;
    reserved_size = count + page;
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(found) % huge_page == 0;
    address = static_cast<std::byte*>(found) + (is_aligned ? page : 0);
  }
};

MappedFile::MappedFile(const std::filesystem::path& path, Use use) {
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
    // No advice on read-ahead: a reader of structure touches little of a large model, a checksum all of it,
    // and the default serves both.
    const auto size = static_cast<std::size_t>(status.st_size);
    if (use == Use::parts) mapping->avoid_huge_pages(size);
    const int fixed = mapping->address ? MAP_FIXED : 0;
    void* const address = ::mmap(mapping->address, size, PROT_READ, MAP_PRIVATE | fixed, fd.get(), 0);
    if (address == MAP_FAILED) throw_file_error("read", path, errno);
    mapping->address = address;
    mapping->size = size;
    mapping->device = status.st_dev;
    mapping->inode = status.st_ino;
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

void MappedFile::forget(std::uint64_t offset, std::uint64_t count) const noexcept {
  if (!mapping_->address || offset >= mapping_->size) return;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // Whole pages inside the part only: what lies beside it may be in use.
  const std::uint64_t begin = (offset + page - 1) / page * page;
  const std::uint64_t end = (offset + std::min<std::uint64_t>(count, mapping_->size - offset)) / page * page;
  if (begin < end) ::madvise(static_cast<std::byte*>(mapping_->address) + begin, end - begin, MADV_DONTNEED);
}

int MappedFile::reopen() const noexcept {
  if (!mapping_->address) return -1;
  const int fd = ::open(mapping_->path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (fd < 0) return -1;
  if (::fstat(fd, &status) == 0 && status.st_dev == mapping_->device && status.st_ino == mapping_->inode)
    return fd;
  ::close(fd);
  return -1;
}

}  // namespace polygraph
