#pragma once

#include <polygraph/compare/output_details.h>
#include <polygraph/compare/output_result.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Comparisons in words: those of Polygraphy's log lines, so that what searches its output finds them here.
/// Texts have no newline at their end; blocks are indented by four spaces per level.
namespace polygraph::compare {

struct ReportOptions {
  /// Whether to show histograms, and the values of outputs of at most `small_output` elements: failed outputs
  /// are always shown so.
  bool verbose = false;
  std::int64_t small_output = 100;
};

/// `mean=0.5, std-dev=0.5, var=0.25, median=0.5, min=0 at (0,), max=1 at (1,), avg-magnitude=0.5, p90=0.9,
/// p95=0.95, p99=0.99`, with five significant digits, and `, nan=1 of 2 from (1,)` and the like if there are
/// any.
/// @param with_percentiles  Polygraphy leaves them out for booleans.
std::string statistics_text(const TensorStatistics& found, const Shape& shape, bool with_percentiles = true);
/// The same without what is said of NaN and infinities.
std::string numbers_text(const TensorStatistics& found, const Shape& shape, bool with_percentiles = true);

/// A line per bin with a bar of up to 40 `#`, below a title. Empty if nothing was counted.
std::string histogram_text(const Histogram& histogram);

/// `Tolerance: [abs=1e-05, rel=1e-05] | Checking elemwise error` for `simple`, else empty: other metrics name
/// their threshold in the verdict.
std::string tolerance_text(const Threshold& threshold);

/// `Minimum Required Tolerance: elemwise error | [abs=0.1] OR [rel=0.2] (...)` for `simple`, else empty.
std::string required_tolerance_text(const OutputResult& result, double quantile = 0.99);

/// `PASSED | Output: 'y' | Difference is within tolerance (rel=1e-05, abs=1e-05)`, or the metric's line.
std::string verdict_text(const OutputResult& result);

/// All of one output: which tensors, tolerances, required tolerances, statistics of the differences with
/// histograms, the first NaN, the worst elements, notes, and the verdict.
/// @param label  The comparison function's.
/// @param result  With details; without, only the verdict is told.
std::string output_text(std::string_view label, const OutputResult& result,
                        const ReportOptions& options = {});

/// Statistics of both outputs with their histograms over a common range, or values; each begins
/// `<runner>: <output> | Stats: `. Told once per pair of outputs, however many functions compared it.
std::string compared_statistics_text(const OutputResult& result, const Tensor& first, const Tensor& second,
                                     const ReportOptions& options = {});

/// `PASSED | simple | All outputs matched | Outputs: ['y']` or `FAILED | simple | Mismatched outputs: ['y']`.
std::string function_text(std::string_view label, const OutputResults& results);

/// A line per axis: `Axis 1: largest mean error at index 3 (0.5; over all: 0.1)`.
std::string axis_text(const std::vector<AxisError>& errors);

}  // namespace polygraph::compare
