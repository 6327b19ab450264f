#include "compare/save_path.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <system_error>

#include "core/system_error.h"

namespace polygraph::compare::detail {

namespace fs = std::filesystem;

fs::path new_folder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw InputError(
        fmt::format("Cannot save iterations in '{}': a file of that name exists, and a path without "
                    "an extension is a folder with a file for each iteration.",
                    path.string()),
        "Name a file with an extension (.json, .npz), or another folder.");
  }
  if (fs::is_directory(status)) {
    const bool is_empty = fs::is_empty(path, error);
    if (error) throw_file_error("read", path, error.value());
    if (!is_empty) {
      throw InputError(
          fmt::format("Cannot save iterations in the folder '{}': it is not empty.", path.string()),
          "Name another folder, or remove what is in it.");
    }
    return path;
  }
  fs::create_directories(path, error);
  if (error) throw_file_error("create", path, error.value());
  return path;
}

std::string iteration_file_name(std::size_t iteration) {
  return fmt::format("{:010d}.json", iteration);
}

}  // namespace polygraph::compare::detail
