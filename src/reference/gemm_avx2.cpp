#include "reference/gemm_block.h"

namespace polygraph::reference::avx2 {

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c, std::int64_t c_step,
          double* scratch) {
  BlockedGemm<4, 6, 2>::run(m, n, k, a, b, c, c_step, scratch);
}

}  // namespace polygraph::reference::avx2
