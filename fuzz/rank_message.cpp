#include <polygraph/compare/reduce_iterations.h>
#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compare/run_iteration.h"

// Whatever another rank sends, reading it gives a report whose tensors can be read, or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polygraph;
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  const Bytes message(std::vector<std::byte>(bytes, bytes + size));
  try {
    for (const compare::PairComparison& pair : compare::decode_comparisons(message)) {
      for (const compare::OutputResults& results : pair.results) compare::find(results, "y");
    }
  } catch (const InputError&) {
  }
  const auto look_at = [](const TensorMap& tensors) {
    for (const auto& [name, tensor] : tensors) {
      tensor.nbytes();
      tensor.str(100, 2);
    }
  };
  try {
    const compare::detail::IterationReport report = compare::detail::decode(message, "rank 1");
    if (report.inputs) look_at(*report.inputs);
    for (const compare::IterationResult& result : report.outputs) look_at(result.outputs);
    const Bytes again = compare::detail::encode(report);
    compare::detail::decode(again, "rank 1");
  } catch (const InputError&) {
  }
  return 0;
}
