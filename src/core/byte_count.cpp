#include <polygraph/core/byte_count.h>

#include <charconv>
#include <cmath>
#include <system_error>

namespace polygraph {

std::optional<std::int64_t> parse_byte_count(std::string_view text) {
  constexpr std::string_view units = "KMGT";
  constexpr double most = 9e18;
  double number = 0;
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars is told the end
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::size_t place = unit.size() == 1 ? units.find(unit[0]) : std::string_view::npos;
  if (error != std::errc() || (!unit.empty() && place == std::string_view::npos)) return std::nullopt;
  const double bytes = unit.empty() ? number : number * std::pow(1024.0, 1.0 + static_cast<double>(place));
  if (!(bytes >= 0 && bytes <= most)) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace polygraph
