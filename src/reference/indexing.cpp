#include "reference/indexing.h"

#include <fmt/format.h>

#include "reference/strided.h"

namespace polygraph::reference {

std::int64_t in_range(const Call& call, std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size)
    call.fail(fmt::format("the index {} is outside of an axis of {}.", index, size));
  return index < 0 ? index + size : index;
}

std::vector<std::int64_t> element_positions(const Call& call) {
  const Shape &data = call.shape(0), &shape = call.shape(1);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), data.rank());
  if (shape.rank() != data.rank()) call.fail("its inputs have different ranks.");
  const Dims strides = strides_of(data.dims()), own = strides_of(shape.dims());
  std::vector<std::int64_t> positions = call.integers(1);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    std::int64_t position = in_range(call, positions[i], data[axis]) * strides[axis];
    for (std::size_t k = 0; k < shape.rank(); ++k) {
      const std::int64_t place = static_cast<std::int64_t>(i) / own[k] % shape[k];
      if (k != axis) position += in_range(call, place, data[k]) * strides[k];
    }
    positions[i] = position;
  }
  return positions;
}

}  // namespace polygraph::reference
