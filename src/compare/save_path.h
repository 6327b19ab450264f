#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace polygraph::compare::detail {

/// A folder to save iterations in, made if it does not exist. Throws InputError if it is a file or not empty.
std::filesystem::path new_folder(const std::filesystem::path& path);

/// `0000000012.json`
std::string iteration_file_name(std::size_t iteration);

}  // namespace polygraph::compare::detail
