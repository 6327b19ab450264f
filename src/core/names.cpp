#include "core/names.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>

#include "core/log_format.h"

namespace polygraph {

namespace {

// Matches one character against the set that begins after '[' at `at`; moves `at` behind ']'. Without a ']'
// the '[' is literal.
bool match_set(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at;
  const bool negated = i < pattern.size() && pattern[i] == '!';
  if (negated) ++i;
  const std::size_t first = i;
  std::size_t end = pattern.find(']', first + 1);
  if (end == std::string_view::npos) return c == '[';
  bool found = false;
  for (i = first; i < end; ++i) {
    if (i + 2 < end && pattern[i + 1] == '-') {
      found |= pattern[i] <= c && c <= pattern[i + 2];
      i += 2;
    } else {
      found |= pattern[i] == c;
    }
  }
  at = end + 1;
  return found != negated;
}

}  // namespace

bool matches(std::string_view name, std::string_view pattern) {
  // One star at a time: after a mismatch the last star takes one character more. Quadratic at worst.
  std::size_t n = 0, p = 0;
  std::size_t star = std::string_view::npos, star_name = 0;
  while (n < name.size()) {
    bool matched = false;
    std::size_t next = p + 1;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star = p++;
        star_name = n;
        continue;
      }
      if (pattern[p] == '[')
        matched = match_set(pattern, next, name[n]);
      else
        matched = pattern[p] == '?' || pattern[p] == name[n];
    }
    if (matched) {
      ++n;
      p = next;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::size_t> select_names(const std::vector<std::string>& names,
                                      const std::vector<std::string>& patterns, std::string_view attempt,
                                      std::string_view kind) {
  std::vector<bool> selected(names.size());
  for (const std::string& pattern : patterns) {
    const auto exact = std::find(names.begin(), names.end(), pattern);
    if (exact != names.end()) {
      selected[static_cast<std::size_t>(exact - names.begin())] = true;
      continue;
    }
    if (!is_wildcard(pattern))
      throw InputError(
          fmt::format("{}: there is no {} '{}'.{}", attempt, kind, pattern, suggest(pattern, names)),
          "'polygraph inspect model FILE --show layers' lists all names.");
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!matches(names[i], pattern)) continue;
      selected[i] = true;
      any = true;
    }
    if (!any) log_warning("{}: no {} matches '{}'", attempt, kind, pattern);
  }
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (selected[i]) indices.push_back(i);
  return indices;
}

}  // namespace polygraph
