#pragma once

#include <polygraph/core/files.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/file_descriptor.h"

namespace polygraph::compare::detail {

/// A file without a name that is gone when the object or the process is.
class TemporaryFile {
 public:
  /// In the folder of `path`, where there has to be room for its content anyway.
  explicit TemporaryFile(const std::filesystem::path& path);

  void write(std::string_view text);
  /// Appends all that was written to `target`.
  void copy_to(AtomicFile& target);

 private:
  void flush();

  std::filesystem::path beside_;
  FileDescriptor file_;
  std::string buffer_;
  std::uint64_t size_ = 0;  // written to the file
};

}  // namespace polygraph::compare::detail
