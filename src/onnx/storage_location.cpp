#include "onnx/storage_location.h"

#include <algorithm>

namespace polygraph::onnx {
namespace fs = std::filesystem;

std::string problem_of_location(std::string_view location) {
  if (location.empty()) return "the location is empty";
  if (location.find('\0') != std::string_view::npos) return "the location holds a zero byte";
  const fs::path path(location);
  if (path.is_absolute()) return "the location is an absolute path";
  if (std::ranges::find(path, fs::path("..")) != path.end())
    return "the location leads out of the model's folder by '..'";
  return {};
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace polygraph::onnx
