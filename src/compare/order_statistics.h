#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compare/order_key.h"

// Order statistics without sorting: keys are counted by their first 16 bits, then, within the buckets that
// hold what is asked for, by the next 16, and so on.

namespace polygraph::compare::detail {

inline constexpr std::size_t bucket_count = 65536;

/// What is asked about one stream of numbers, and the answers.
template <class T>
struct OrderQueries {
  using Bits = typename OrderKey<T>::Bits;
  struct Rank {
    std::uint64_t rank = 0;  ///< 0: the smallest
    Bits key = 0;            ///< the answer
  };
  struct Edge {
    Bits key = 0;
    std::uint64_t below = 0;  ///< the answer: how many keys are less
  };
  std::vector<Rank> ranks;
  std::vector<Edge> edges;
};

/// Answers from all the keys, which are sorted here.
template <class T>
void answer_by_sorting(std::vector<typename OrderKey<T>::Bits>& keys, OrderQueries<T>& queries);

/// Answers from counts, one reading of the numbers per level. Counter is uint32 if no count can be larger.
template <class T, class Counter>
class RadixSelection {
 public:
  using Key = OrderKey<T>;
  using Bits = typename Key::Bits;

  /// No questions.
  RadixSelection() = default;
  /// @param counts  By OrderKey::bucket.
  /// @param is_short  All bits of the numbers past the first 16 are zero, so that a bucket holds one number.
  RadixSelection(std::span<const Counter> counts, bool is_short, OrderQueries<T> queries);

  bool is_done() const { return tables_.empty() && edge_indices_.empty(); }
  const OrderQueries<T>& queries() const { return queries_; }

  /// How many counters each worker needs for the next reading.
  std::size_t counter_count() const { return tables_.size() * bucket_count + edge_indices_.size(); }
  /// Counts those of the values that matter. `hits` is room for as many indices.
  void count(const T* values, std::size_t size, std::uint16_t* hits, Counter* counters) const;
  /// Takes the counters of all workers, added up.
  void advance(std::span<const Counter> counters);

 private:
  struct Class {
    std::vector<std::size_t> tables;
    std::vector<std::size_t> edges;  // places in edge_indices_
  };

  void classify();

  OrderQueries<T> queries_;
  int known_bits_ = 16;
  std::vector<Bits> tables_;              // the prefixes, known_bits_ wide, that are counted further
  std::vector<Bits> prefixes_;            // of each rank
  std::vector<std::uint64_t> remaining_;  // of each rank, within its prefix
  std::vector<std::size_t> edge_indices_;
  std::vector<Class> classes_;
  std::vector<std::uint8_t> class_of_bucket_;  // 0: not asked about
};

}  // namespace polygraph::compare::detail
