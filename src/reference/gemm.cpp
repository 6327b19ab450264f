#include "reference/gemm.h"

#include <algorithm>
#include <memory>

#include "reference/gemm_block.h"
#include "reference/parallel.h"

namespace polygraph::reference {

namespace generic {

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c, std::int64_t c_step,
          double* scratch) {
  BlockedGemm<2, 4, 2>::run(m, n, k, a, b, c, c_step, scratch);
}

}  // namespace generic

namespace {

OneThreadGemm* best_gemm() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return avx512::gemm;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::gemm;
#endif
  return generic::gemm;
}

// Below this many rows, packing b costs more than it saves.
constexpr std::int64_t few_rows = 4;

double dot(const double* a, std::int64_t a_step, const double* b, std::int64_t count) {
  double sums[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (std::int64_t j = 0; j < 8; ++j) sums[j] += a[(i + j) * a_step] * b[i + j];
  for (; i < count; ++i) sums[0] += a[i * a_step] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void row_times_matrix(std::int64_t n, std::int64_t k, const double* a, std::int64_t a_step, Matrix b,
                      double* c) {
  if (b.column_step == 1) {
    for (std::int64_t p = 0; p < k; ++p) {
      const double factor = a[p * a_step];
      const double* const row = b.data + p * b.row_step;
      for (std::int64_t j = 0; j < n; ++j) c[j] += factor * row[j];
    }
  } else {
    for (std::int64_t j = 0; j < n; ++j) c[j] += dot(a, a_step, b.data + j * b.column_step, k);
  }
}

void one_thread(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c,
                std::int64_t c_step) {
  static OneThreadGemm* const best = best_gemm();
  if (m >= few_rows || (b.column_step != 1 && b.row_step != 1)) {
    const std::unique_ptr<double[]> scratch(new double[gemm_scratch]);  // not filled
    return best(m, n, k, a, b, c, c_step, scratch.get());
  }
  for (std::int64_t i = 0; i < m; ++i)
    row_times_matrix(n, k, a.data + i * a.row_step, a.column_step, b, c + i * c_step);
}

// Multiplications that are worth a thread.
constexpr std::int64_t worthwhile = 1 << 20;

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c, std::int64_t c_step,
          int threads) {
  if (m == 0 || n == 0 || k == 0) return;
  if (n >= m) {
    const std::int64_t grain = std::max<std::int64_t>(worthwhile / (m * k) + 1, 16);
    parallel_for(n, grain, threads, [&](std::int64_t begin, std::int64_t end) {
      const Matrix part{b.data + begin * b.column_step, b.row_step, b.column_step};
      one_thread(m, end - begin, k, a, part, c + begin, c_step);
    });
  } else {
    const std::int64_t grain = std::max<std::int64_t>(worthwhile / (n * k) + 1, 12);
    parallel_for(m, grain, threads, [&](std::int64_t begin, std::int64_t end) {
      const Matrix part{a.data + begin * a.row_step, a.row_step, a.column_step};
      one_thread(end - begin, n, k, part, b, c + begin * c_step, c_step);
    });
  }
}

}  // namespace polygraph::reference
