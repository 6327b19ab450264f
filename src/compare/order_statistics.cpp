#include "compare/order_statistics.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace polygraph::compare::detail {
namespace {

/// By one byte after the other, from the last; few keys by comparing them.
template <class Bits>
void sort_keys(std::vector<Bits>& keys) {
  constexpr std::size_t few = 256;
  if (keys.size() <= few) {
    std::ranges::sort(keys);
    return;
  }
  std::vector<Bits> sorted(keys.size());
  for (std::size_t shift = 0; shift < 8 * sizeof(Bits); shift += 8) {
    const auto digit = [shift](Bits key) { return static_cast<std::size_t>(key >> shift) & 0xff; };
    std::array<std::size_t, 256> places{};
    for (const Bits key : keys) ++places[digit(key)];
    if (places[digit(keys.front())] == keys.size()) continue;
    std::exclusive_scan(places.begin(), places.end(), places.begin(), std::size_t{0});
    for (const Bits key : keys) sorted[places[digit(key)]++] = key;
    keys.swap(sorted);
  }
}

}  // namespace

template <class T>
void answer_by_sorting(std::vector<typename OrderKey<T>::Bits>& keys, OrderQueries<T>& queries) {
  sort_keys(keys);
  for (auto& rank : queries.ranks) rank.key = keys[rank.rank];
  for (auto& edge : queries.edges)
    edge.below = static_cast<std::uint64_t>(std::ranges::lower_bound(keys, edge.key) - keys.begin());
}

template <class T, class Counter>
RadixSelection<T, Counter>::RadixSelection(std::span<const Counter> counts, bool is_short,
                                           OrderQueries<T> queries)
    : queries_(std::move(queries)) {
  std::vector<std::uint64_t> below(bucket_count + 1);
  for (std::size_t prefix = 0; prefix < bucket_count; ++prefix)
    below[prefix + 1] = below[prefix] + counts[Key::bucket_of_prefix(prefix)];
  // The key of the number whose bits past the first 16 are zero.
  const auto short_key = [](std::size_t prefix) {
    const Bits rest = prefix < 0x8000 ? ~Bits{0} >> 16 : Bits{0};
    return static_cast<Bits>(prefix) << (Key::width - 16) | rest;
  };
  for (auto& rank : queries_.ranks) {
    const auto above = std::ranges::upper_bound(below, rank.rank);
    const auto prefix = static_cast<std::size_t>(above - below.begin()) - 1;
    prefixes_.push_back(static_cast<Bits>(prefix));
    remaining_.push_back(rank.rank - below[prefix]);
    if (is_short) rank.key = short_key(prefix);
  }
  for (std::size_t i = 0; i < queries_.edges.size(); ++i) {
    auto& edge = queries_.edges[i];
    const auto prefix = static_cast<std::size_t>(edge.key >> (Key::width - 16));
    edge.below = below[prefix];
    const std::uint64_t count = below[prefix + 1] - below[prefix];
    if (is_short)
      edge.below += short_key(prefix) < edge.key ? count : 0;
    else if (count > 0)
      edge_indices_.push_back(i);
  }
  if (is_short) known_bits_ = Key::width;
  classify();
}

// Decides what the next reading looks at.
template <class T, class Counter>
void RadixSelection<T, Counter>::classify() {
  tables_.clear();
  classes_.assign(1, {});
  class_of_bucket_.assign(bucket_count, 0);
  if (known_bits_ < Key::width) {
    tables_ = prefixes_;
    std::ranges::sort(tables_);
    tables_.erase(std::unique(tables_.begin(), tables_.end()), tables_.end());
  }
  const auto class_of = [&](Bits prefix) -> Class& {
    std::uint8_t& number = class_of_bucket_[Key::bucket_of_prefix(static_cast<std::size_t>(prefix))];
    if (number == 0) {
      number = static_cast<std::uint8_t>(classes_.size());
      classes_.emplace_back();
    }
    return classes_[number];
  };
  for (std::size_t i = 0; i < tables_.size(); ++i)
    class_of(tables_[i] >> (known_bits_ - 16)).tables.push_back(i);
  for (std::size_t i = 0; i < edge_indices_.size(); ++i)
    class_of(queries_.edges[edge_indices_[i]].key >> (Key::width - 16)).edges.push_back(i);
}

template <class T, class Counter>
void RadixSelection<T, Counter>::count(const T* values, std::size_t size, std::uint16_t* hits,
                                       Counter* counters) const {
  const std::uint8_t* const classes = class_of_bucket_.data();
  // Without branches, which could not be predicted.
  std::size_t hit_count = 0;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < size; ++i) {
    hits[hit_count] = static_cast<std::uint16_t>(i);
    hit_count += classes[Key::bucket(values[i])] != 0;
  }
  Counter* const edge_counters = counters + tables_.size() * bucket_count;
  const int known = Key::width - known_bits_;
  for (std::size_t i = 0; i < hit_count; ++i) {
    const T value = values[hits[i]];
    const Bits key = Key::from(value);
    const Class& found = classes_[classes[Key::bucket(value)]];
    for (const std::size_t table : found.tables)
      if (key >> known == tables_[table])
        ++counters[table * bucket_count + ((key >> (known - 16)) & (bucket_count - 1))];
    for (const std::size_t edge : found.edges)
      edge_counters[edge] += key < queries_.edges[edge_indices_[edge]].key;
  }
}

template <class T, class Counter>
void RadixSelection<T, Counter>::advance(std::span<const Counter> counters) {
  for (std::size_t i = 0; i < edge_indices_.size(); ++i)
    queries_.edges[edge_indices_[i]].below += counters[tables_.size() * bucket_count + i];
  edge_indices_.clear();
  for (std::size_t i = 0; i < prefixes_.size() && !tables_.empty(); ++i) {
    const auto table =
        static_cast<std::size_t>(std::ranges::lower_bound(tables_, prefixes_[i]) - tables_.begin());
    const Counter* const counts = counters.data() + table * bucket_count;
    std::size_t digit = 0;
    while (remaining_[i] >= counts[digit]) remaining_[i] -= counts[digit++];
    prefixes_[i] = static_cast<Bits>(prefixes_[i] << 16) | static_cast<Bits>(digit);
  }
  known_bits_ += 16;
  if (known_bits_ >= Key::width)
    for (std::size_t i = 0; i < prefixes_.size(); ++i) queries_.ranks[i].key = prefixes_[i];
  classify();
}

template void answer_by_sorting(std::vector<std::uint32_t>&, OrderQueries<float>&);
template void answer_by_sorting(std::vector<std::uint64_t>&, OrderQueries<double>&);
template class RadixSelection<float, std::uint32_t>;
template class RadixSelection<float, std::uint64_t>;
template class RadixSelection<double, std::uint32_t>;
template class RadixSelection<double, std::uint64_t>;

}  // namespace polygraph::compare::detail
