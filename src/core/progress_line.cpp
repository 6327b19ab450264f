#include "core/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace polygraph {
namespace {

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string_view first_columns(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if (begins_code_point(text[end]) && count-- == 0) break;
  return text.substr(0, end);
}

std::string elapsed_text(std::chrono::seconds elapsed) {
  const auto seconds = elapsed.count();
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02} h", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string progress_line(std::string_view title, std::uint64_t done, std::uint64_t total,
                          std::chrono::seconds elapsed, std::size_t width) {
  constexpr std::size_t widest_bar = 40, narrowest_bar = 8;
  const std::string time = elapsed_text(elapsed);
  std::string tail;
  if (total == 0) {
    tail = " ... " + time;
  } else {
    const double fraction = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const std::string percent = fmt::format(" {:3}%", static_cast<int>(fraction * 100));
    const std::size_t taken = columns(title) + percent.size() + time.size() + 4;  // brackets and two spaces
    const std::size_t bar = std::min(widest_bar, width > taken ? width - taken : 0);
    if (bar >= narrowest_bar) {
      const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(bar));
      tail = fmt::format("{} [{}{}] {}", percent, std::string(filled, '#'), std::string(bar - filled, ' '),
                         time);
    } else {
      tail = percent + " " + time;
    }
  }
  const std::size_t room = width > tail.size() ? width - tail.size() : 0;
  return std::string(first_columns(std::string(first_columns(title, room)) + tail, width));
}

}  // namespace polygraph
