#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace polygraph {

/// A file mapped into memory, read-only: pages are read from disk when touched and can be dropped again.
/// A handle, cheap to copy; the mapping lives as long as one copy.
///
/// A file that another process truncates while mapped raises SIGBUS in the reader; replace model files by
/// renaming, as Polygraph itself does.
class MappedFile {
 public:
  /// Throws InputError, saying why, if the file is missing, a directory, not readable.
  explicit MappedFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const;
  std::span<const std::byte> bytes() const;
  std::size_t size() const { return bytes().size(); }
  /// Keeps the mapping alive.
  std::shared_ptr<const void> keep_alive() const { return mapping_; }

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

/// A file that appears whole or not at all: written beside its place and renamed by `commit()`.
///
/// Without a commit (an exception, an interrupt) nothing is left behind and an older file stays as it was.
/// @code
///   AtomicFile file("model.engine");
///   file.write(bytes);
///   file.commit();
/// @endcode
class AtomicFile {
 public:
  /// Creates missing parent directories. Throws InputError if the place cannot be written to.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Appends. Throws InputError, with the file's name and the system's reason, e.g. when the disk is full.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Overwrites bytes that have been written, at `offset`.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Bytes appended so far.
  std::uint64_t size() const { return size_; }
  /// Flushes to the device and puts the file in its place. No writing after this.
  void commit();

 private:
  void flush();
  void write_fully(const std::byte* data, std::size_t size, std::uint64_t offset);
  [[noreturn]] void fail(std::string_view doing) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty while the file has no name (O_TMPFILE)
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  bool committed_ = false;
};

/// Removes the temporary files of every AtomicFile in the process that is not committed: for a program that is about to end
/// because of a signal. Not async-signal-safe: call it from a thread, not from a handler.
void discard_unfinished_files() noexcept;

/// Writes a whole file atomically.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

/// XXH3, 64 bits, of the bytes; tens of GB/s when they are in cache.
std::uint64_t checksum(std::span<const std::byte> bytes);

/// The same over bytes that come in pieces.
class Checksum {
 public:
  Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;
  ~Checksum();
  void update(std::span<const std::byte> bytes);
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace polygraph
