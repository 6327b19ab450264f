#include <polygraph/core/error.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace polygraph {
namespace {

constexpr std::size_t max_listed = 8;  // more candidates than this are counted, not listed

std::string join_message(const std::string& problem, const std::string& remedy,
                         const std::vector<std::string>& engine_messages) {
  std::string text = problem;
  if (!remedy.empty()) text += "\n" + remedy;
  for (const std::string& message : engine_messages) {
    // Engines end messages with a newline now and then: no empty line for that.
    std::string_view rest = message;
    while (!rest.empty() && rest.back() == '\n') rest.remove_suffix(1);
    while (true) {
      const std::size_t end = rest.find('\n');
      text += "\n  | ";
      text += rest.substr(0, end);
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; nullopt if more than `limit`.
std::optional<std::size_t> edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return std::nullopt;
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  std::size_t last_minimum = 0;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    std::size_t minimum = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      minimum = std::min(minimum, row[j]);
    }
    // A row follows from the two before it, so once both are over the limit no later one is under it.
    if (minimum > limit && last_minimum > limit) return std::nullopt;
    last_minimum = minimum;
  }
  if (row[b.size()] > limit) return std::nullopt;
  return row[b.size()];
}

// How unlike a name a candidate is; smaller is nearer.
struct Distance {
  enum Kind { same, few_edits, prefix, part } kind;
  std::size_t edits;
  bool no_prefix;
  std::size_t after_common_prefix;  // what follows it in the name
  std::size_t length_difference;
  auto operator<=>(const Distance&) const = default;
};

std::optional<Distance> distance(std::string_view name, std::string_view candidate) {
  const auto [shorter, longer] =
      name.size() < candidate.size() ? std::pair(name, candidate) : std::pair(candidate, name);
  const std::size_t difference = longer.size() - shorter.size();
  const bool is_prefix = longer.starts_with(shorter);
  const auto common = std::ranges::mismatch(name, candidate).in1 - name.begin();
  const std::size_t rest = name.size() - static_cast<std::size_t>(common);
  const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  const auto edits = edit_distance(name, candidate, limit);
  // Short names are all a few edits apart: one that keeps no letter of the name is not near.
  if (edits && *edits < longer.size())
    return Distance{*edits == 0 ? Distance::same : Distance::few_edits, *edits, !is_prefix, rest, difference};
  if (shorter.size() >= 2 && is_prefix) return Distance{Distance::prefix, 0, false, rest, difference};
  if (shorter.size() >= 3 && longer.find(shorter) != std::string_view::npos)
    return Distance{Distance::part, 0, true, rest, difference};
  return std::nullopt;
}

}  // namespace

Error::Error(std::string problem, std::string remedy, std::vector<std::string> engine_messages)
    : std::runtime_error(join_message(problem, remedy, engine_messages)),
      problem_(std::move(problem)),
      remedy_(std::move(remedy)),
      engine_messages_(std::move(engine_messages)) {}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string wanted = lower_case(name);
  const std::string* best = nullptr;
  std::optional<Distance> best_distance;
  for (const std::string& candidate : candidates) {
    const auto found = distance(wanted, lower_case(candidate));
    if (found && (!best_distance || *found < *best_distance)) {
      best = &candidate;
      best_distance = found;
    }
  }
  return best ? *best : std::string();
}

std::string suggest(std::string_view name, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  std::string text;
  if (const std::string near = nearest(name, candidates); !near.empty())
    text = " Did you mean '" + near + "'?";
  if (candidates.size() > max_listed)
    return text + " " + std::to_string(candidates.size()) + " names are available.";
  text += " Available: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) text += ", ";
    text += "'" + candidates[i] + "'";
  }
  return text + ".";
}

}  // namespace polygraph
