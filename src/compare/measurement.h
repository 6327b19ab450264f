#pragma once

#include <polygraph/compare/statistics.h>

#include "compare/statistics_kernels.h"

namespace polygraph::compare::detail {

/// How the work is done: it makes no difference to the results.
struct MeasureOptions {
  const KernelSet* kernels = nullptr;  ///< null: the best
  std::size_t workers = 0;             ///< 0: as many as help
  /// Up to this many elements, at most a chunk, order statistics are found by sorting.
  std::int64_t sorting_limit = 65536;
  /// From this many elements on, counts are 64 bits wide.
  std::int64_t wide_counter_limit = std::int64_t{1} << 32;
  /// From this many elements on, two tensors of at most 8 bits are measured by counting pairs.
  std::int64_t byte_pairs_limit = 32768;
};

/// The public functions; tensors are no strings.
TensorStatistics measure(const Tensor& tensor, const StatisticsOptions& options, const MeasureOptions& how);
DifferenceStatistics measure(const Tensor& first, const Tensor& second, const DifferenceOptions& options,
                             const MeasureOptions& how);

/// Two tensors of at most 8 bits an element.
DifferenceStatistics measure_byte_pairs(const Tensor& first, const Tensor& second,
                                        const DifferenceOptions& options, std::size_t workers);

}  // namespace polygraph::compare::detail
