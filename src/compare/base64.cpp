#include "compare/base64.h"

#include <array>

#include "compare/base64_avx2.h"

namespace polygraph::compare::detail {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_number = 0xff;

constexpr std::array<std::uint8_t, 256> make_numbers() {
  std::array<std::uint8_t, 256> numbers{};
  numbers.fill(no_number);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    numbers[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return numbers;
}
constexpr std::array<std::uint8_t, 256> numbers = make_numbers();

}  // namespace

namespace portable {

void encode_base64(std::span<const std::byte> bytes, char* out) {
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, in += 3, out += 4) {
    const unsigned group = static_cast<unsigned>(in[0] << 16 | in[1] << 8 | in[2]);
    for (unsigned i = 0; i < 4; ++i) out[i] = alphabet[group >> (18 - 6 * i) & 63];
  }
  if (left == 0) return;
  const unsigned group = static_cast<unsigned>(in[0] << 16 | (left == 2 ? in[1] << 8 : 0));
  out[0] = alphabet[group >> 18];
  out[1] = alphabet[group >> 12 & 63];
  out[2] = left == 2 ? alphabet[group >> 6 & 63] : '=';
  out[3] = '=';
}

std::size_t decode_base64(std::string_view text, std::byte* out) {
  std::size_t done = 0;
  for (; done + 4 <= text.size(); done += 4, out += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t number = numbers[static_cast<unsigned char>(text[done + i])];
      if (number == no_number) return done + i;
      group = group << 6 | number;
    }
    for (unsigned i = 0; i < 3; ++i) out[i] = static_cast<std::byte>(group >> (16 - 8 * i) & 0xff);
  }
  return done;
}

}  // namespace portable

void encode_base64(std::span<const std::byte> bytes, char* out) {
  std::size_t done = 0;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2"))
    done = avx2::encode_base64(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out);
#endif
  portable::encode_base64(bytes.subspan(done), out + done / 3 * 4);
}

std::size_t decode_base64(std::string_view text, std::byte* out) {
  std::size_t done = 0;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2"))
    done = avx2::decode_base64(text.data(), text.size(), reinterpret_cast<unsigned char*>(out));
#endif
  return done + portable::decode_base64(text.substr(done), out + done / 4 * 3);
}

}  // namespace polygraph::compare::detail
