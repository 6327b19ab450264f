#include "compare/npz_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

namespace polygraph::compare::detail {
namespace {

constexpr std::string_view suffix = ".npy";
constexpr std::size_t iteration_digits = 10;
constexpr std::string_view empty_name = "%";

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::string escape_component(std::string_view name) {
  if (name.empty()) return std::string(empty_name);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '/' || c == '\\' || c == '%' || is_control(c) || (c == '.' && i == 0))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string unescape_component(std::string_view component) {
  if (component == empty_name) return {};
  std::string out;
  for (std::size_t i = 0; i < component.size(); ++i) {
    unsigned value = 0;
    const char* const begin = component.data() + i + 1;
    if (component[i] == '%' && component.size() - i > 2 &&
        std::from_chars(begin, begin + 2, value, 16).ptr == begin + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += component[i];
    }
  }
  return out;
}

std::string iteration_component(std::size_t iteration) {
  return fmt::format("{:0{}d}", iteration, iteration_digits);
}

std::optional<std::vector<std::string_view>> iteration_path(std::string_view member) {
  if (!member.ends_with(suffix)) return std::nullopt;
  member.remove_suffix(suffix.size());
  std::vector<std::string_view> parts = split(member);
  const bool is_number = parts[0].size() == iteration_digits &&
                         std::ranges::all_of(parts[0], [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number || parts.size() < 2 || parts.size() > 3) return std::nullopt;
  return parts;
}

std::string path_problem(std::string_view member) {
  if (std::ranges::any_of(member, is_control)) return "has a control character in its name";
  if (member.find('\\') != std::string_view::npos) return "has a backslash in its name";
  for (const std::string_view part : split(member)) {
    if (part == "." || part == "..") return fmt::format("has '{}' in its path", part);
    if (part.empty()) return "has an absolute path or an empty component";
  }
  if (!member.ends_with(suffix)) return "is no .npy file";
  return {};
}

}  // namespace polygraph::compare::detail
