#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace polygraph {

/// `64`, `512M`, `1.5G` as bytes; K, M, G and T are powers of 1024. Nullopt for other text, and for more than
/// an `int64_t` holds. Thread-safe.
std::optional<std::int64_t> parse_byte_count(std::string_view text);

}  // namespace polygraph
