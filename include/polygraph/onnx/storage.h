#pragma once

#include <polygraph/core/files.h>
#include <polygraph/onnx/box.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

using ByteSpan = std::span<const std::byte>;

/// Fields of a message that this version of the format does not know, as they stand in the file, tags
/// included, in their order; neighbours are one piece. They are kept so that writing the model back does not
/// lose them.
class UnknownFields {
 public:
  bool empty() const { return !pieces_; }
  std::span<const ByteSpan> pieces() const {
    return pieces_ ? std::span<const ByteSpan>(*pieces_) : std::span<const ByteSpan>();
  }
  void add(ByteSpan field);

 private:
  Box<std::vector<ByteSpan>> pieces_;
};

/// The memory that the names and payloads of one model point into: the mapped file (or the caller's bytes),
/// and an arena for what was not in the file or not in one piece.
///
/// Copies share what is there and add to arenas of their own, so two copies may be used in two threads.
class Storage {
 public:
  Storage();
  /// Over a mapped file. External data is looked for in the folder of the file.
  explicit Storage(const MappedFile& file);
  /// Over bytes in memory, which `keep_alive` holds, or the caller if it is null.
  explicit Storage(ByteSpan bytes, std::shared_ptr<const void> keep_alive = {},
                   std::filesystem::path folder = {});
  Storage(const Storage& other);
  Storage(Storage&&) noexcept = default;
  Storage& operator=(Storage other) noexcept;
  ~Storage();

  /// The encoded model.
  ByteSpan bytes() const { return bytes_; }
  /// The file that `bytes()` are mapped from, or null for bytes in memory.
  const MappedFile* file() const { return file_ ? &*file_ : nullptr; }
  /// The path of the file, or empty for bytes in memory.
  const std::filesystem::path& path() const { return path_; }
  /// The path in quotes, or "the model in memory": for messages.
  std::string name() const;
  /// The folder that locations of external data are relative to; empty if there is none.
  const std::filesystem::path& folder() const { return folder_; }
  void set_folder(std::filesystem::path folder) { folder_ = std::move(folder); }
  /// Keeps `bytes()` alive; null if the caller does.
  const std::shared_ptr<const void>& keep_alive() const { return keep_alive_; }

  /// Where in the encoded model `piece` begins, or nullopt if it lies elsewhere.
  std::optional<std::size_t> offset_of(ByteSpan piece) const;

  /// A copy of the text or bytes that lives as long as this object or a copy of it made later.
  std::string_view intern(std::string_view text);
  ByteSpan intern(ByteSpan bytes);

  /// Keeps memory of others alive, e.g. of a Tensor whose bytes a TensorData views, as long as this object or
  /// a copy of it made later.
  void hold(std::shared_ptr<const void> memory);

  /// A file of external data, mapped once and shared by all copies. `location` is relative to `folder()`.
  /// Throws InputError if it is absolute, leaves the folder (by `..` or by a symbolic link), or cannot be
  /// read. Thread-safe.
  MappedFile external_file(std::string_view location) const;

 private:
  struct ExternalFiles;

  ByteSpan bytes_;
  std::shared_ptr<const void> keep_alive_;
  std::filesystem::path path_;
  std::filesystem::path folder_;
  std::optional<MappedFile> file_;
  std::vector<std::shared_ptr<std::byte[]>> chunks_;
  std::span<std::byte> free_;  // the rest of the last chunk; never shared
  std::vector<std::shared_ptr<const void>> held_;
  std::shared_ptr<ExternalFiles> external_;
};

}  // namespace polygraph::onnx
