#pragma once

#include <filesystem>
#include <string_view>

namespace polygraph {

/// Throws InputError: "Cannot <doing> '<path>': <the system's reason>.", with a remedy that fits
/// `error_number` (errno).
[[noreturn]] void throw_file_error(std::string_view doing, const std::filesystem::path& path,
                                   int error_number);

}  // namespace polygraph
