#include "compare/statistics_kernels.h"

#ifdef __x86_64__
#ifndef __AVX2__
#error "This file is to be compiled with -mavx2 -mf16c"
#endif

#include <immintrin.h>

namespace polygraph::compare::detail::avx2 {

extern const KernelSet set;

namespace {

#include "compare/statistics_kernels.inc"

void widen_float16(const void* values, std::size_t count, float* out) {
  const char* from = static_cast<const char*>(values);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i halves;
    __builtin_memcpy(&halves, from + 2 * i, sizeof halves);
    const __m256 floats = _mm256_cvtph_ps(halves);
    __builtin_memcpy(out + i, &floats, sizeof floats);
  }
  for (; i < count; ++i) {
    std::uint16_t half;
    __builtin_memcpy(&half, from + 2 * i, 2);
    out[i] = _cvtsh_ss(half);
  }
}

}  // namespace

const KernelSet set{kernels_of<float>(), kernels_of<double>(), widen_float16, widen_bfloat16};

}  // namespace polygraph::compare::detail::avx2
#endif
