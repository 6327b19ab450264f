#pragma once

#include <polygraph/compare/statistics.h>
#include <polygraph/core/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Where two tensors differ, and by how much for which values: what heat maps and plots are drawn from.
///
/// Nothing is copied and nothing grows with the tensors: they are read twice, block by block, into grids and
/// bins of fixed size. Elements and differences are taken as statistics.h says, in double. The results do not
/// depend on the number of threads.
namespace polygraph::compare {

struct ErrorMapOptions {
  /// The heat map has at most so many rows and columns of cells; at least 1.
  std::size_t most_rows = 48;
  std::size_t most_columns = 80;
  /// Bins of histograms, and of each axis of `density`; at least 1.
  std::size_t most_bins = 64;
  bool infinities_compare_equal = false;
  bool nans_compare_equal = false;
};

/// A tensor seen as a matrix, each dimension of which is divided into cells.
///
/// The matrix's rows are the leading axes of the tensor and its columns the others, cut where both are most
/// nearly of one length: (8, 64, 7, 7) has 512 rows of 49 columns. A tensor with one axis longer than 1 has
/// one row. Cell i of n over a length m begins at ceil(i * m / n), so that cells differ in length by 1 at
/// most.
struct HeatMap {
  std::size_t split = 0;     ///< axes before this one are the rows
  std::int64_t rows = 0;     ///< of the matrix; 0 if the tensor has no elements
  std::int64_t columns = 0;  ///< of the matrix
  std::size_t cell_rows = 0;
  std::size_t cell_columns = 0;

  // Of each cell, row by row.
  std::vector<double> max = {};               ///< of the absolute differences that are finite
  std::vector<double> mean = {};              ///< likewise; 0 if there is none
  std::vector<std::int64_t> not_finite = {};  ///< differences that are NaN or infinite
};

/// The absolute differences along one axis.
struct AxisProfile {
  std::size_t axis = 0;
  std::int64_t length = 0;
  // Of each cell; cells are as in HeatMap.
  std::vector<double> max = {};
  std::vector<double> mean = {};
  std::vector<std::int64_t> not_finite = {};
};

/// Bins of positive numbers, each a half, a quarter, ... or whole power(s) of two wide in the order of their
/// representation: nearly equal widths on a logarithmic scale. All but the last are without their upper edge.
struct LogBins {
  std::vector<double> edges = {};  ///< one more than there are bins; empty if there are no positive numbers
  std::size_t count() const { return edges.empty() ? 0 : edges.size() - 1; }
};

/// How many differences lie where.
struct ErrorHistogram {
  LogBins bins = {};
  std::vector<std::int64_t> counts = {};
  std::int64_t zeros = 0;
  std::int64_t infinities = 0;
  std::int64_t nans = 0;
};

/// How many elements of a pair of tensors have which value, over a range that is common to both.
struct ValueHistogram {
  std::vector<double> edges =
      {};  ///< one more than there are bins, of equal width; empty if nothing is finite
  std::array<std::vector<std::int64_t>, 2> counts = {};
  std::array<std::int64_t, 2> not_finite = {};
};

/// All that is gathered of two tensors.
struct ErrorMap {
  HeatMap heat = {};
  std::vector<AxisProfile> axes = {};  ///< of each axis longer than 1
  ValueHistogram values = {};          ///< empty for strings
  ErrorHistogram absolute = {};
  ErrorHistogram relative = {};
  /// Magnitudes of the second tensor's elements; empty for strings.
  LogBins magnitudes = {};
  /// Elements by magnitude and absolute difference, a row for each bin of `absolute` and one in front of them
  /// for no difference; in each row a column for each bin of `magnitudes` and one in front of them for 0.
  /// Elements of which either is not finite are left out.
  std::vector<std::int64_t> density = {};
};

/// Gathers it. Strings differ by 0 or 1. Throws InputError if the shapes differ or just one tensor holds
/// strings, UsageError for sizes of 0. Thread-safe.
/// @code
///   const ErrorMap map = error_map(a, b);
///   map.heat.max[row * map.heat.cell_columns + column];
/// @endcode
ErrorMap error_map(const Tensor& first, const Tensor& second, const ErrorMapOptions& options = {});

/// Where cell `index` of `cells` over `length` begins; for index == cells, the length.
constexpr std::int64_t cell_begin(std::size_t index, std::size_t cells, std::int64_t length) {
  const auto i = static_cast<std::int64_t>(index), n = static_cast<std::int64_t>(cells);
  // Without overflow: length = n * whole + rest.
  const std::int64_t whole = length / n, rest = length % n;
  return i * whole + (i * rest + n - 1) / n;
}

}  // namespace polygraph::compare
