#include <polygraph/core/files.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/checksum_avx2.h"

namespace polygraph {
std::uint64_t checksum(std::span<const std::byte> bytes) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return avx2::xxh3(bytes.data(), bytes.size());
#endif
  return XXH3_64bits(bytes.data(), bytes.size());
}

struct Checksum::State {
  XXH3_state_t xxh3;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->xxh3);
}
Checksum::~Checksum() = default;

void Checksum::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return avx2::xxh3_update(&state_->xxh3, bytes.data(), bytes.size());
#endif
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
  return XXH3_64bits_digest(&state_->xxh3);
}

}  // namespace polygraph
