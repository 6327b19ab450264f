#include "core/plan.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

namespace polygraph {

std::optional<PlanHeader> read_plan_header(std::span<const std::byte> bytes) {
  constexpr std::size_t rtx_header_size = 32;
  if (bytes.size() < 4) return std::nullopt;
  const std::string_view magic(reinterpret_cast<const char*>(bytes.data()), 4);
  if (magic == "ftrt" || magic == "ptrt") return PlanHeader{};
  if (magic != "vtrt") return std::nullopt;
  PlanHeader header{.rtx = true};
  if (bytes.size() < rtx_header_size) return header;
  std::memcpy(&header.size, bytes.data() + 16, sizeof header.size);
  header.version = fmt::format("{}.{}.{}", std::to_integer<int>(bytes[24]), std::to_integer<int>(bytes[25]),
                               std::to_integer<int>(bytes[26]));
  return header;
}

}  // namespace polygraph
