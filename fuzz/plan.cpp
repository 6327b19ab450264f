// Headers of plans: whatever the bytes are, what is read of them lies within them.
#include "core/plan.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto header = polygraph::read_plan_header(bytes);
  if (!header) return 0;
  if (header->weights && *header->weights > header->size) std::abort();
  if (header->options && !(header->rtx && header->weights)) std::abort();
  // Less of the same plan tells less, and nothing else.
  const auto half = polygraph::read_plan_header(bytes.first(size / 2));
  if (half && !half->version.empty() && half->version != header->version) std::abort();
  if (half && half->options && half->options != header->options) std::abort();
  return 0;
}
