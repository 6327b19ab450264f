#include "reference/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace polygraph::reference {
namespace {

std::vector<double> random_numbers(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> distribution(-1, 1);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& number : numbers) number = distribution(generator);
  return numbers;
}

struct Sizes {
  std::int64_t m, n, k;
};
// Around the edges of tiles and blocks.
constexpr Sizes all_sizes[] = {{1, 1, 1},    {1, 100, 7},   {3, 17, 300},    {4, 16, 256},
                               {7, 5, 3},    {13, 33, 257}, {12, 16, 10},    {97, 1030, 5},
                               {200, 9, 70}, {65, 31, 513}, {193, 1025, 259}};

// Whether c = 1 + a b to the last few bits.
template <class F>
void check(F&& multiply) {
  for (const auto& [m, n, k] : all_sizes)
    for (const bool transposed : {false, true}) {
      const auto a = random_numbers(m * k, 1), b = random_numbers(k * n, 2);
      const Matrix left = transposed ? Matrix{a.data(), 1, m} : Matrix{a.data(), k, 1};
      const Matrix right = transposed ? Matrix{b.data(), 1, k} : Matrix{b.data(), n, 1};
      const std::int64_t step = n + 3;
      std::vector<double> c(static_cast<std::size_t>(m * step), 1);
      multiply(m, n, k, left, right, c.data(), step);
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          long double sum = 1;
          for (std::int64_t p = 0; p < k; ++p)
            sum += static_cast<long double>(left.data[i * left.row_step + p * left.column_step]) *
                   right.data[p * right.row_step + j * right.column_step];
          ASSERT_NEAR(c[static_cast<std::size_t>(i * step + j)], static_cast<double>(sum), 1e-13)
              << m << "x" << n << "x" << k << " at " << i << ", " << j;
        }
        for (std::int64_t j = n; j < step; ++j)
          ASSERT_EQ(c[static_cast<std::size_t>(i * step + j)], 1) << "beyond the row";
      }
    }
}

void check_one_thread(OneThreadGemm* multiply) {
  const std::unique_ptr<double[]> scratch(new double[gemm_scratch]);
  check([&](std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c,
            std::int64_t step) { multiply(m, n, k, a, b, c, step, scratch.get()); });
}

TEST(Gemm, MultipliesByEachInstructionSet) {
  check_one_thread(generic::gemm);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) check_one_thread(avx2::gemm);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) check_one_thread(avx512::gemm);
#endif
}

TEST(Gemm, MultipliesInSeveralThreads) {
  for (const int threads : {1, 3})
    check([=](std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c,
              std::int64_t step) { gemm(m, n, k, a, b, c, step, threads); });
}

TEST(Gemm, LeavesTheResultIfThereIsNothingToAdd) {
  std::vector<double> c{5};
  gemm(1, 1, 0, {}, {}, c.data(), 1, 2);
  EXPECT_EQ(c[0], 5);
}

}  // namespace
}  // namespace polygraph::reference
