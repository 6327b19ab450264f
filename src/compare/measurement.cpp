#include "compare/measurement.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "compare/block_reader.h"
#include "compare/chunks.h"
#include "compare/distribution.h"
#include "compare/order_statistics.h"
#include "compare/stream_summary.h"
#include "compare/worst_elements.h"

namespace polygraph::compare::detail {
namespace {

/// Below this share of its mean square, the variance of a stream is measured around its mean: taken from sums
/// of squares it would have lost too many digits.
constexpr double smallest_variance_share = 1e-4;

template <class T>
struct ChunkResult {
  std::array<StreamSummary<T>, 4> streams;
  DifferenceSums sums;
  std::int64_t first_mismatch = -1;
  std::array<std::array<double, lane_count>, 4> variances{};
};

/// Measures all streams of a reader.
template <class T, class Counter>
class Measurement {
 public:
  Measurement(const BlockReader<T>& reader, double quantile, bool distribution, std::size_t worst,
              const MeasureOptions& how)
      : reader_(reader),
        kernels_(reader.kernels().template of<T>()),
        streams_(reader.stream_count()),
        count_(reader.element_count()),
        workers_(how.workers != 0 ? how.workers : worker_count(count_)),
        quantile_(quantile),
        distribution_(distribution),
        sorts_(count_ <= how.sorting_limit),
        chunks_(static_cast<std::size_t>(chunk_count(count_))),
        worst_(workers_, WorstElements(worst)) {}

  void run() {
    if (count_ == 0) return;
    first_pass();
    for (ChunkResult<T>& chunk : chunks_) {
      for (std::size_t stream = 0; stream < streams_; ++stream)
        summaries_[stream].join(chunk.streams[stream]);
      for (std::size_t lane = 0; lane < lane_count; ++lane) sums_.dot[lane] += chunk.sums.dot[lane];
      sums_.mismatches += chunk.sums.mismatches;
      sums_.has_zeros |= chunk.sums.has_zeros;
      if (first_mismatch_ < 0) first_mismatch_ = chunk.first_mismatch;
    }
    for (std::size_t stream = 0; stream < streams_; ++stream) {
      results_[stream] = statistics_of(summaries_[stream], count_);
      if (stream >= 2) results_[stream].avg_magnitude = results_[stream].mean;
      const double mean_square = results_[stream].sum_squares / static_cast<double>(count_);
      if (results_[stream].variance < smallest_variance_share * mean_square && std::isfinite(mean_square)) {
        centered_[stream] = true;
        more_passes_ = true;
      }
    }
    if (distribution_) ask();
    while (more_passes_) next_pass();
  }

  const TensorStatistics& result(std::size_t stream) const { return results_[stream]; }
  const DifferenceSums& sums() const { return sums_; }
  std::int64_t first_mismatch() const { return first_mismatch_; }
  std::vector<ElementDifference> worst() const {
    WorstElements all = worst_.front();
    for (std::size_t i = 1; i < worst_.size(); ++i) all.add(worst_[i]);
    return all.sorted();
  }

 private:
  using Bits = typename OrderKey<T>::Bits;

  template <class F>
  void for_each_block(std::int64_t begin, std::int64_t end, DifferenceSums& sums, F f) const {
    const auto buffers = std::make_unique_for_overwrite<BlockBuffers<T>>();
    for (; begin < end; begin += block_size) {
      const auto size = std::min<std::int64_t>(block_size, end - begin);
      f(reader_.read(begin, static_cast<std::size_t>(size), *buffers, sums));
    }
  }

  void first_pass() {
    if (distribution_ && sorts_)
      for (std::size_t stream = 0; stream < streams_; ++stream)
        keys_[stream].reserve(static_cast<std::size_t>(count_));
    std::vector<std::vector<Counter>> counters(workers_);
    for_each_chunk(count_, workers_, [&](std::size_t worker, std::int64_t begin, std::int64_t end) {
      ChunkResult<T>& chunk = chunks_[static_cast<std::size_t>(begin / chunk_size)];
      if (distribution_ && !sorts_ && counters[worker].empty())
        counters[worker].resize(streams_ * bucket_count);
      for_each_block(begin, end, chunk.sums, [&](const Block<T>& block) {
        for (std::size_t stream = 0; stream < streams_; ++stream) {
          const T* const values = block.streams[stream];
          StreamSummary<T>& summary = chunk.streams[stream];
          const Extremes<T> extremes = kernels_.accumulate(values, block.count, stream < 2, summary.sums);
          summary.add(values, block.count, block.begin, extremes);
          if (stream == 2 && (!extremes.is_finite || worst_[worker].wants(static_cast<double>(extremes.max))))
            worst_[worker].add(values, block.streams[3], block.count, block.begin);
          if (!distribution_) continue;
          if (sorts_)
            for (std::size_t i = 0; i < block.count; ++i)
              keys_[stream].push_back(OrderKey<T>::from(values[i]));
          else
            count_buckets(values, block.count, counters[worker].data() + stream * bucket_count);
        }
        if (chunk.sums.mismatches > 0 && chunk.first_mismatch < 0)
          chunk.first_mismatch = find_mismatch(block);
      });
    });
    buckets_ = added_up(std::move(counters));
  }

  static void count_buckets(const T* values, std::size_t size, Counter* counters) {
    for (std::size_t i = 0; i < size; ++i) ++counters[OrderKey<T>::bucket(values[i])];
  }

  std::int64_t find_mismatch(const Block<T>& block) const {
    for (std::size_t i = 0; i < block.count; ++i)
      if (!(block.streams[2][i] <= reader_.rule().atol) && !(block.streams[3][i] <= reader_.rule().rtol))
        return block.begin + static_cast<std::int64_t>(i);
    return -1;
  }

  static std::vector<Counter> added_up(std::vector<std::vector<Counter>> counters) {
    std::vector<Counter> sum;
    for (std::vector<Counter>& more : counters) {
      if (sum.empty()) {
        sum = std::move(more);
        continue;
      }
      for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
    }
    return sum;
  }

  void ask() {
    T low = summaries_[0].finite_min, high = summaries_[0].finite_max;
    if (streams_ > 1) {
      low = std::min(low, summaries_[1].finite_min);
      high = std::max(high, summaries_[1].finite_max);
    }
    for (std::size_t stream = 0; stream < streams_; ++stream) {
      const StreamSummary<T>& summary = summaries_[stream];
      distributions_[stream].emplace(summary.nan_count > 0 ? 0 : count_, quantile_);
      if (summary.has_finite())
        distributions_[stream]->set_range(stream < 2 ? low : summary.finite_min,
                                          stream < 2 ? high : summary.finite_max);
      OrderQueries<T> queries = distributions_[stream]->queries();
      if (sorts_) {
        answer_by_sorting<T>(keys_[stream], queries);
        distributions_[stream]->write(queries, results_[stream]);
        continue;
      }
      selections_[stream] =
          RadixSelection<T, Counter>(std::span(buckets_).subspan(stream * bucket_count, bucket_count),
                                     reader_.is_short(stream), std::move(queries));
      if (selections_[stream].is_done())
        distributions_[stream]->write(selections_[stream].queries(), results_[stream]);
      else
        more_passes_ = true;
    }
    buckets_ = {};
  }

  void next_pass() {
    std::array<std::size_t, 5> offsets{};
    for (std::size_t stream = 0; stream < streams_; ++stream)
      offsets[stream + 1] = offsets[stream] + selections_[stream].counter_count();
    std::vector<std::vector<Counter>> counters(workers_);
    for_each_chunk(count_, workers_, [&](std::size_t worker, std::int64_t begin, std::int64_t end) {
      ChunkResult<T>& chunk = chunks_[static_cast<std::size_t>(begin / chunk_size)];
      if (counters[worker].empty()) counters[worker].resize(offsets[streams_]);
      std::array<std::uint16_t, block_size> hits;
      DifferenceSums unused;
      for_each_block(begin, end, unused, [&](const Block<T>& block) {
        for (std::size_t stream = 0; stream < streams_; ++stream) {
          const T* const values = block.streams[stream];
          if (!selections_[stream].is_done())
            selections_[stream].count(values, block.count, hits.data(),
                                      counters[worker].data() + offsets[stream]);
          if (centered_[stream])
            kernels_.add_variance(values, block.count, results_[stream].mean, chunk.variances[stream].data());
        }
      });
    });
    const std::vector<Counter> sum = added_up(std::move(counters));
    more_passes_ = false;
    for (std::size_t stream = 0; stream < streams_; ++stream) {
      if (std::exchange(centered_[stream], false)) finish_variance(stream);
      RadixSelection<T, Counter>& selection = selections_[stream];
      if (selection.is_done()) continue;
      selection.advance(std::span(sum).subspan(offsets[stream], selection.counter_count()));
      if (selection.is_done())
        distributions_[stream]->write(selection.queries(), results_[stream]);
      else
        more_passes_ = true;
    }
  }

  void finish_variance(std::size_t stream) {
    std::array<double, lane_count> lanes{};
    for (const ChunkResult<T>& chunk : chunks_)
      for (std::size_t lane = 0; lane < lane_count; ++lane) lanes[lane] += chunk.variances[stream][lane];
    results_[stream].variance = lane_total(lanes.data()) / static_cast<double>(count_);
    results_[stream].std_dev = std::sqrt(results_[stream].variance);
  }

  const BlockReader<T>& reader_;
  const Kernels<T>& kernels_;
  std::size_t streams_;
  std::int64_t count_;
  std::size_t workers_;
  double quantile_;
  bool distribution_;
  bool sorts_;
  bool more_passes_ = false;
  std::vector<ChunkResult<T>> chunks_;
  std::vector<WorstElements> worst_;  // of each worker
  std::vector<Counter> buckets_;
  std::array<std::vector<Bits>, 4> keys_;
  std::array<StreamSummary<T>, 4> summaries_;
  std::array<std::optional<Distribution<T>>, 4> distributions_;
  std::array<RadixSelection<T, Counter>, 4> selections_;
  std::array<bool, 4> centered_{};
  std::array<TensorStatistics, 4> results_{};
  DifferenceSums sums_;
  std::int64_t first_mismatch_ = -1;
};

template <class T, class Counter>
DifferenceStatistics run_difference(const BlockReader<T>& reader, const MeasureOptions& how) {
  const DifferenceOptions& options = reader.options();
  Measurement<T, Counter> measurement(reader, options.quantile, options.distribution, options.worst, how);
  measurement.run();
  DifferenceStatistics result{.first = measurement.result(0),
                              .second = measurement.result(1),
                              .absolute = measurement.result(2),
                              .relative = measurement.result(3)};
  result.mismatches = measurement.sums().mismatches;
  if (measurement.first_mismatch() >= 0) result.first_mismatch = measurement.first_mismatch();
  result.worst = measurement.worst();
  result.dot = lane_total(measurement.sums().dot);
  if (reader.is_complex())
    result.dot = (result.first.sum_squares + result.second.sum_squares - result.absolute.sum_squares) / 2;
  result.second_has_zeros = measurement.sums().has_zeros;
  return result;
}

template <class T>
DifferenceStatistics difference_in(const Tensor& first, const Tensor& second,
                                   const DifferenceOptions& options, const MeasureOptions& how) {
  const BlockReader<T> reader(first, second, options, how.kernels != nullptr ? *how.kernels : kernels());
  return first.element_count() < how.wide_counter_limit ? run_difference<T, std::uint32_t>(reader, how)
                                                        : run_difference<T, std::uint64_t>(reader, how);
}

template <class T, class Counter>
TensorStatistics run_statistics(const BlockReader<T>& reader, const StatisticsOptions& options,
                                const MeasureOptions& how) {
  Measurement<T, Counter> measurement(reader, options.quantile, options.distribution, 0, how);
  measurement.run();
  return measurement.result(0);
}

template <class T>
TensorStatistics statistics_in(const Tensor& tensor, const StatisticsOptions& options,
                               const MeasureOptions& how) {
  const BlockReader<T> reader(tensor, how.kernels != nullptr ? *how.kernels : kernels());
  return tensor.element_count() < how.wide_counter_limit
             ? run_statistics<T, std::uint32_t>(reader, options, how)
             : run_statistics<T, std::uint64_t>(reader, options, how);
}

bool is_byte_sized(DataType dtype) {
  return bit_width(dtype) <= 8;
}

bool is_narrow_float(DataType dtype) {
  return is_floating(dtype) && dtype != DataType::float64;
}

}  // namespace

TensorStatistics measure(const Tensor& tensor, const StatisticsOptions& options, const MeasureOptions& how) {
  const bool fits_float =
      bit_width(tensor.dtype()) <= 16 || is_narrow_float(tensor.dtype());  // with all of its values
  return fits_float ? statistics_in<float>(tensor, options, how)
                    : statistics_in<double>(tensor, options, how);
}

DifferenceStatistics measure(const Tensor& first, const Tensor& second, const DifferenceOptions& options,
                             const MeasureOptions& how) {
  const bool both_byte_sized = is_byte_sized(first.dtype()) && is_byte_sized(second.dtype());
  if (both_byte_sized && first.element_count() >= how.byte_pairs_limit)
    return measure_byte_pairs(first, second, options,
                              how.workers != 0 ? how.workers : worker_count(first.element_count()));
  const bool in_float = !both_byte_sized && is_narrow_float(first.dtype()) && is_narrow_float(second.dtype());
  return in_float ? difference_in<float>(first, second, options, how)
                  : difference_in<double>(first, second, options, how);
}

}  // namespace polygraph::compare::detail
