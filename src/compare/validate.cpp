#include <fmt/format.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/compare/validate.h>
#include <polygraph/core/error.h>

#include "compare/index_text.h"

namespace polygraph::compare {
namespace {

bool has_specials(DataType dtype) {
  return is_floating(dtype) || dtype == DataType::complex64 || dtype == DataType::complex128;
}

}  // namespace

std::vector<InvalidOutput> validate(const IterationResult& result, const ValidateOptions& options) {
  if (result.outputs.empty())
    throw InputError(
        fmt::format("The result of {} cannot be validated: it has no outputs.", result.runner_name));
  std::vector<InvalidOutput> invalid;
  for (const auto& [name, tensor] : result.outputs) {
    if (!has_specials(tensor.dtype())) continue;
    const TensorStatistics found = statistics(tensor, {.distribution = false});
    InvalidOutput output{.name = name};
    const auto describe = [&](const char* start, std::int64_t count, std::int64_t first) {
      if (!output.text.empty()) output.text += '\n';
      output.text += fmt::format("{} | Output: '{}' has {} of {}, the first at {}", start, name, count,
                                 found.count, detail::index_text(first, tensor.shape()));
    };
    if (options.check_nan && found.nan_count > 0) {
      output.nan_count = found.nan_count;
      output.first_nan = found.first_nan;
      describe("NaN Detected", found.nan_count, *found.first_nan);
    }
    if (options.check_inf && found.inf_count > 0) {
      output.inf_count = found.inf_count;
      output.first_inf = found.first_inf;
      describe("Inf Detected", found.inf_count, *found.first_inf);
    }
    if (!output.text.empty()) invalid.push_back(std::move(output));
  }
  return invalid;
}

}  // namespace polygraph::compare
