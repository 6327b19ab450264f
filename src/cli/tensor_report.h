#pragma once

#include <polygraph/compare/statistics.h>
#include <polygraph/core/tensor.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

/// What tools print of a tensor's values, in Polygraphy's words.
namespace polygraph::cli {

/// Nothing for text and for tensors without elements.
std::optional<compare::TensorStatistics> measured(const Tensor& tensor);

/// `mean=0.5, std-dev=..., min=0 at (0, 1), ..., p99=0.99`, without quantiles for booleans; says so if
/// nothing was measured.
std::string statistics_line(const Tensor& tensor, const std::optional<compare::TensorStatistics>& found);

/// A heading and a line with a bar for each bin; empty for booleans, strings, and without finite elements.
std::string histogram_lines(const Tensor& tensor, const std::optional<compare::TensorStatistics>& found);

/// The statistics of a tensor as an object; numbers that JSON lacks are null. Null if there is nothing to
/// measure.
nlohmann::ordered_json statistics_of_values_json(const Tensor& tensor, bool with_histogram);

}  // namespace polygraph::cli
