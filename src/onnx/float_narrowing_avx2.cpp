// Only C headers here: an inline function of the standard library compiled with AVX2 could replace its
// baseline copy at link time.
#include "onnx/float_narrowing_avx2.h"

#ifdef __x86_64__
#if !defined(__AVX2__) || !defined(__F16C__)
#error "This file is to be compiled with -mavx2 -mf16c"
#endif

#include <immintrin.h>
#include <string.h>

namespace polygraph::onnx::avx2 {

void to_float16(const void* source, std::uint16_t* target, std::size_t count) {
  const float* in = static_cast<const float*>(source);
  for (std::size_t i = 0; i < count; i += 8) {
    const __m256 values = _mm256_loadu_ps(in + i);
    const __m128i narrow = _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + i), narrow);
    int nans = _mm256_movemask_ps(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
    // The instruction makes signalling NaNs quiet; a conversion that says what was there keeps them.
    for (; nans != 0; nans &= nans - 1) {
      const std::size_t at = i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(nans)));
      std::uint32_t bits;
      memcpy(&bits, in + at, sizeof bits);
      const std::uint32_t payload = (bits >> 13) & 0x3ffu;
      target[at] =
          static_cast<std::uint16_t>((bits >> 16 & 0x8000u) | 0x7c00u | (payload != 0 ? payload : 0x200u));
    }
  }
}

namespace {

__m256i bfloat16_in_low_half(__m256i bits) {
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, odd), _mm256_set1_epi32(0x7fff));
  const __m256i payload = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f0000));
  const __m256i lost = _mm256_cmpeq_epi32(payload, _mm256_setzero_si256());
  const __m256i nan = _mm256_or_si256(bits, _mm256_and_si256(lost, _mm256_set1_epi32(0x00400000)));
  const __m256 values = _mm256_castsi256_ps(bits);
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  return _mm256_srli_epi32(_mm256_blendv_epi8(rounded, nan, is_nan), 16);
}

}  // namespace

void to_bfloat16(const void* source, std::uint16_t* target, std::size_t count) {
  const std::uint16_t* in = static_cast<const std::uint16_t*>(source);
  for (std::size_t i = 0; i < count; i += 16) {
    const __m256i low =
        bfloat16_in_low_half(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 2 * i)));
    const __m256i high =
        bfloat16_in_low_half(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 2 * i + 16)));
    // Packing works on halves of the registers: put their quarters in order.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + i), packed);
  }
}

namespace {

/// The sum of eight counts of 32 bits.
std::uint64_t sum(__m256i counts) {
  std::uint32_t lanes[8];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), counts);
  std::uint64_t total = 0;
  for (const std::uint32_t lane : lanes) total += lane;
  return total;
}

__m256i broadcast(std::uint32_t value) {
  return _mm256_set1_epi32(static_cast<int>(value));
}

}  // namespace

Counts count(const NarrowingLimits& limits, const void* source, std::size_t count) {
  const std::uint16_t* in = static_cast<const std::uint16_t*>(source);
  Counts total{};
  constexpr std::size_t block = std::size_t{1} << 24;  // so that counts of 32 bits hold
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t end = count - begin < block ? count : begin + block;
    __m256i zeros = _mm256_setzero_si256();
    __m256i up_to_vanishing = zeros;
    __m256i below_normal = zeros;
    __m256i overflowing = zeros;
    for (std::size_t i = begin; i < end; i += 8) {
      const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 2 * i));
      const __m256i magnitude = _mm256_and_si256(bits, broadcast(0x7fffffffu));
      // A comparison that holds gives -1. Magnitudes are not negative as signed numbers.
      const __m256i is_large = _mm256_cmpgt_epi32(magnitude, broadcast(limits.overflow - 1));
      const __m256i is_finite = _mm256_cmpgt_epi32(broadcast(NarrowingLimits::infinity), magnitude);
      zeros = _mm256_sub_epi32(zeros, _mm256_cmpeq_epi32(magnitude, _mm256_setzero_si256()));
      up_to_vanishing =
          _mm256_sub_epi32(up_to_vanishing, _mm256_cmpgt_epi32(broadcast(limits.vanish + 1), magnitude));
      below_normal =
          _mm256_sub_epi32(below_normal, _mm256_cmpgt_epi32(broadcast(limits.min_normal), magnitude));
      overflowing = _mm256_sub_epi32(overflowing, _mm256_and_si256(is_large, is_finite));
    }
    const std::uint64_t zero_count = sum(zeros);
    const std::uint64_t vanishing_or_zero = sum(up_to_vanishing);
    total.zeros += zero_count;
    total.vanishing += vanishing_or_zero - zero_count;
    total.subnormal += sum(below_normal) - vanishing_or_zero;
    total.overflowing += sum(overflowing);
  }
  return total;
}

}  // namespace polygraph::onnx::avx2
#endif
