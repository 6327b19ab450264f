#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "onnxrt/profile.h"

// Whatever the bytes are, they are a trace of which no node took more than all inferences could, or there is
// an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto profile = polygraph::onnxrt::parse_profile(
        std::string_view(reinterpret_cast<const char*>(data), size), "trace", size % 2);
    if (profile.inferences < 0 || (profile.inferences == 0 && !profile.nodes.empty())) std::abort();
    for (const polygraph::onnxrt::NodeTime& node : profile.nodes)
      if (node.count < 1 || node.min < 0 || node.min > node.max || node.own < 0 || node.own > node.total)
        std::abort();
  } catch (const polygraph::InputError&) {
  }
  return 0;
}
