#include <polygraph/compare/error_map.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "compare/block_reader.h"
#include "compare/chunks.h"
#include "compare/error_gathering.h"
#include "compare/same_shape.h"

namespace polygraph::compare {
namespace detail {
namespace {

/// Which cell each index along a length is in.
class Cells {
 public:
  Cells() = default;
  Cells(std::int64_t length, std::size_t most)
      : length_(length),
        count_(static_cast<std::size_t>(std::min<std::int64_t>(length, static_cast<std::int64_t>(most)))) {}
  std::size_t count() const { return count_; }
  /// The cell, and where it ends.
  std::pair<std::size_t, std::int64_t> of(std::int64_t index) const {
    const auto guess =
        static_cast<double>(index) * static_cast<double>(count_) / static_cast<double>(length_);
    auto cell = std::min(static_cast<std::size_t>(guess), count_ - 1);
    while (cell_begin(cell, count_, length_) > index) --cell;
    while (cell_begin(cell + 1, count_, length_) <= index) ++cell;
    return {cell, cell_begin(cell + 1, count_, length_)};
  }

 private:
  std::int64_t length_ = 1;
  std::size_t count_ = 1;
};

/// Differences by cell.
struct CellSums {
  std::vector<double> max, sum;
  std::vector<std::int64_t> count, not_finite;

  explicit CellSums(std::size_t cells = 0) : max(cells), sum(cells), count(cells), not_finite(cells) {}

  void add(std::size_t cell, const double* absolute, std::size_t size) {
    double most = max[cell], total = 0;
    std::int64_t odd = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double value = absolute[i];
      const bool is_finite = value <= std::numeric_limits<double>::max();  // there are no negative ones
      const double used = is_finite ? value : 0;
      most = std::max(most, used);
      total += used;
      odd += !is_finite;
    }
    max[cell] = most;
    sum[cell] += total;
    count[cell] += static_cast<std::int64_t>(size) - odd;
    not_finite[cell] += odd;
  }

  void add(const CellSums& other) {
    for (std::size_t i = 0; i < max.size(); ++i) {
      max[i] = std::max(max[i], other.max[i]);
      sum[i] += other.sum[i];
      count[i] += other.count[i];
      not_finite[i] += other.not_finite[i];
    }
  }

  void clear() {
    std::ranges::fill(max, 0);
    std::ranges::fill(sum, 0);
    std::ranges::fill(count, 0);
    std::ranges::fill(not_finite, 0);
  }

  std::vector<double> means() const {
    std::vector<double> result(sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i)
      if (count[i] > 0) result[i] = sum[i] / static_cast<double>(count[i]);
    return result;
  }
};

/// The least and the largest of the numbers that count.
struct Range {
  double low = HUGE_VAL, high = -HUGE_VAL;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void add(const Range& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  bool is_empty() const { return low > high; }
};

bool is_positive(double value) {
  return value > 0 && std::isfinite(value);
}

/// What one axis of the tensor, or several in a row, is cut into.
struct AxisPlan {
  std::size_t axis = 0;
  std::int64_t length = 1;
  std::int64_t inner = 1;
  Cells cells;

  template <class F>
  void for_each_run(std::int64_t begin, std::size_t size, F f) const {
    for (std::size_t i = 0; i < size;) {
      const std::int64_t at = begin + static_cast<std::int64_t>(i);
      const std::int64_t outer = at / inner, index = outer % length;
      const auto [cell, end] = cells.of(index);
      const std::int64_t left = (end - index) * inner - at % inner;
      const std::size_t run = std::min(size - i, static_cast<std::size_t>(left));
      f(cell, i, run);
      i += run;
    }
  }
};

/// What the first reading finds in a chunk.
struct FirstState {
  CellSums heat;
  std::vector<CellSums> axes;
  Range values, magnitudes, absolute, relative;
};

/// What the second one finds, of a worker: whole numbers, whose order of adding makes no difference.
struct SecondState {
  std::array<std::vector<std::int64_t>, 2> values;
  std::array<std::int64_t, 2> values_not_finite{};
  std::vector<std::int64_t> absolute, relative, density;
  std::array<std::int64_t, 2> zeros{}, infinities{}, nans{};
};

class Gathering {
 public:
  Gathering(const Tensor& first, const Tensor& second, const ErrorMapOptions& options, std::size_t workers)
      : options_(options),
        count_(first.element_count()),
        workers_(workers != 0 ? workers : worker_count(count_)),
        reader_(first, second,
                {.infinities_compare_equal = options.infinities_compare_equal,
                 .nans_compare_equal = options.nans_compare_equal},
                kernels()) {
    plan(first.shape());
  }

  ErrorMap run() {
    ErrorMap map;
    map.heat.split = split_;
    if (count_ == 0) return map;
    map.heat.rows = rows_;
    map.heat.columns = columns_;
    read_first(map);
    read_second(map);
    return map;
  }

 private:
  void plan(const Shape& shape) {
    std::int64_t inner = 1;
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      if (shape[axis] > 1)
        axes_.push_back({axis, shape[axis], inner, Cells(shape[axis], options_.most_bins)});
      inner *= shape[axis];
    }
    std::ranges::reverse(axes_);
    if (count_ == 0) return;
    // One axis is a row; of several, the cut that is nearest to a square, the earlier of two.
    columns_ = count_;
    double best = HUGE_VAL;
    for (std::size_t i = 1; i < axes_.size(); ++i) {
      const std::int64_t columns = axes_[i - 1].inner;
      const double skew =
          std::abs(std::log(static_cast<double>(count_ / columns)) - std::log(static_cast<double>(columns)));
      if (skew >= best) continue;
      best = skew;
      columns_ = columns;
      split_ = axes_[i].axis;
    }
    rows_ = count_ / columns_;
    row_cells_ = Cells(rows_, options_.most_rows);
    column_cells_ = Cells(columns_, options_.most_columns);
  }

  FirstState fresh_first() const {
    FirstState state;
    state.heat = CellSums(row_cells_.count() * column_cells_.count());
    for (const AxisPlan& axis : axes_) state.axes.emplace_back(axis.cells.count());
    return state;
  }

  static void clear(FirstState& state) {
    state.heat.clear();
    for (CellSums& axis : state.axes) axis.clear();
    state.values = state.magnitudes = state.absolute = state.relative = {};
  }

  template <class F>
  void for_each_block(std::int64_t begin, std::int64_t end, F f) const {
    const auto buffers = std::make_unique_for_overwrite<BlockBuffers<double>>();
    DifferenceSums unused;
    for (; begin < end; begin += block_size)
      f(reader_.read(begin, static_cast<std::size_t>(std::min<std::int64_t>(block_size, end - begin)),
                     *buffers, unused));
  }

  void add_heat(const Block<double>& block, CellSums& heat) const {
    const double* const absolute = block.streams[2];
    for (std::size_t i = 0; i < block.count;) {
      const std::int64_t at = block.begin + static_cast<std::int64_t>(i);
      const std::int64_t row = at / columns_, column = at % columns_;
      const auto [cell_row, row_end] = row_cells_.of(row);
      const auto [cell_column, end] = column_cells_.of(column);
      const std::size_t run = std::min(block.count - i, static_cast<std::size_t>(end - column));
      heat.add(cell_row * column_cells_.count() + cell_column, absolute + i, run);
      i += run;
    }
  }

  void read_first(ErrorMap& map) {
    FirstState total = fresh_first();
    // A batch of chunks at a time, joined in their order: sums do not depend on who made them.
    const std::size_t batch = std::min(static_cast<std::size_t>(chunk_count(count_)), 2 * workers_);
    std::vector<FirstState> states(batch, total);
    const std::int64_t step = static_cast<std::int64_t>(batch) * chunk_size;
    for (std::int64_t start = 0; start < count_; start += step) {
      for (FirstState& state : states) clear(state);
      for_each_chunk(std::min(step, count_ - start), workers_,
                     [&](std::size_t, std::int64_t begin, std::int64_t end) {
                       FirstState& state = states[static_cast<std::size_t>(begin / chunk_size)];
                       for_each_block(start + begin, start + end, [&](const Block<double>& block) {
                         add_heat(block, state.heat);
                         for (std::size_t a = 0; a < axes_.size(); ++a)
                           axes_[a].for_each_run(block.begin, block.count,
                                                 [&](std::size_t cell, std::size_t at, std::size_t run) {
                                                   state.axes[a].add(cell, block.streams[2] + at, run);
                                                 });
                         for (std::size_t i = 0; i < block.count; ++i) {
                           for (std::size_t side = 0; side < 2; ++side)
                             if (std::isfinite(block.streams[side][i]))
                               state.values.add(block.streams[side][i]);
                           if (const double magnitude = std::abs(block.streams[1][i]); is_positive(magnitude))
                             state.magnitudes.add(magnitude);
                           if (is_positive(block.streams[2][i])) state.absolute.add(block.streams[2][i]);
                           if (is_positive(block.streams[3][i])) state.relative.add(block.streams[3][i]);
                         }
                       });
                     });
      for (const FirstState& state : states) {
        total.heat.add(state.heat);
        for (std::size_t a = 0; a < axes_.size(); ++a) total.axes[a].add(state.axes[a]);
        total.values.add(state.values);
        total.magnitudes.add(state.magnitudes);
        total.absolute.add(state.absolute);
        total.relative.add(state.relative);
      }
    }
    map.heat.cell_rows = row_cells_.count();
    map.heat.cell_columns = column_cells_.count();
    map.heat.mean = total.heat.means();
    map.heat.max = std::move(total.heat.max);
    map.heat.not_finite = std::move(total.heat.not_finite);
    for (std::size_t a = 0; a < axes_.size(); ++a)
      map.axes.push_back({axes_[a].axis, axes_[a].length, std::move(total.axes[a].max), total.axes[a].means(),
                          std::move(total.axes[a].not_finite)});
    value_bins_ = LinearBinning(total.values.low, total.values.high, options_.most_bins);
    magnitude_bins_ = LogBinning(total.magnitudes.low, total.magnitudes.high, options_.most_bins);
    absolute_bins_ = LogBinning(total.absolute.low, total.absolute.high, options_.most_bins);
    relative_bins_ = LogBinning(total.relative.low, total.relative.high, options_.most_bins);
  }

  SecondState fresh_second() const {
    SecondState state;
    for (auto& side : state.values) side.resize(value_bins_.count());
    state.absolute.resize(absolute_bins_.count());
    state.relative.resize(relative_bins_.count());
    state.density.resize((absolute_bins_.count() + 1) * (magnitude_bins_.count() + 1));
    return state;
  }

  void read_second(ErrorMap& map) const {
    std::vector<SecondState> states(workers_, fresh_second());
    for_each_chunk(count_, workers_, [&](std::size_t worker, std::int64_t begin, std::int64_t end) {
      SecondState& state = states[worker];
      for_each_block(begin, end, [&](const Block<double>& block) {
        for (std::size_t i = 0; i < block.count; ++i) add(block, i, state);
      });
    });
    SecondState total = fresh_second();
    const auto join = [](std::vector<std::int64_t>& to, const std::vector<std::int64_t>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    for (const SecondState& state : states) {
      for (std::size_t side = 0; side < 2; ++side) {
        join(total.values[side], state.values[side]);
        total.values_not_finite[side] += state.values_not_finite[side];
        total.zeros[side] += state.zeros[side];
        total.infinities[side] += state.infinities[side];
        total.nans[side] += state.nans[side];
      }
      join(total.absolute, state.absolute);
      join(total.relative, state.relative);
      join(total.density, state.density);
    }
    map.values = {value_bins_.edges(), std::move(total.values), total.values_not_finite};
    map.absolute = {{absolute_bins_.edges()},
                    std::move(total.absolute),
                    total.zeros[0],
                    total.infinities[0],
                    total.nans[0]};
    map.relative = {{relative_bins_.edges()},
                    std::move(total.relative),
                    total.zeros[1],
                    total.infinities[1],
                    total.nans[1]};
    map.magnitudes = {magnitude_bins_.edges()};
    map.density = std::move(total.density);
  }

  void add(const Block<double>& block, std::size_t i, SecondState& state) const {
    for (std::size_t side = 0; side < 2; ++side) {
      const double value = block.streams[side][i];
      if (std::isfinite(value))
        ++state.values[side][value_bins_.of(value)];
      else
        ++state.values_not_finite[side];
    }
    const double errors[2] = {block.streams[2][i], block.streams[3][i]};
    for (std::size_t kind = 0; kind < 2; ++kind) {
      if (std::isnan(errors[kind]))
        ++state.nans[kind];
      else if (std::isinf(errors[kind]))
        ++state.infinities[kind];
      else if (errors[kind] == 0)
        ++state.zeros[kind];
      else
        ++(kind == 0 ? state.absolute
                     : state.relative)[(kind == 0 ? absolute_bins_ : relative_bins_).of(errors[kind])];
    }
    const double magnitude = std::abs(block.streams[1][i]);
    if (!std::isfinite(errors[0]) || !std::isfinite(magnitude)) return;
    const std::size_t row = errors[0] == 0 ? 0 : 1 + absolute_bins_.of(errors[0]);
    const std::size_t column = magnitude == 0 ? 0 : 1 + magnitude_bins_.of(magnitude);
    ++state.density[row * (magnitude_bins_.count() + 1) + column];
  }

  const ErrorMapOptions& options_;
  std::int64_t count_;
  std::size_t workers_;
  BlockReader<double> reader_;
  std::vector<AxisPlan> axes_;
  std::size_t split_ = 0;
  std::int64_t rows_ = 1, columns_ = 1;
  Cells row_cells_, column_cells_;
  LinearBinning value_bins_;
  LogBinning magnitude_bins_, absolute_bins_, relative_bins_;
};

/// Distances of 0 and 1, as booleans beside nothing but false.
ErrorMap map_of_strings(const Tensor& first, const Tensor& second, const ErrorMapOptions& options,
                        std::size_t workers) {
  const Tensor a = first.contiguous(), b = second.contiguous();
  Tensor differs(DataType::boolean, first.shape());
  bool* const out = differs.mutable_values<bool>().data();
  for (std::size_t i = 0; i < a.strings().size(); ++i) out[i] = a.strings()[i] != b.strings()[i];
  ErrorMap map = Gathering(differs, Tensor(DataType::boolean, first.shape()), options, workers).run();
  map.values = {};
  map.magnitudes = {};
  map.density.clear();
  map.relative = map.absolute;
  return map;
}

}  // namespace

LinearBinning::LinearBinning(double low, double high, std::size_t bins) {
  if (low > high) return;
  if (low == high) {
    const double margin = std::max(0.5, std::abs(low) * 1e-3);
    low = std::max(low - margin, std::numeric_limits<double>::lowest());
    high = std::min(high + margin, std::numeric_limits<double>::max());
  }
  // Halved, so that the width of the whole range is finite.
  const double step = (high / 2 - low / 2) / static_cast<double>(bins) * 2;
  for (std::size_t i = 0; i < bins; ++i) {
    const double edge = low + static_cast<double>(i) * step;
    // Ranges of a few denormal numbers have fewer bins.
    if (edges_.empty() || (edge > edges_.back() && edge < high)) edges_.push_back(edge);
  }
  edges_.push_back(high);
  per_unit_ = static_cast<double>(edges_.size() - 1) / 2 / (high / 2 - low / 2);
}

std::size_t LinearBinning::of(double value) const {
  const std::size_t last = count() - 1;
  const double guess = (value / 2 - edges_.front() / 2) * 2 * per_unit_;
  std::size_t bin = guess > 0 ? std::min(static_cast<std::size_t>(std::min(guess, 1e9)), last) : 0;
  while (bin > 0 && value < edges_[bin]) --bin;
  while (bin < last && value >= edges_[bin + 1]) ++bin;
  return bin;
}

LogBinning::LogBinning(double low, double high, std::size_t bins) {
  if (low > high) return;
  constexpr int mantissa_bits = 52;
  shift_ = mantissa_bits - 3;  // an eighth of a power of two
  const auto first = std::bit_cast<std::uint64_t>(low), last = std::bit_cast<std::uint64_t>(high);
  while ((last >> shift_) - (first >> shift_) >= bins) ++shift_;
  begin_ = first >> shift_;
  const std::uint64_t end = (last >> shift_) + 1;
  for (std::uint64_t bin = begin_; bin < end; ++bin) edges_.push_back(std::bit_cast<double>(bin << shift_));
  const double edge = std::bit_cast<double>(end << shift_);
  edges_.push_back(std::isfinite(edge) ? edge : high);
}

ErrorMap gather_errors(const Tensor& first, const Tensor& second, const ErrorMapOptions& options,
                       std::size_t workers) {
  check_comparable(first, second);
  if (options.most_rows == 0 || options.most_columns == 0 || options.most_bins == 0)
    throw UsageError("A map of errors cannot have 0 rows, columns or bins.", "Ask for 1 or more.");
  return first.dtype() == DataType::string ? map_of_strings(first, second, options, workers)
                                           : Gathering(first, second, options, workers).run();
}

}  // namespace detail

ErrorMap error_map(const Tensor& first, const Tensor& second, const ErrorMapOptions& options) {
  return detail::gather_errors(first, second, options, 0);
}

}  // namespace polygraph::compare
