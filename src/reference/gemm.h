#pragma once

#include <cstdint>

namespace polygraph::reference {

/// A matrix in memory; steps are counted in elements.
struct Matrix {
  const double* data = nullptr;
  std::int64_t row_step = 0;
  std::int64_t column_step = 1;
};

/// c += a * b, with a of m x k, b of k x n and c of m x n; rows of c are contiguous and `c_step` apart.
/// Everything is computed in double precision, by AVX-512 or AVX2 where the processor has it.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c, std::int64_t c_step,
          int threads);

/// One instruction set's way to compute it in one thread; all processors have `generic`. `scratch` is for
/// `gemm_scratch` numbers.
inline constexpr std::int64_t gemm_scratch = 512 * 1024;
using OneThreadGemm = void(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c,
                           std::int64_t c_step, double* scratch);
namespace generic {
OneThreadGemm gemm;
}
namespace avx2 {
OneThreadGemm gemm;
}
namespace avx512 {
OneThreadGemm gemm;
}

}  // namespace polygraph::reference
