#include "core/system_error.h"

#include <polygraph/core/error.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

namespace polygraph {
namespace {

namespace fs = std::filesystem;

std::string missing_file_remedy(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error)) return "The folder '" + folder.string() + "' does not exist.";
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  const std::string near = nearest(path.filename().string(), names);
  return near.empty() ? "Check the path." : "Did you mean '" + (path.parent_path() / near).string() + "'?";
}

std::string remedy(const fs::path& path, int error_number) {
  switch (error_number) {
    case ENOENT:
      return missing_file_remedy(path);
    case ENOTDIR:
      return "A part of the path is a file, not a folder.";
    case EISDIR:
      return "Name a file, not a folder.";
    case EACCES:
    case EPERM:
      return "Check the permissions of the file and its folder.";
    case EROFS:
      return "Choose a place on another file system.";
    case ENOSPC:
    case EDQUOT:
      return "Free some space, or choose a place with more.";
    case EFBIG:
      return "Raise the limit on file sizes (`ulimit -f`), or choose a file system that takes larger files.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit on open files (`ulimit -n`).";
    case ENAMETOOLONG:
      return "Choose a shorter name.";
    case EIO:
      return "Check the disk.";
    default:
      return {};
  }
}

}  // namespace

void throw_file_error(std::string_view doing, const fs::path& path, int error_number) {
  throw InputError("Cannot " + std::string(doing) + " '" + path.string() +
                       "': " + std::generic_category().message(error_number) + ".",
                   remedy(path, error_number));
}

}  // namespace polygraph
