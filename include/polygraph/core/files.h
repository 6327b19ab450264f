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
  enum class Use {
    whole,  ///< most of the file will be read
    parts,  ///< little of it: a byte touched maps up to 64 KiB around it, not up to 2 MiB, which then count
            ///< as memory of the process; reading all of it may take half as long again
  };

  /// Throws InputError, saying why, if the file is missing, a directory, a device, or not readable. What
  /// comes through a pipe (`/dev/stdin`, `<(command)`) is read to its end into memory.
  explicit MappedFile(const std::filesystem::path& path, Use use = Use::whole);

  const std::filesystem::path& path() const;
  std::span<const std::byte> bytes() const;
  std::size_t size() const { return bytes().size(); }
  /// Keeps the mapping alive.
  std::shared_ptr<const void> keep_alive() const { return mapping_; }
  /// Says that a part will not be read soon, so that it no longer counts as memory of the process. Reading it
  /// all the same works, and takes longer. Does nothing for what came through a pipe.
  void forget(std::uint64_t offset, std::uint64_t count) const noexcept;

 private:
  friend class AtomicFile;
  struct Mapping;
  /// Opens the file again for reading: the caller's descriptor, or -1 if there is none or another file has
  /// taken its place.
  int reopen() const noexcept;

  std::shared_ptr<const Mapping> mapping_;
};

/// A file that appears whole or not at all: written beside its place and renamed by `commit()`.
///
/// Without a commit (an exception, an interrupt) nothing is left behind and an older file stays as it was. If
/// the place is a symbolic link, what it points to is replaced. If it is a pipe, a device or an open file of
/// this process (`/dev/stdout`), the bytes wait in an unnamed temporary file and are copied by `commit()`.
///
/// Several files that belong together are first finished, one after the other, and then committed: what can
/// fail for want of space or permission has failed by then.
///
/// A crash of the program never leaves half a file. After a loss of power the same holds for files of up to
/// 16 MiB, which are flushed to the device before they get their name; larger ones are not, as that takes
/// longer than writing them and they can be made again.
///
/// Not for use by several threads at once, but for `write_reserved`.
/// @code
///   AtomicFile file("model.engine");
///   file.write(bytes);
///   file.commit();
/// @endcode
class AtomicFile {
 public:
  /// Creates missing parent directories, which stay. Throws InputError if the place cannot be written to: a
  /// directory, or a file that this user may not write.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Appends. Throws InputError, with the file's name and the system's reason, e.g. when the disk is full.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Overwrites bytes that have been appended, at `offset`. Throws Error if they reach beyond `size()`.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Appends a part of a mapped file, inside the kernel where it can: holes stay holes, and file systems that
  /// know how share the blocks. The part's pages are not mapped into this process.
  void append_from(const MappedFile& source, std::uint64_t offset, std::uint64_t count);
  /// Appends zeros, which take no space on the disk; returns where they begin.
  std::uint64_t reserve(std::uint64_t count);
  /// Overwrites bytes that have been reserved. Several threads may do so at once, to different bytes, while
  /// nothing else happens to this object. After an error the file cannot be committed.
  void write_reserved(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Bytes appended so far.
  std::uint64_t size() const;
  /// The checksum of the bytes from `offset` to the end, as they are now; read back through a mapping.
  std::uint64_t checksum_from(std::uint64_t offset);
  /// Brings all bytes to the file system and closes the file; all that is left to `commit()` is to give it
  /// its name. After this, or after an error, every call that writes throws Error.
  void finish();
  /// Finishes the file, if that has not been done, and puts it in its place. Throws Error if that has been
  /// done, or after an error.
  void commit();

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

/// Removes the temporary files of every AtomicFile in the process that is not committed, for a program that
/// is about to end because of a signal. A commit under way in another thread is finished first. Not
/// async-signal-safe: call it from a thread, not from a handler.
void discard_unfinished_files() noexcept;

/// Writes a whole file atomically.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

/// XXH3 (xxHash), 64 bits, seed 0, of the bytes: the same number on every machine. Reads as fast as memory
/// delivers.
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
