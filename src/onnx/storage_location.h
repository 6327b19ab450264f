#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace polygraph::onnx {

/// What is wrong with a location of external data by its text alone, e.g. "the location is an absolute path";
/// empty if it may name a file in the model's folder.
std::string problem_of_location(std::string_view location);

/// Whether a path lies in a folder; both canonical.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace polygraph::onnx
