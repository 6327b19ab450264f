// Only C headers here: an inline function of the standard library compiled with AVX2 could replace its
// baseline copy at link time.
#include "compare/base64_avx2.h"

#ifdef __x86_64__
#ifndef __AVX2__
#error "This file is to be compiled with -mavx2"
#endif

#include <immintrin.h>

namespace polygraph::compare::avx2 {
namespace {

/// 24 bytes (the low 12 of each half) as 32 numbers of 6 bits, one per byte.
inline __m256i split(__m256i bytes) {
  // Each group of bytes a b c becomes b a c b: two 16-bit words that hold the four numbers.
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  const __m256i words = _mm256_shuffle_epi8(bytes, order);
  const __m256i first_and_third = _mm256_mulhi_epu16(_mm256_and_si256(words, _mm256_set1_epi32(0x0fc0fc00)),
                                                     _mm256_set1_epi32(0x04000040));
  const __m256i second_and_fourth = _mm256_mullo_epi16(_mm256_and_si256(words, _mm256_set1_epi32(0x003f03f0)),
                                                       _mm256_set1_epi32(0x01000010));
  return _mm256_or_si256(first_and_third, second_and_fourth);
}

/// Numbers of 6 bits as characters: each gets what its range of the alphabet is away from it.
inline __m256i to_characters(__m256i numbers) {
  // Row 0: a-z, 1 to 10: 0-9, 11: '+', 12: '/', 13: A-Z.
  const __m256i distances = _mm256_broadcastsi128_si256(
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
  const __m256i beyond_letters = _mm256_subs_epu8(numbers, _mm256_set1_epi8(51));
  const __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), numbers);
  const __m256i row = _mm256_or_si256(beyond_letters, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
  return _mm256_add_epi8(numbers, _mm256_shuffle_epi8(distances, row));
}

/// Characters as numbers of 6 bits; false if one is not of the alphabet.
inline bool to_numbers(__m256i characters, __m256i& numbers) {
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(characters, 4), _mm256_set1_epi8(0x0f));
  const __m256i low = _mm256_and_si256(characters, _mm256_set1_epi8(0x0f));
  // A character is bad if the set of kinds that its high half allows and the set that its low half forbids
  // meet.
  const __m256i forbidden = _mm256_broadcastsi128_si256(_mm_setr_epi8(
      0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i kinds = _mm256_broadcastsi128_si256(_mm_setr_epi8(
      0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  if (!_mm256_testz_si256(_mm256_shuffle_epi8(forbidden, low), _mm256_shuffle_epi8(kinds, high)))
    return false;
  // '/' shares its high half with '+', whose distance is another.
  const __m256i is_slash = _mm256_cmpeq_epi8(characters, _mm256_set1_epi8('/'));
  const __m256i distances = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0));
  numbers = _mm256_add_epi8(characters, _mm256_shuffle_epi8(distances, _mm256_add_epi8(is_slash, high)));
  return true;
}

/// 32 numbers of 6 bits as 24 bytes at the start of the vector.
inline __m256i join(__m256i numbers) {
  const __m256i pairs = _mm256_maddubs_epi16(numbers, _mm256_set1_epi32(0x01400140));
  const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, order),
                                     _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

}  // namespace

std::size_t encode_base64(const unsigned char* in, std::size_t size, char* out) {
  std::size_t done = 0;
  // 28 bytes are read for 24 that count.
  for (; done + 28 <= size; done += 24, out += 32) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done + 12));
    const __m256i characters = to_characters(split(_mm256_set_m128i(high, low)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), characters);
  }
  return done;
}

std::size_t decode_base64(const char* in, std::size_t size, unsigned char* out) {
  std::size_t done = 0;
  // 32 bytes are written for 24 that count: the 8 others must lie within the rest of the output.
  for (; done + 44 <= size; done += 32, out += 24) {
    __m256i numbers;
    if (!to_numbers(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + done)), numbers)) break;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), join(numbers));
  }
  return done;
}

}  // namespace polygraph::compare::avx2
#endif
