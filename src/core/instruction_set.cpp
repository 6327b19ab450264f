#include <polygraph/core/engine_file.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace polygraph {

std::string cpu_instruction_set() {
#if defined(__x86_64__)
  // Intel's manual, CPUID leaf 7: what the processor has. __builtin_cpu_supports adds whether the system
  // saves the registers.
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return "SSE2";
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    const bool amx_bf16 = d & (1u << 22);
    if (amx_bf16) return "AMX";
    if (__builtin_cpu_supports("avx512bf16")) return "AVX512_BF16";
    return "AVX512";
  }
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return __builtin_cpu_supports("sse4.2") ? "SSE4.2" : "SSE2";
#elif defined(__aarch64__)
  return "ARM64";
#else
  return "generic";
#endif
}

}  // namespace polygraph
