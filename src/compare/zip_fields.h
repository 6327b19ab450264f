#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

// The numbers of ZIP archives.

namespace polygraph::compare::detail::zip {

inline constexpr std::uint32_t local_signature = 0x04034b50;
inline constexpr std::uint32_t central_signature = 0x02014b50;
inline constexpr std::uint32_t end_signature = 0x06054b50;
inline constexpr std::uint32_t end64_signature = 0x06064b50;
inline constexpr std::uint32_t locator64_signature = 0x07064b50;
inline constexpr std::size_t local_size = 30;
inline constexpr std::size_t central_size = 46;
inline constexpr std::size_t end_size = 22;
inline constexpr std::size_t end64_size = 56;
inline constexpr std::size_t locator64_size = 20;
inline constexpr std::uint16_t extra64 = 1;
inline constexpr std::uint32_t full32 = 0xffffffff;
inline constexpr std::uint16_t full16 = 0xffff;

template <class Integer>
Integer get(std::span<const std::byte> bytes, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    value = static_cast<Integer>(value | static_cast<Integer>(bytes[offset + i]) << (8 * i));
  return value;
}

template <class Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace polygraph::compare::detail::zip
