#pragma once

#include <polygraph/core/files.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

// ZIP archives as NumPy's .npz files are: PKWARE's APPNOTE 6.3, with 64-bit sizes; members are stored, or on
// reading deflated.

namespace polygraph::compare::detail {

struct ZipMember {
  std::string name;
  std::string comment;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;  // of the local header
};

/// Writes an archive. Members begin at a multiple of 64 bytes, so that arrays in them can be used where they
/// lie. The same members give the same bytes.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : path_(path), file_(path) {}

  /// Throws InputError if there is a member of that name, or the name or comment is longer than 64 KiB.
  void begin(std::string name, std::string comment);
  void write(std::span<const std::byte> bytes);
  void end();
  void commit();

 private:
  std::filesystem::path path_;
  AtomicFile file_;
  std::vector<ZipMember> members_;
  std::unordered_set<std::string> names_;
};

/// An archive in memory or in a mapped file.
class ZipReader {
 public:
  /// @param keep_alive  Keeps the bytes.
  /// @param source      What messages call them.
  /// Throws InputError if they are no archive, or one that is damaged, encrypted, in parts or has a name
  /// twice.
  ZipReader(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive, std::string source);

  const std::vector<ZipMember>& members() const { return members_; }
  const std::string& source() const { return source_; }

  struct Content {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> keep_alive;
  };
  /// What a member holds: a view if it is stored, whose checksum is not looked at, else inflated and checked.
  /// Throws InputError if it is damaged or compressed in another way.
  Content read(const ZipMember& member) const;

 private:
  void read_directory();
  std::span<const std::byte> stored_bytes(const ZipMember& member) const;
  [[noreturn]] void fail(const std::string& problem) const;

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> keep_alive_;
  std::string source_;
  std::vector<ZipMember> members_;
};

}  // namespace polygraph::compare::detail
