#include "reference/window.h"

#include <fmt/format.h>

#include <algorithm>

namespace polygraph::reference {

Window window_of(const Call& call, const Shape& input, Dims kernel, bool ceil_mode) {
  if (input.rank() < 2 || input.rank() - 2 != kernel.size())
    call.fail(
        fmt::format("a kernel of {} axes does not fit an input of shape {}.", kernel.size(), input.str()));
  const std::size_t rank = kernel.size();
  Window window;
  window.input.assign(input.begin() + 2, input.end());
  window.kernel = std::move(kernel);
  window.strides = call.integers_attribute("strides");
  window.dilations = call.integers_attribute("dilations");
  window.strides.resize(rank, 1);
  window.dilations.resize(rank, 1);
  Dims pads = call.integers_attribute("pads");
  pads.resize(2 * rank, 0);
  window.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  window.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  const std::string_view auto_pad = call.attribute("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1, step = window.strides[i];
    if (step < 1 || window.dilations[i] < 1 || window.kernel[i] < 1)
      call.fail("a stride, dilation or kernel size is not positive.");
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      const std::int64_t size = (window.input[i] + step - 1) / step;
      const std::int64_t padding = std::max<std::int64_t>((size - 1) * step + reach - window.input[i], 0);
      window.begin[i] = auto_pad == "SAME_UPPER" ? padding / 2 : padding - padding / 2;
      window.end[i] = padding - window.begin[i];
    } else if (auto_pad == "VALID") {
      window.begin[i] = window.end[i] = 0;
    }
    const std::int64_t room = window.input[i] + window.begin[i] + window.end[i] - reach;
    std::int64_t size = room < 0 ? 0 : room / step + 1;
    // A position that would lie in the end pads alone is none.
    if (ceil_mode && room >= 0 && room % step != 0 && size * step < window.input[i] + window.begin[i]) ++size;
    window.output.push_back(size);
  }
  return window;
}

}  // namespace polygraph::reference
