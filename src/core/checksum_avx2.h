#pragma once

#include <cstddef>
#include <cstdint>

// XXH3 compiled for AVX2. Its own translation unit, because the compiler flag holds for a whole file: call
// these only after
// __builtin_cpu_supports("avx2"). `state` is an XXH3_state_t, whose layout does not depend on the vector
// width.
namespace polygraph::avx2 {

std::uint64_t xxh3(const void* data, std::size_t size);
void xxh3_update(void* state, const void* data, std::size_t size);

}  // namespace polygraph::avx2
