#pragma once

#include <polygraph/compare/iteration_result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace polygraph::compare {

struct ValidateOptions {
  bool check_inf = false;
  bool check_nan = true;
};

/// An output that has what is looked for.
struct InvalidOutput {
  std::string name;
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  /// Flat, row-major; nothing if there is none or it was not looked for.
  std::optional<std::int64_t> first_nan = std::nullopt;
  std::optional<std::int64_t> first_inf = std::nullopt;
  /// `NaN Detected | Output: 'y' has 3 of 1000, the first at (0, 7)`: a line for each kind.
  std::string text = {};
};

/// The outputs that have NaN or infinities, in order; none: the result is valid. Types that have neither, and
/// strings, are valid. Throws InputError if the result has no outputs: that is nothing to call valid.
/// Thread-safe.
std::vector<InvalidOutput> validate(const IterationResult& result, const ValidateOptions& options = {});

}  // namespace polygraph::compare
