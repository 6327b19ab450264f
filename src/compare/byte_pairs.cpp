#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "compare/chunks.h"
#include "compare/distribution.h"
#include "compare/measurement.h"
#include "compare/worst_elements.h"
#include "core/elements.h"

// Two types of at most 8 bits have at most 65536 pairs of values: those are counted, and everything follows
// from the counts.

namespace polygraph::compare::detail {
namespace {

constexpr std::size_t code_count = 256;
constexpr std::size_t pair_count = code_count * code_count;
constexpr std::size_t piece_size = 4096;

/// The elements of a tensor as numbers of up to 8 bits.
class Codes {
 public:
  explicit Codes(const Tensor& tensor)
      : tensor_(tensor.contiguous()),
        base_(static_cast<const std::uint8_t*>(tensor_.data())),
        bits_(bit_width(tensor.dtype())) {}

  const std::uint8_t* read(std::int64_t begin, std::size_t count, std::uint8_t* buffer) const {
    if (tensor_.dtype() == DataType::boolean) {
      for (std::size_t i = 0; i < count; ++i) buffer[i] = base_[static_cast<std::size_t>(begin) + i] != 0;
      return buffer;
    }
    if (bits_ == 8) return base_ + begin;
    const std::size_t per_byte = 8 / static_cast<std::size_t>(bits_);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t index = static_cast<std::size_t>(begin) + i;
      buffer[i] = static_cast<std::uint8_t>((base_[index / per_byte] >> (index % per_byte * bits_)) & mask());
    }
    return buffer;
  }

  /// The value of each code that there is.
  std::array<double, code_count> values() const {
    std::array<std::uint8_t, code_count> packed{};
    const std::size_t per_byte = 8 / static_cast<std::size_t>(bits_);
    const std::size_t codes = tensor_.dtype() == DataType::boolean ? 2 : std::size_t{mask()} + 1;
    for (std::size_t code = 0; code < codes; ++code)
      packed[code / per_byte] |= static_cast<std::uint8_t>(code << (code % per_byte * bits_));
    std::array<double, code_count> result{};
    polygraph::detail::load_elements<double>(tensor_.dtype(),
                                             reinterpret_cast<const std::byte*>(packed.data()), 0,
                                             std::span(result).first(codes));
    return result;
  }

 private:
  unsigned mask() const { return (1u << bits_) - 1; }

  Tensor tensor_;
  const std::uint8_t* base_;
  int bits_;
};

struct PairCounts {
  std::array<std::int64_t, pair_count> counts{};
  std::array<std::int64_t, pair_count> first_index{};  // where the count is not 0
};

template <class F>
void for_each_pair(const Codes& first, const Codes& second, std::int64_t begin, std::int64_t end, F f) {
  std::array<std::uint8_t, piece_size> buffers[2];
  for (; begin < end; begin += piece_size) {
    const auto size = static_cast<std::size_t>(std::min<std::int64_t>(piece_size, end - begin));
    const std::uint8_t* const a = first.read(begin, size, buffers[0].data());
    const std::uint8_t* const b = second.read(begin, size, buffers[1].data());
    for (std::size_t i = 0; i < size; ++i) f(a[i] * code_count + b[i], begin + static_cast<std::int64_t>(i));
  }
}

std::unique_ptr<PairCounts> count_pairs(const Codes& first, const Codes& second, std::int64_t elements,
                                        std::size_t workers) {
  std::vector<std::unique_ptr<PairCounts>> all(workers);
  for_each_chunk(elements, workers, [&](std::size_t worker, std::int64_t begin, std::int64_t end) {
    if (!all[worker]) all[worker] = std::make_unique<PairCounts>();
    PairCounts& mine = *all[worker];
    for_each_pair(first, second, begin, end, [&](std::size_t pair, std::int64_t index) {
      if (mine.counts[pair]++ == 0) mine.first_index[pair] = index;
    });
  });
  auto sum = std::make_unique<PairCounts>();
  for (const auto& part : all) {
    if (!part) continue;
    for (std::size_t pair = 0; pair < pair_count; ++pair) {
      if (part->counts[pair] == 0) continue;
      const bool is_earlier = sum->counts[pair] == 0 || part->first_index[pair] < sum->first_index[pair];
      if (is_earlier) sum->first_index[pair] = part->first_index[pair];
      sum->counts[pair] += part->counts[pair];
    }
  }
  return sum;
}

struct Weighted {
  double value = 0;
  std::int64_t count = 0;
  std::int64_t first_index = 0;
};

TensorStatistics summarise(std::span<const Weighted> values, std::int64_t elements) {
  TensorStatistics result{.count = elements};
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::int64_t min_index = -1, max_index = -1;
  double min = inf, max = -inf, finite_min = inf, finite_max = -inf, sum = 0, magnitude = 0;
  const auto note_first = [](std::optional<std::int64_t>& first, std::int64_t index) {
    first = first ? std::min(*first, index) : index;
  };
  for (const auto& [value, count, first_index] : values) {
    const double weight = static_cast<double>(count);
    sum += value * weight;
    magnitude += std::abs(value) * weight;
    result.sum_squares += value * value * weight;
    if (std::isnan(value)) {
      result.nan_count += count;
      note_first(result.first_nan, first_index);
      continue;
    }
    if (value < min || min_index < 0 || (value == min && first_index < min_index))
      min = value, min_index = first_index;
    if (value > max || max_index < 0 || (value == max && first_index < max_index))
      max = value, max_index = first_index;
    if (std::isinf(value)) {
      result.inf_count += count;
      note_first(result.first_inf, first_index);
      continue;
    }
    finite_min = std::min(finite_min, value);
    finite_max = std::max(finite_max, value);
  }
  const auto size = static_cast<double>(elements);
  result.mean = sum / size;
  result.avg_magnitude = magnitude / size;
  for (const auto& [value, count, first_index] : values)
    result.variance += (value - result.mean) * (value - result.mean) * static_cast<double>(count) / size;
  result.std_dev = std::sqrt(result.variance);
  const bool has_nan = result.nan_count > 0;
  result.min = has_nan ? std::nan("") : min;
  result.max = has_nan ? std::nan("") : max;
  result.min_index = has_nan ? *result.first_nan : min_index;
  result.max_index = has_nan ? *result.first_nan : max_index;
  if (finite_min <= finite_max) result.finite_min = finite_min, result.finite_max = finite_max;
  return result;
}

bool has_finite(const TensorStatistics& found) {
  return found.nan_count + found.inf_count < found.count;
}

/// Adds quantiles and, over the given range, the histogram.
void distribute(std::vector<Weighted>& values, double quantile, double low, double high,
                TensorStatistics& result) {
  Distribution<double> distribution(result.nan_count > 0 ? 0 : result.count, quantile);
  if (has_finite(result)) distribution.set_range(low, high);
  OrderQueries<double> queries = distribution.queries();
  const auto key = [](const Weighted& weighted) { return OrderKey<double>::from(weighted.value); };
  std::ranges::sort(values, {}, key);
  std::vector<std::uint64_t> below{0};
  for (const Weighted& weighted : values)
    below.push_back(below.back() + static_cast<std::uint64_t>(weighted.count));
  for (auto& rank : queries.ranks) {
    const auto above = std::ranges::upper_bound(below, rank.rank);
    rank.key = key(values[static_cast<std::size_t>(above - below.begin()) - 1]);
  }
  for (auto& edge : queries.edges) {
    const auto at = std::ranges::lower_bound(values, edge.key, {}, key);
    edge.below = below[static_cast<std::size_t>(at - values.begin())];
  }
  distribution.write(queries, result);
}

class Differ {
 public:
  Differ(DataType second, const DifferenceOptions& options)
      : options_(options), epsilon_(is_integral(second) || second == DataType::boolean ? 0.0 : 0x1p-52) {}

  double absolute(double a, double b) const {
    if (options_.infinities_compare_equal && std::isinf(a) && a == b) return 0;
    if (options_.nans_compare_equal && std::isnan(a) && std::isnan(b)) return 0;
    return std::abs(a - b);
  }
  double relative(double absolute, double b) const {
    return absolute == 0 ? 0 : absolute / std::abs(b == 0 ? epsilon_ : b);
  }
  bool is_mismatch(double absolute, double relative) const {
    return !(absolute <= options_.atol) && !(relative <= options_.rtol);
  }

 private:
  const DifferenceOptions& options_;
  double epsilon_;
};

/// The smallest difference that a list of the `limit` largest has.
double worst_bound(std::vector<Weighted> absolute, std::size_t limit) {
  std::ranges::sort(absolute, [](const Weighted& a, const Weighted& b) {
    return !std::isnan(b.value) && (std::isnan(a.value) || a.value > b.value);
  });
  std::size_t seen = 0;
  for (const Weighted& weighted : absolute) {
    seen += static_cast<std::size_t>(weighted.count);
    if (seen >= limit)
      return std::isnan(weighted.value) ? std::numeric_limits<double>::infinity() : weighted.value;
  }
  return 0;
}

}  // namespace

DifferenceStatistics measure_byte_pairs(const Tensor& first, const Tensor& second,
                                        const DifferenceOptions& options, std::size_t workers) {
  const std::int64_t elements = first.element_count();
  const Codes codes[2] = {Codes(first), Codes(second)};
  const std::array<double, code_count> values[2] = {codes[0].values(), codes[1].values()};
  const std::unique_ptr<PairCounts> counts = count_pairs(codes[0], codes[1], elements, workers);
  const Differ differ(second.dtype(), options);

  DifferenceStatistics result;
  std::array<std::vector<Weighted>, 4> streams;
  streams[0].resize(code_count);
  streams[1].resize(code_count);
  std::vector<ElementDifference> differences(pair_count);
  for (std::size_t pair = 0; pair < pair_count; ++pair) {
    const std::int64_t count = counts->counts[pair], first_index = counts->first_index[pair];
    if (count == 0) continue;
    const std::size_t code[2] = {pair / code_count, pair % code_count};
    const double a = values[0][code[0]], b = values[1][code[1]];
    const double absolute = differ.absolute(a, b), relative = differ.relative(absolute, b);
    differences[pair] = {first_index, absolute, relative};
    for (std::size_t side = 0; side < 2; ++side) {
      Weighted& weighted = streams[side][code[side]];
      const bool is_earlier = weighted.count == 0 || first_index < weighted.first_index;
      weighted = {values[side][code[side]], weighted.count + count,
                  is_earlier ? first_index : weighted.first_index};
    }
    streams[2].push_back({absolute, count, first_index});
    streams[3].push_back({relative, count, first_index});
    result.dot += a * b * static_cast<double>(count);
    result.second_has_zeros |= b == 0;
    if (!differ.is_mismatch(absolute, relative)) continue;
    result.mismatches += count;
    result.first_mismatch = std::min(result.first_mismatch.value_or(first_index), first_index);
  }

  if (options.worst > 0) {
    const double bound = worst_bound(streams[2], options.worst);
    std::vector<std::uint8_t> is_bad(pair_count);
    for (std::size_t pair = 0; pair < pair_count; ++pair)
      is_bad[pair] = differences[pair].absolute != 0 && !(differences[pair].absolute < bound);
    std::vector<WorstElements> worst(workers, WorstElements(options.worst));
    if (std::ranges::find(is_bad, 1) != is_bad.end())
      for_each_chunk(elements, workers, [&](std::size_t worker, std::int64_t begin, std::int64_t end) {
        for_each_pair(codes[0], codes[1], begin, end, [&](std::size_t pair, std::int64_t index) {
          if (is_bad[pair] != 0)
            worst[worker].add({index, differences[pair].absolute, differences[pair].relative});
        });
      });
    for (std::size_t worker = 1; worker < workers; ++worker) worst[0].add(worst[worker]);
    result.worst = worst[0].sorted();
  }

  TensorStatistics* const places[] = {&result.first, &result.second, &result.absolute, &result.relative};
  for (std::size_t stream = 0; stream < streams.size(); ++stream) {
    std::erase_if(streams[stream], [](const Weighted& weighted) { return weighted.count == 0; });
    *places[stream] = summarise(streams[stream], elements);
  }
  if (!options.distribution) return result;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const TensorStatistics* found : {&result.first, &result.second})
    if (has_finite(*found)) low = std::min(low, found->finite_min), high = std::max(high, found->finite_max);
  for (std::size_t stream = 0; stream < streams.size(); ++stream) {
    TensorStatistics& found = *places[stream];
    distribute(streams[stream], options.quantile, stream < 2 ? low : found.finite_min,
               stream < 2 ? high : found.finite_max, found);
  }
  return result;
}

}  // namespace polygraph::compare::detail
