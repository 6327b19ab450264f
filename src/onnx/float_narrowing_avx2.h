#pragma once

#include <cstddef>
#include <cstdint>

#include "onnx/float_narrowing_limits.h"

// Compiled for AVX2 and F16C. Call these only after __builtin_cpu_supports has said that there are both. Each
// converts or counts a multiple of 16 floats.
namespace polygraph::onnx::avx2 {

void to_float16(const void* source, std::uint16_t* target, std::size_t count);
void to_bfloat16(const void* source, std::uint16_t* target, std::size_t count);

struct Counts {
  std::uint64_t zeros, overflowing, vanishing, subnormal;
};
Counts count(const NarrowingLimits& limits, const void* source, std::size_t count);

}  // namespace polygraph::onnx::avx2
