#include <fmt/format.h>
#include <polygraph/compare/compare_functions.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "compare/run_comparison.h"
#include "compare/wide_elements.h"

namespace polygraph::compare {
namespace {

template <class Wide>
void check_rows(const std::vector<Wide>& first, const std::vector<Wide>& second, std::int64_t length,
                std::int64_t tolerance, OutputDetails& details) {
  constexpr std::size_t most_notes = 10;
  std::int64_t failures = 0;
  std::unordered_map<Wide, std::int64_t> places;  // of the first occurrence
  for (std::size_t row = 0; row < first.size(); row += static_cast<std::size_t>(length)) {
    places.clear();
    for (std::int64_t i = 0; i < length; ++i) places.emplace(second[row + static_cast<std::size_t>(i)], i);
    for (std::int64_t i = 0; i < length - tolerance; ++i) {
      const Wide value = first[row + static_cast<std::size_t>(i)];
      if (value == second[row + static_cast<std::size_t>(i)]) continue;
      const auto found = places.find(value);
      if (found != places.end() && std::abs(found->second - i) <= tolerance) continue;
      ++failures;
      if (details.notes.size() >= most_notes) continue;
      details.notes.push_back(
          found == places.end()
              ? fmt::format("FAILED | Value: {} not found in output", value)
              : fmt::format("FAILED | Difference exceeds index tolerance ({}): value {} is at {} and "
                            "at {}",
                            tolerance, value, i, found->second));
    }
  }
  details.notes.push_back(failures == 0
                              ? fmt::format("PASSED | Difference is within index tolerance ({})", tolerance)
                              : fmt::format("FAILED | {} of {} values exceed the index tolerance ({})",
                                            failures, first.size(), tolerance));
  if (failures > 0) details.problem = details.notes.back().substr(9);
}

}  // namespace

OutputResults IndicesCompareFunc::operator()(const IterationResult& first,
                                             const IterationResult& second) const {
  detail::warn_of_unknown(options_.index_tolerance, "index_tolerance", first, second);
  const auto measure = [&](const std::string& name, const Tensor& a, const Tensor& b,
                           OutputDetails& details) -> OutputResult {
    const std::int64_t tolerance = options_.index_tolerance.get(name, 0);
    if (tolerance < 0)
      throw UsageError(fmt::format("The index tolerance {} of output '{}' is negative.", tolerance, name));
    const std::int64_t length = a.shape().rank() == 0 ? 1 : a.shape()[a.shape().rank() - 1];
    // Of one type, so that values of both can be equal.
    const Tensor other = a.dtype() == b.dtype() ? b : b.cast(a.dtype());
    detail::with_elements(a, [&]<class Wide>(const std::vector<Wide>& values) {
      detail::with_elements(other, [&]<class Other>(const std::vector<Other>& others) {
        if constexpr (std::is_same_v<Wide, Other>) check_rows(values, others, length, tolerance, details);
      });
    });
    return details.problem.empty();
  };
  return detail::run_comparison(first, second, {.fail_fast = options_.fail_fast}, measure);
}

}  // namespace polygraph::compare
