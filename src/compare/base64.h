#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Base64 of RFC 4648: the standard alphabet, padded, without line breaks. On processors with AVX2 as fast as
// the first-level cache.

namespace polygraph::compare::detail {

constexpr std::size_t base64_size(std::size_t byte_count) {
  return (byte_count + 2) / 3 * 4;
}

/// Writes `base64_size(bytes.size())` characters to `out`, with padding if the bytes are no multiple of 3.
void encode_base64(std::span<const std::byte> bytes, char* out);

/// Decodes `text`, whose size is a multiple of 4 and which has no padding, into `text.size() / 4 * 3` bytes
/// at `out`. Returns how many characters are good; fewer than there are if one is not of the alphabet (the
/// bytes from its group of 4 on are then undefined).
std::size_t decode_base64(std::string_view text, std::byte* out);

namespace portable {

void encode_base64(std::span<const std::byte> bytes, char* out);
std::size_t decode_base64(std::string_view text, std::byte* out);

}  // namespace portable

}  // namespace polygraph::compare::detail
