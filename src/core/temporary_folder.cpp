#include "core/temporary_folder.h"

#include <polygraph/core/error.h>
#include <stdlib.h>

#include <cerrno>
#include <mutex>
#include <set>
#include <string>
#include <system_error>

namespace polygraph {

namespace fs = std::filesystem;

namespace {

struct Folders {
  std::mutex mutex;
  std::set<fs::path> paths;
};

Folders& folders() {
  static auto* const all = new Folders;  // a thread may discard them while the process ends
  return *all;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "polygraph_XXXXXX").string();
  const std::lock_guard lock(folders().mutex);
  if (!error && ::mkdtemp(pattern.data()) == nullptr) error.assign(errno, std::generic_category());
  if (error)
    throw InputError("Cannot make a temporary folder: " + error.message() + ".",
                     "Set TMPDIR to a folder that can be written to and has room for the model.");
  path_ = pattern;
  folders().paths.insert(path_);
}

TemporaryFolder::~TemporaryFolder() {
  const std::lock_guard lock(folders().mutex);
  std::error_code error;
  fs::remove_all(path_, error);
  folders().paths.erase(path_);
}

void discard_temporary_folders() noexcept {
  const std::lock_guard lock(folders().mutex);
  for (const fs::path& path : folders().paths) {
    std::error_code error;
    fs::remove_all(path, error);
  }
  folders().paths.clear();
}

}  // namespace polygraph
