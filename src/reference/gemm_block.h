#pragma once

#include <cstring>
#include <utility>

#include "reference/gemm.h"

// The matrix product by blocks that fit into caches, after Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication". Each file that includes this compiles it for its own instruction
// set: everything is in an unnamed namespace, and nothing of the standard library is instantiated that other
// files could be given.
namespace polygraph::reference {
namespace {

inline std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

template <int width, int rows, int vectors>
struct BlockedGemm {
  using Vector [[gnu::vector_size(width * sizeof(double))]] = double;
  static constexpr std::int64_t tile_columns = width * vectors;
  static constexpr std::int64_t block_depth = 256;
  static constexpr std::int64_t block_rows = 16 * rows;
  static constexpr std::int64_t block_columns = 1024;
  static_assert((block_rows + block_columns) * block_depth <= gemm_scratch &&
                block_columns % tile_columns == 0);

  // Copies a part of a matrix into strips of `size` rows (of the matrix or its transpose), padded with zeros.
  static void pack(const double* from, std::int64_t step_across, std::int64_t step_along, std::int64_t across,
                   std::int64_t along, std::int64_t size, double* to) {
    for (std::int64_t begin = 0; begin < across; begin += size) {
      const std::int64_t used = smaller(size, across - begin);
      const double* strip = from + begin * step_across;
      for (std::int64_t p = 0; p < along; ++p, to += size, strip += step_along) {
        for (std::int64_t i = 0; i < used; ++i) to[i] = strip[i * step_across];
        for (std::int64_t i = used; i < size; ++i) to[i] = 0;
      }
    }
  }

  // From any address.
  static Vector load(const double* from) {
    using Anywhere [[gnu::vector_size(width * sizeof(double)), gnu::aligned(alignof(double))]] = double;
    return *reinterpret_cast<const Anywhere*>(from);
  }

  // One tile of c: a strip of a times a strip of b. The numbers in the sequence are those of the sums, row by
  // row: with constant indices the compiler keeps all of them in registers.
  template <int... number>
  static void tile(std::integer_sequence<int, number...>, std::int64_t depth, const double* a,
                   const double* b, double* c, std::int64_t c_step, std::int64_t used_rows,
                   std::int64_t used_columns) {
    Vector sums[rows * vectors] = {};
    for (std::int64_t p = 0; p < depth; ++p, a += rows, b += tile_columns) {
      ((sums[number] += a[number / vectors] * load(b + number % vectors * width)), ...);
    }
    double result[rows * tile_columns];
    (std::memcpy(result + number * width, &sums[number], sizeof(Vector)), ...);
    for (std::int64_t i = 0; i < used_rows; ++i)
      for (std::int64_t j = 0; j < used_columns; ++j) c[i * c_step + j] += result[i * tile_columns + j];
  }

  static void run(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, double* c,
                  std::int64_t c_step, double* scratch) {
    double* const packed_a = scratch;
    double* const packed_b = scratch + block_rows * block_depth;
    for (std::int64_t j = 0; j < n; j += block_columns) {
      const std::int64_t columns = smaller(block_columns, n - j);
      for (std::int64_t p = 0; p < k; p += block_depth) {
        const std::int64_t deep = smaller(block_depth, k - p);
        pack(b.data + p * b.row_step + j * b.column_step, b.column_step, b.row_step, columns, deep,
             tile_columns, packed_b);
        for (std::int64_t i = 0; i < m; i += block_rows) {
          const std::int64_t lines = smaller(block_rows, m - i);
          pack(a.data + i * a.row_step + p * a.column_step, a.row_step, a.column_step, lines, deep, rows,
               packed_a);
          for (std::int64_t jj = 0; jj < columns; jj += tile_columns)
            for (std::int64_t ii = 0; ii < lines; ii += rows)
              tile(std::make_integer_sequence<int, rows * vectors>(), deep, packed_a + ii * deep,
                   packed_b + jj * deep, c + (i + ii) * c_step + j + jj, c_step, smaller(rows, lines - ii),
                   smaller(tile_columns, columns - jj));
        }
      }
    }
  }
};

}  // namespace
}  // namespace polygraph::reference
