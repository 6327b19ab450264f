#include "compare/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "core/system_error.h"

namespace polygraph::compare::detail {
namespace {

constexpr std::size_t buffer_size = 256 << 10;

FileDescriptor open_unnamed(const std::filesystem::path& beside) {
  const std::filesystem::path folder = beside.has_parent_path() ? beside.parent_path() : ".";
  FileDescriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  // Not all file systems have files without a name.
  std::string name = (folder / ".polygraph-XXXXXX").string();
  file.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) throw_file_error("write beside", beside, errno);
  ::unlink(name.c_str());
  return file;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::filesystem::path& path) : beside_(path), file_(open_unnamed(path)) {}

void TemporaryFile::write(std::string_view text) {
  if (buffer_.size() + text.size() > buffer_size) flush();
  buffer_ += text;
}

void TemporaryFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t count = ::write(file_.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_file_error("write beside", beside_, errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
    size_ += static_cast<std::uint64_t>(count);
  }
  buffer_.clear();
}

void TemporaryFile::copy_to(AtomicFile& target) {
  flush();
  std::vector<std::byte> piece(std::min<std::uint64_t>(size_, 4 * buffer_size));
  for (std::uint64_t done = 0; done < size_;) {
    const ssize_t count = ::pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_file_error("write beside", beside_, count < 0 ? errno : EIO);
    target.write(std::span(piece).first(static_cast<std::size_t>(count)));
    done += static_cast<std::uint64_t>(count);
  }
}

}  // namespace polygraph::compare::detail
