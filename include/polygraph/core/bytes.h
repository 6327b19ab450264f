#pragma once

#include <polygraph/core/loader.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace polygraph {

/// Bytes that never change: a serialized model or engine. A handle, cheap to copy; safe to read from several
/// threads.
class Bytes : public Evaluated {
 public:
  Bytes() = default;
  explicit Bytes(std::vector<std::byte> bytes);
  /// Bytes held by something else, e.g. a mapped file; `keep_alive` is held as long as one copy of the handle
  /// exists.
  Bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive);

  const std::byte* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const std::byte> span() const { return bytes_; }
  const std::shared_ptr<const void>& keep_alive() const { return keep_alive_; }

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> keep_alive_;
};

/// Loads the bytes of a file, as a mapping: nothing is read until it is used.
/// Throws InputError when called if the file cannot be read.
class BytesFromPath {
 public:
  using Parameters = ParameterList<1, std::filesystem::path>;
  explicit BytesFromPath(std::filesystem::path path) : path_(std::move(path)) {}
  Bytes operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
};

/// Saves bytes to a file, atomically, and passes them on. Throws InputError when called if the file cannot be
/// written.
class SaveBytes {
 public:
  using Parameters = ParameterList<2, Source<Bytes>, std::filesystem::path>;
  SaveBytes(Source<Bytes> bytes, std::filesystem::path path)
      : bytes_(std::move(bytes)), path_(std::move(path)) {}
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Bytes> bytes_;
  std::filesystem::path path_;
};

inline constexpr Immediately<BytesFromPath> bytes_from_path;
inline constexpr Immediately<SaveBytes> save_bytes;

}  // namespace polygraph
