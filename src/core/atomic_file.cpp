#include <fcntl.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "core/file_descriptor.h"
#include "core/system_error.h"
#include "core/temporary_folder.h"

namespace polygraph {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t buffer_size = 256 << 10;
constexpr off_t page_size = 4096;

// The temporary files that have a name, and the lock under which they get and lose it.
struct NamedTemporaries {
  std::mutex mutex;
  std::set<fs::path> paths;
};

NamedTemporaries& named_temporaries() {
  static auto* const temporaries = new NamedTemporaries;  // never destroyed: files may be committed at exit
  return *temporaries;
}

// The path by which the system knows an open file.
std::string descriptor_path(const FileDescriptor& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

// A name beside `target` that no other file of this process has; the caller still has to expect one left by
// another.
fs::path hidden_name_beside(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  const std::string name = target.filename().string().substr(0, 200);
  return target.parent_path() /
         ("." + name + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
}

// Where the bytes end up.
struct Target {
  fs::path path;  // absolute, links followed
  FileDescriptor
      already;  // open if it is a pipe, a device or an open file of this process: written to, not replaced
};

FileDescriptor duplicate(const fs::path& number, const fs::path& asked) {
  const std::string text = number.string();
  int source = -1;
  std::from_chars(text.data(), text.data() + text.size(), source);
  FileDescriptor fd(::fcntl(source, F_DUPFD_CLOEXEC, 0));
  if (!fd) throw_file_error("write", asked, errno);
  return fd;
}

Target find_target(const fs::path& asked) {
  Target target;
  std::error_code error;
  target.path = fs::absolute(asked, error);
  if (error) throw_file_error("write", asked, error.value());
  struct stat status {};
  for (int links = 0; ::lstat(target.path.c_str(), &status) == 0 && S_ISLNK(status.st_mode); ++links) {
    if (links == 40) throw_file_error("write", asked, ELOOP);
    // The links in /proc/self/fd (where /dev/stdout leads) stand for open files: they must not be followed by
    // name.
    const fs::path folder = fs::canonical(target.path.parent_path(), error);
    if (!error && folder == fs::canonical("/proc/self/fd", error)) {
      target.already = duplicate(target.path.filename(), asked);
      return target;
    }
    const fs::path link = fs::read_symlink(target.path, error);
    if (error) throw_file_error("write", asked, error.value());
    target.path = target.path.parent_path() / link;
  }
  if (::stat(target.path.c_str(), &status) != 0) {
    if (errno == ENOENT) return target;  // to be created
    throw_file_error("write", asked, errno);
  }
  if (S_ISDIR(status.st_mode)) throw_file_error("write", asked, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    target.already.reset(::open(target.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!target.already) throw_file_error("write", asked, errno);
  } else if (::access(target.path.c_str(), W_OK) != 0) {
    throw_file_error("write", asked, errno);
  }
  return target;
}

void create_folder_of(const fs::path& asked) {
  std::error_code error;
  if (asked.has_parent_path()) fs::create_directories(asked.parent_path(), error);
  if (error) throw_file_error("create the folder of", asked, error.value());
}

}  // namespace

struct AtomicFile::Writer {
  explicit Writer(fs::path path);
  ~Writer() { close(); }

  void append(const std::byte* data, std::size_t size);
  void append_from(const MappedFile& source, std::uint64_t offset, std::uint64_t count);
  std::uint64_t reserve(std::uint64_t count);
  void overwrite(std::uint64_t offset, const std::byte* data, std::size_t size);
  void write_reserved(std::uint64_t offset, const std::byte* data, std::size_t count);
  std::uint64_t checksum_from(std::uint64_t offset);
  void finish();
  void commit();

  std::uint64_t size = 0;

 private:
  void open_temporary();
  void require_open() const;
  void flush();
  void write_fully(const std::byte* data, std::size_t count, std::uint64_t offset);
  int try_write(const std::byte* data, std::size_t count, std::uint64_t offset);
  void copy_range(std::uint64_t offset, std::uint64_t count);
  off_t copy_some(off_t from, off_t to, std::size_t count);
  void extend();
  void give_hidden_name();
  void rename_to_target();
  void copy_to_target();
  void close() noexcept;
  [[noreturn]] void fail(int error_number);
  [[noreturn]] void fail_reading(int error_number);

  fs::path path_;  // as the caller named it
  Target target_;
  fs::path temporary_;  // empty while the file has no name (O_TMPFILE)
  FileDescriptor file_;
  std::uint64_t flushed_ = 0;
  std::unique_ptr<std::byte[]> buffer_;  // what was appended beyond flushed_
  std::unique_ptr<std::byte[]> copy_buffer_;
  std::optional<MappedFile> source_;  // the last one appended from, and its file if that is still there
  FileDescriptor source_file_;
  bool ends_in_hole_ = false;  // the file may be shorter than flushed_
  bool finished_ = false;
  std::atomic<bool> failed_ = false;
};

AtomicFile::Writer::Writer(fs::path path) : path_(std::move(path)) {
  if (path_.empty() || !path_.has_filename())
    throw InputError("Cannot write '" + path_.string() + "': it names no file.",
                     "Name a file, not a folder.");
  create_folder_of(path_);
  target_ = find_target(path_);
  open_temporary();
}

void AtomicFile::Writer::open_temporary() {
  std::error_code error;
  fs::path folder = target_.already ? fs::temp_directory_path(error) : target_.path.parent_path();
  if (error) folder = "/tmp";
  file_.reset(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
  // Without /proc it could not be given a name later.
  if (file_ && (target_.already || ::access(descriptor_path(file_).c_str(), F_OK) == 0)) return;
  // EISDIR and ENOENT are the answers of kernels that do not know the flag.
  if (!file_ && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
    throw_file_error("write", path_, errno);
  NamedTemporaries& named = named_temporaries();
  const std::lock_guard lock(named.mutex);
  do {
    temporary_ = hidden_name_beside(folder / target_.path.filename());
    file_.reset(::open(temporary_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
  } while (!file_ && (errno == EEXIST || errno == EINTR));
  if (!file_) {
    temporary_.clear();
    throw_file_error("write", path_, errno);
  }
  named.paths.insert(temporary_);
}

void AtomicFile::Writer::require_open() const {
  if (!file_ || finished_ || failed_)
    throw Error("Cannot write '" + path_.string() +
                "': it is committed already, or writing it failed before.");
}

void AtomicFile::Writer::append(const std::byte* data, std::size_t count) {
  require_open();
  if (count > buffer_size - (size - flushed_)) flush();
  if (count >= buffer_size) {
    write_fully(data, count, flushed_);
    flushed_ += count;
  } else if (count > 0) {
    if (!buffer_) buffer_ = std::make_unique<std::byte[]>(buffer_size);
    std::memcpy(buffer_.get() + (size - flushed_), data, count);
  }
  size += count;
}

void AtomicFile::Writer::append_from(const MappedFile& source, std::uint64_t offset, std::uint64_t count) {
  require_open();
  if (offset > source.size() || count > source.size() - offset)
    throw Error("Cannot append bytes " + std::to_string(offset) + " to " + std::to_string(offset + count) +
                " of '" + source.path().string() + "' to '" + path_.string() + "': it has only " +
                std::to_string(source.size()) + " bytes.");
  if (!source_ || source_->keep_alive() != source.keep_alive()) {
    source_ = source;
    source_file_.reset(source.reopen());
  }
  if (source_file_) {
    flush();
    copy_range(offset, count);
  } else {
    append(source.bytes().data() + offset, static_cast<std::size_t>(count));
  }
}

void AtomicFile::Writer::copy_range(std::uint64_t offset, std::uint64_t count) {
  const auto start = static_cast<off_t>(offset);
  const auto end = static_cast<off_t>(offset + count);
  struct stat status {};
  if (::fstat(source_file_.get(), &status) != 0) fail_reading(errno);
  if (status.st_size < end) fail_reading(0);  // else what is missing would pass for a hole
  for (off_t from = start; from < end;) {
    // File systems that know no holes call everything data, up to the end of the file.
    off_t data = ::lseek(source_file_.get(), from, SEEK_DATA);
    if (data < 0) data = errno == ENXIO ? end : from;
    off_t hole = data < end ? ::lseek(source_file_.get(), data, SEEK_HOLE) : end;
    if (hole < 0) hole = end;
    data = std::min(data, end);
    hole = std::min(hole, end);
    if (data > from) ends_in_hole_ = true;
    while (data < hole) {
      data += copy_some(data, static_cast<off_t>(flushed_) + (data - start),
                        static_cast<std::size_t>(hole - data));
      ends_in_hole_ = false;
    }
    from = hole;
  }
  flushed_ += count;
  size += count;
}

// Copies at least one of `count` bytes from the source; returns how many.
off_t AtomicFile::Writer::copy_some(off_t from, off_t to, std::size_t count) {
  ssize_t copied = -1;
  // Between whole pages the kernel is fastest, or shares the blocks; between parts of them it is slower than
  // a copy through a buffer that stays in the cache.
  if ((from - to) % page_size == 0)
    copied = ::copy_file_range(source_file_.get(), &from, file_.get(), &to, count, 0);
  if (copied < 0) {
    // Whole pages are written faster, so the first piece ends where one does; and the kernel copies faster to
    // an address that lies in its page as the data does in its own.
    const std::size_t piece = buffer_size - static_cast<std::size_t>(to % page_size);
    if (!copy_buffer_) copy_buffer_ = std::make_unique<std::byte[]>(buffer_size + 2 * page_size);
    const auto address = reinterpret_cast<std::uintptr_t>(copy_buffer_.get());
    std::byte* const target = copy_buffer_.get() + (page_size - address % page_size) + from % page_size;
    do copied = ::pread(source_file_.get(), target, std::min(count, piece), from);
    while (copied < 0 && errno == EINTR);
    if (copied < 0) fail_reading(errno);
    write_fully(target, static_cast<std::size_t>(copied), static_cast<std::uint64_t>(to));
  }
  if (copied == 0) fail_reading(0);
  return copied;
}

std::uint64_t AtomicFile::Writer::reserve(std::uint64_t count) {
  require_open();
  flush();
  const std::uint64_t offset = size;
  size += count;
  flushed_ += count;
  if (count > 0) ends_in_hole_ = true;
  return offset;
}

void AtomicFile::Writer::write_reserved(std::uint64_t offset, const std::byte* data, std::size_t count) {
  require_open();
  if (offset > flushed_ || count > flushed_ - offset)
    throw Error("Cannot write bytes " + std::to_string(offset) + " to " + std::to_string(offset + count) +
                " of '" + path_.string() + "': only " + std::to_string(flushed_) + " bytes are reserved.");
  // Not by fail(), which closes the file that other threads are writing to.
  if (const int error_number = try_write(data, count, offset)) {
    failed_ = true;
    throw_file_error("write", path_, error_number);
  }
}

// Gives a file that ends in a hole its size.
void AtomicFile::Writer::extend() {
  if (!ends_in_hole_) return;
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) fail(errno);
  if (static_cast<std::uint64_t>(status.st_size) < flushed_ &&
      ::ftruncate(file_.get(), static_cast<off_t>(flushed_)) != 0)
    fail(errno);
  ends_in_hole_ = false;
}

void AtomicFile::Writer::overwrite(std::uint64_t offset, const std::byte* data, std::size_t count) {
  require_open();
  if (offset > size || count > size - offset)
    throw Error("Cannot overwrite bytes " + std::to_string(offset) + " to " + std::to_string(offset + count) +
                " of '" + path_.string() + "': only " + std::to_string(size) + " bytes have been written.");
  if (offset + count > flushed_) flush();
  write_fully(data, count, offset);
}

std::uint64_t AtomicFile::Writer::checksum_from(std::uint64_t offset) {
  require_open();
  flush();
  extend();
  if (offset >= size) return checksum({});
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_.get(), 0);
  if (mapped == MAP_FAILED) fail(errno);
  const std::uint64_t sum = checksum({static_cast<const std::byte*>(mapped) + offset, size - offset});
  ::munmap(mapped, size);
  return sum;
}

void AtomicFile::Writer::flush() {
  if (size == flushed_) return;
  ends_in_hole_ = false;
  write_fully(buffer_.get(), static_cast<std::size_t>(size - flushed_), flushed_);
  flushed_ = size;
}

void AtomicFile::Writer::write_fully(const std::byte* data, std::size_t count, std::uint64_t offset) {
  if (const int error_number = try_write(data, count, offset)) fail(error_number);
}

// The system's error, or 0.
int AtomicFile::Writer::try_write(const std::byte* data, std::size_t count, std::uint64_t offset) {
  while (count > 0) {
    const ssize_t written = ::pwrite(file_.get(), data, count, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    data += written;
    offset += static_cast<std::uint64_t>(written);
    count -= static_cast<std::size_t>(written);
  }
  return 0;
}

void AtomicFile::Writer::finish() {
  require_open();
  flush();
  extend();
  if (!target_.already) {
    // The folder is not flushed: after a crash there is the old file or the new one, and both are whole.
    constexpr std::uint64_t largest_flushed = 16 << 20;
    if (size <= largest_flushed && ::fsync(file_.get()) != 0 && errno != EINVAL) fail(errno);
    if (temporary_.empty()) give_hidden_name();
    file_.reset();
  }
  source_.reset();
  source_file_.reset();
  finished_ = true;
}

void AtomicFile::Writer::commit() {
  if (!finished_) finish();
  if (!target_.already && temporary_.empty()) require_open();  // committed before, or failed
  if (target_.already)
    copy_to_target();
  else
    rename_to_target();
  close();
}

// linkat cannot replace a file, so the name is given beside and then renamed.
void AtomicFile::Writer::give_hidden_name() {
  NamedTemporaries& named = named_temporaries();
  const std::string open_file = descriptor_path(file_);
  int error_number = 0;
  {
    // Under the lock, so that discard_unfinished_files() misses no name.
    const std::lock_guard lock(named.mutex);
    do {
      temporary_ = hidden_name_beside(target_.path);
      const bool linked =
          ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) == 0;
      error_number = linked ? 0 : errno;
    } while (error_number == EEXIST);
    if (error_number == 0)
      named.paths.insert(temporary_);
    else
      temporary_.clear();
  }
  if (error_number != 0) fail(error_number);
}

void AtomicFile::Writer::rename_to_target() {
  NamedTemporaries& named = named_temporaries();
  int error_number = 0;
  {
    const std::lock_guard lock(named.mutex);
    if (::rename(temporary_.c_str(), target_.path.c_str()) == 0) {
      named.paths.erase(temporary_);
      temporary_.clear();
    } else {
      error_number = errno;
    }
  }
  if (error_number != 0) fail(error_number);
}

void AtomicFile::Writer::copy_to_target() {
  if (!buffer_) buffer_ = std::make_unique<std::byte[]>(buffer_size);
  for (std::uint64_t offset = 0; offset < size;) {
    const ssize_t count = ::pread(file_.get(), buffer_.get(), buffer_size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(count < 0 ? errno : EIO);
    for (ssize_t done = 0; done < count;) {
      const ssize_t written =
          ::write(target_.already.get(), buffer_.get() + done, static_cast<std::size_t>(count - done));
      if (written < 0) {
        if (errno == EINTR) continue;
        fail(errno);
      }
      done += written;
    }
    offset += static_cast<std::uint64_t>(count);
  }
}

void AtomicFile::Writer::close() noexcept {
  file_.reset();
  source_.reset();
  source_file_.reset();
  target_.already.reset();
  buffer_.reset();
  copy_buffer_.reset();
  if (temporary_.empty()) return;
  NamedTemporaries& named = named_temporaries();
  const std::lock_guard lock(named.mutex);
  if (named.paths.erase(temporary_) > 0) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void AtomicFile::Writer::fail(int error_number) {
  close();  // a file with a hole must not be committed
  throw_file_error("write", path_, error_number);
}

// 0: the source ends where there were bytes when it was mapped.
void AtomicFile::Writer::fail_reading(int error_number) {
  const fs::path source = source_->path();
  close();
  if (error_number != 0) throw_file_error("read", source, error_number);
  throw InputError("Cannot read '" + source.string() + "': it became shorter while it was read.",
                   "Replace files by renaming a new one, not by writing over them.");
}

AtomicFile::AtomicFile(fs::path path) : writer_(std::make_unique<Writer>(std::move(path))) {}
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const std::byte> bytes) {
  writer_->append(bytes.data(), bytes.size());
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  writer_->overwrite(offset, bytes.data(), bytes.size());
}

std::uint64_t AtomicFile::size() const {
  return writer_->size;
}

std::uint64_t AtomicFile::checksum_from(std::uint64_t offset) {
  return writer_->checksum_from(offset);
}

void AtomicFile::append_from(const MappedFile& source, std::uint64_t offset, std::uint64_t count) {
  writer_->append_from(source, offset, count);
}

std::uint64_t AtomicFile::reserve(std::uint64_t count) {
  return writer_->reserve(count);
}

void AtomicFile::write_reserved(std::uint64_t offset, std::span<const std::byte> bytes) {
  writer_->write_reserved(offset, bytes.data(), bytes.size());
}

void AtomicFile::finish() {
  writer_->finish();
}

void AtomicFile::commit() {
  writer_->commit();
}

void discard_unfinished_files() noexcept {
  {
    NamedTemporaries& named = named_temporaries();
    const std::lock_guard lock(named.mutex);
    for (const fs::path& path : named.paths) ::unlink(path.c_str());
    named.paths.clear();
  }
  discard_temporary_folders();
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace polygraph
