#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace polygraph::onnx {

/// The pairs (i, j) of elements of two sequences that stay if one is turned into the other by the fewest
/// insertions and removals: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Pairs are
/// in descending order. Gives up, with no pairs, where more than about two thousand edits are needed or the
/// search becomes long.
/// @param same  `same(i, j)`: whether two elements are equal.
template <class Same>
std::vector<std::pair<std::size_t, std::size_t>> align(std::size_t size_a, std::size_t size_b,
                                                       const Same& same) {
  constexpr std::int64_t most_edits = 2000;
  constexpr std::int64_t most_steps = 20'000'000;
  const auto n = static_cast<std::int64_t>(size_a), m = static_cast<std::int64_t>(size_b);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  if (n == 0 || m == 0) return pairs;

  // reach[d][k + d]: how far into A the best path of d edits comes on diagonal k = i - j.
  std::vector<std::vector<std::int64_t>> reach;
  const auto at = [&](std::int64_t d, std::int64_t k) {
    return d < 0 || k < -d || k > d ? std::int64_t{-1}
                                    : reach[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  };
  /// Where a path of d edits arrives on a diagonal before it runs along equal elements.
  const auto arrival = [&](std::int64_t d, std::int64_t k) {
    if (d == 0) return std::int64_t{0};
    const std::int64_t inserted = at(d - 1, k + 1), removed = at(d - 1, k - 1);
    return std::max(inserted, removed < 0 ? std::int64_t{-1} : removed + 1);
  };
  std::int64_t steps = 0;
  std::int64_t edits = -1;
  for (std::int64_t d = 0; edits < 0; ++d) {
    if (d > most_edits || steps > most_steps) return pairs;
    reach.emplace_back(static_cast<std::size_t>(2 * d + 1), -1);
    for (std::int64_t k = -d; k <= d; k += 2) {
      std::int64_t i = arrival(d, k);
      if (i < 0 || i > n || i - k < 0 || i - k > m) continue;
      const std::int64_t from = i;
      while (i < n && i - k < m && same(static_cast<std::size_t>(i), static_cast<std::size_t>(i - k))) ++i;
      steps += i - from + 1;
      reach.back()[static_cast<std::size_t>(k + d)] = i;
      if (i == n && i - k == m) {
        edits = d;
        break;
      }
    }
  }
  std::int64_t i = n, k = n - m;
  for (std::int64_t d = edits; d >= 0; --d) {
    const std::int64_t from = arrival(d, k);
    for (; i > from; --i)
      pairs.emplace_back(static_cast<std::size_t>(i - 1), static_cast<std::size_t>(i - 1 - k));
    if (d == 0) break;
    const std::int64_t removed = at(d - 1, k - 1);
    if (removed >= 0 && removed + 1 == from) {
      --k;
      i = from - 1;
    } else {
      ++k;
      i = from;
    }
  }
  return pairs;
}

}  // namespace polygraph::onnx
