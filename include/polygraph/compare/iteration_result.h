#pragma once

#include <polygraph/core/tensor.h>

#include <optional>
#include <string>

namespace polygraph::compare {

/// What one inference of one runner gave.
/// @code
///   IterationResult result{runner.infer(feed).clone(), runner.last_inference_time(), runner.name()};
/// @endcode
struct IterationResult {
  TensorMap outputs = {};
  std::optional<double> runtime = std::nullopt;  ///< seconds, if it was measured
  std::string runner_name = "custom_runner";
  /// Why there are no outputs: the runner's process crashed or did not answer. Empty if there are.
  std::string failure = {};
};

}  // namespace polygraph::compare
