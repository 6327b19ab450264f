// Only C headers here: an inline function of the standard library compiled with AVX2 could replace its
// baseline copy at link time.
#include "core/checksum_avx2.h"

#ifdef __x86_64__
#ifndef __AVX2__
#error "This file is to be compiled with -mavx2"
#endif

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polygraph::avx2 {

std::uint64_t xxh3(const void* data, std::size_t size) {
  return XXH3_64bits(data, size);
}

void xxh3_update(void* state, const void* data, std::size_t size) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state), data, size);
}

}  // namespace polygraph::avx2
#endif
