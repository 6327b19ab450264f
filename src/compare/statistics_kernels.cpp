#include "compare/statistics_kernels.h"

#include <cmath>

#include "core/narrow_float.h"

namespace polygraph::compare::detail {
namespace portable {
namespace {

#include "compare/statistics_kernels.inc"

void widen_float16(const void* values, std::size_t count, float* out) {
  const char* from = static_cast<const char*>(values);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half;
    __builtin_memcpy(&half, from + 2 * i, 2);
    out[i] = polygraph::detail::Float16Format::decode(half);
  }
}

constexpr KernelSet set{kernels_of<float>(), kernels_of<double>(), widen_float16, widen_bfloat16};

}  // namespace
}  // namespace portable

const KernelSet& portable_kernels() {
  return portable::set;
}

#ifdef __x86_64__
namespace avx2 {
extern const KernelSet set;
}
const KernelSet* avx2_kernels() {
  const bool has_them = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("f16c") != 0;
  return has_them ? &avx2::set : nullptr;
}
#else
const KernelSet* avx2_kernels() {
  return nullptr;
}
#endif

const KernelSet& kernels() {
  const KernelSet* const avx2 = avx2_kernels();
  static const KernelSet& best = avx2 != nullptr ? *avx2 : portable_kernels();
  return best;
}

}  // namespace polygraph::compare::detail
