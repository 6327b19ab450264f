#pragma once

#include <filesystem>

namespace polygraph {

/// A folder of its own below TMPDIR (`/tmp`) that goes with the object, and with what is in it when a signal
/// ends the program (see `discard_unfinished_files`). What is mapped from its files stays mapped.
class TemporaryFolder {
 public:
  /// Throws InputError if there can be none.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Removes all of them, for a program that is about to end.
void discard_temporary_folders() noexcept;

}  // namespace polygraph
