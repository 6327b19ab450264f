#pragma once

#include <polygraph/compare/statistics.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/shape.h>

#include <optional>
#include <string>
#include <vector>

namespace polygraph::compare {

/// What a comparison function saw of a pair of outputs: the stuff of reports.
struct OutputDetails {
  std::string runner0_name = {};
  std::string runner1_name = {};
  DataType dtype0 = {};
  DataType dtype1 = {};
  Shape shape0 = {};
  Shape shape1 = {};
  /// Why nothing was measured; empty if something was.
  std::string problem = {};
  /// What else there is to say, a line each: e.g. that an output was reshaped.
  std::vector<std::string> notes = {};
  /// The shape that both had when they were compared; indices refer to it.
  Shape shape = {};
  /// Without quantiles unless `has_distribution`.
  std::optional<DifferenceStatistics> difference = std::nullopt;
  bool has_distribution = false;
  double quantile = 0.99;
  std::optional<UlpDistance> ulp = std::nullopt;
};

}  // namespace polygraph::compare
