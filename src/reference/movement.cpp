#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

// Operators that copy elements to other places, by shape alone.
namespace polygraph::reference {

namespace {

Value moved(const Call& call, Tensor tensor) {
  return value_of(std::move(tensor), call.dtype(0));
}

Values transpose_node(const Call& call) {
  const std::size_t rank = call.shape(0).rank();
  std::vector<std::size_t> permutation(rank);
  for (std::size_t i = 0; i < rank; ++i) permutation[i] = rank - 1 - i;
  if (const auto given = call.integers_attribute("perm"); !given.empty()) {
    if (given.size() != rank) call.fail("its permutation has another rank than its input.");
    for (std::size_t i = 0; i < rank; ++i) permutation[i] = call.axis(given[i], rank);
  }
  return {moved(call, transpose(call.tensor(0), permutation))};
}

Values expand_node(const Call& call) {
  const Shape wanted(call.integers(1));
  const auto shape = broadcast(call.shape(0), wanted);
  if (!shape)
    call.fail(fmt::format("the shapes {} and {} do not broadcast.", call.shape(0).str(), wanted.str()));
  return {moved(call, expand(call.tensor(0), *shape))};
}

Values tile(const Call& call) {
  const Shape& all = call.shape(0);
  const auto repeats = call.integers(1);
  if (repeats.size() != all.rank()) call.fail("it has not one repeat for each axis.");
  const Dims own = strides_of(all.dims());
  Dims dims, strides, result;
  for (std::size_t i = 0; i < all.rank(); ++i) {
    dims.insert(dims.end(), {repeats[i], all[i]});
    strides.insert(strides.end(), {0, own[i]});
    result.push_back(repeats[i] * all[i]);
  }
  return {moved(call, strided_copy(call.tensor(0), 0, Shape(dims), strides).reshaped(Shape(result)))};
}

Values slice(const Call& call) {
  const Shape& all = call.shape(0);
  const bool by_inputs = call.opset >= 10;
  const auto starts = by_inputs ? call.integers(1) : call.integers_attribute("starts");
  const auto ends = by_inputs ? call.integers(2) : call.integers_attribute("ends");
  auto axes = !by_inputs ? call.integers_attribute("axes") : call.has(3) ? call.integers(3) : Dims();
  const auto steps = call.has(4) ? call.integers(4) : Dims(starts.size(), 1);
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    call.fail("its starts, ends, axes and steps are not as many.");
  Dims dims(all.begin(), all.end()), strides = strides_of(all.dims());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], all.rank());
    const std::int64_t size = all[axis], step = std::clamp(steps[i], -size - 1, size + 1);
    if (step == 0) call.fail("a step is 0.");
    if (size == 0) continue;
    const auto bound = [&](std::int64_t place, std::int64_t low, std::int64_t high) {
      return std::clamp(place < 0 ? place + size : place, low, high);
    };
    const std::int64_t begin = step > 0 ? bound(starts[i], 0, size) : bound(starts[i], 0, size - 1);
    const std::int64_t end = step > 0 ? bound(ends[i], 0, size) : bound(ends[i], -1, size - 1);
    const std::int64_t distance = step > 0 ? end - begin : begin - end, stride = step > 0 ? step : -step;
    dims[axis] = std::max<std::int64_t>((distance + stride - 1) / stride, 0);
    offset += begin * strides[axis];
    strides[axis] *= dims[axis] > 1 ? step : 1;
  }
  if (product(dims) == 0) offset = 0;
  return {moved(call, strided_copy(call.tensor(0), offset, Shape(dims), strides))};
}

Values split(const Call& call) {
  const Shape& all = call.shape(0);
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), all.rank());
  Dims sizes = call.has(1) ? call.integers(1) : call.integers_attribute("split");
  if (sizes.empty()) {
    const auto parts = call.attribute("num_outputs", static_cast<std::int64_t>(call.node.outputs.size()));
    const std::int64_t size = (all[axis] + parts - 1) / parts;
    for (std::int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<std::int64_t>(all[axis] - i * size, 0, size));
  }
  if (std::reduce(sizes.begin(), sizes.end()) != all[axis] ||
      std::ranges::any_of(sizes, [](auto s) { return s < 0; }))
    call.fail(fmt::format("its parts do not add up to the {} elements of the axis.", all[axis]));
  const Dims strides = strides_of(all.dims());
  Values parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    Dims dims(all.begin(), all.end());
    dims[axis] = size;
    parts.push_back(moved(
        call, strided_copy(call.tensor(0), size == 0 ? 0 : begin * strides[axis], Shape(dims), strides)));
    begin += size;
  }
  return parts;
}

Values concat(const Call& call) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) tensors.push_back(call.tensor(i));
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{1}), call.shape(0).rank());
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    bool fits =
        tensors[i].dtype() == tensors[0].dtype() && tensors[i].shape().rank() == tensors[0].shape().rank();
    for (std::size_t k = 0; fits && k < tensors[0].shape().rank(); ++k)
      fits = k == axis || tensors[i].shape()[k] == tensors[0].shape()[k];
    if (!fits)
      call.fail(fmt::format("the shapes {} and {} cannot be joined at axis {}.", tensors[0].shape().str(),
                            tensors[i].shape().str(), axis));
  }
  return {moved(call, concatenate(tensors, axis))};
}

// Blocks of depth and space change places: reshape, transpose, reshape.
Values depth_to_space(const Call& call) {
  const Shape& s = call.shape(0);
  const std::int64_t block = call.attribute("blocksize", std::int64_t{1});
  if (s.rank() != 4 || block <= 0 || s[1] % (block * block) != 0)
    call.fail("its input does not divide into blocks.");
  const std::int64_t depth = s[1] / (block * block);
  const bool depth_first = call.attribute("mode", "DCR") == "DCR";
  const Tensor blocks = depth_first ? call.tensor(0).reshaped(Shape{s[0], block, block, depth, s[2], s[3]})
                                    : call.tensor(0).reshaped(Shape{s[0], depth, block, block, s[2], s[3]});
  const std::vector<std::size_t> order =
      depth_first ? std::vector<std::size_t>{0, 3, 4, 1, 5, 2} : std::vector<std::size_t>{0, 1, 4, 2, 5, 3};
  return {moved(call, transpose(blocks, order).reshaped(Shape{s[0], depth, s[2] * block, s[3] * block}))};
}

Values space_to_depth(const Call& call) {
  const Shape& s = call.shape(0);
  const std::int64_t block = call.attribute("blocksize", std::int64_t{1});
  if (s.rank() != 4 || block <= 0 || s[2] % block != 0 || s[3] % block != 0)
    call.fail("its input does not divide into blocks.");
  const std::int64_t height = s[2] / block, width = s[3] / block;
  const Tensor blocks = call.tensor(0).reshaped(Shape{s[0], s[1], height, block, width, block});
  const bool depth_first = call.attribute("mode", "DCR") == "DCR";
  const std::vector<std::size_t> order =
      depth_first ? std::vector<std::size_t>{0, 3, 5, 1, 2, 4} : std::vector<std::size_t>{0, 1, 3, 5, 2, 4};
  return {moved(call, transpose(blocks, order).reshaped(Shape{s[0], s[1] * block * block, height, width}))};
}

Values trilu(const Call& call) {
  const Shape& all = call.shape(0);
  if (all.rank() < 2) call.fail("its input is no matrix.");
  const std::int64_t shift = call.has(1) ? call.integer(1) : 0;
  const bool is_upper = call.attribute("upper", std::int64_t{1}) != 0;
  const std::int64_t columns = all[all.rank() - 1], rows = all[all.rank() - 2];
  std::vector<std::int64_t> positions(static_cast<std::size_t>(call.tensor(0).element_count()));
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t column = place % columns, row = place / columns % rows;
    positions[i] = (is_upper ? column - row >= shift : column - row <= shift) ? place : -1;
  }
  return {moved(call, take(call.tensor(0), positions, all))};
}

Values reverse_sequence(const Call& call) {
  const Shape& all = call.shape(0);
  const std::size_t batch = call.axis(call.attribute("batch_axis", std::int64_t{1}), all.rank());
  const std::size_t time = call.axis(call.attribute("time_axis", std::int64_t{0}), all.rank());
  const auto lengths = call.integers(1);
  if (static_cast<std::int64_t>(lengths.size()) != all[batch])
    call.fail("it has not one length for each of the batch.");
  const Dims strides = strides_of(all.dims());
  std::vector<std::int64_t> positions(static_cast<std::size_t>(call.tensor(0).element_count()));
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t length = lengths[static_cast<std::size_t>(place / strides[batch] % all[batch])];
    const std::int64_t t = place / strides[time] % all[time];
    positions[i] = t < length ? place + (length - 1 - 2 * t) * strides[time] : place;
    if (length > all[time]) call.fail("a length exceeds the time axis.");
  }
  return {moved(call, take(call.tensor(0), positions, all))};
}

// Where an index beyond the ends of an axis takes its value; -1: from the fill value.
std::int64_t padded_place(std::int64_t place, std::int64_t size, std::string_view mode) {
  if (place >= 0 && place < size) return place;
  if (mode == "constant" || size <= 0) return -1;
  if (mode == "edge") return place < 0 ? 0 : size - 1;
  const std::int64_t period = mode == "wrap" ? size : std::max<std::int64_t>(2 * (size - 1), 1);
  const std::int64_t within = (place % period + period) % period;
  return mode == "wrap" || within < size ? within : period - within;
}

Value pad(const Call& call, const Dims& begin, const Dims& end, std::string_view mode, const Tensor* fill) {
  const Shape& all = call.shape(0);
  const Dims strides = strides_of(all.dims());
  Dims dims;
  std::vector<Dims> offsets(all.rank());  // of each index of each axis; -1: outside
  for (std::size_t axis = 0; axis < all.rank(); ++axis) {
    dims.push_back(std::max<std::int64_t>(all[axis] + begin[axis] + end[axis], 0));
    // What negative pads cut off is not there to be mirrored.
    const std::int64_t cut = std::max<std::int64_t>(-begin[axis], 0);
    const std::int64_t kept = all[axis] - cut - std::max<std::int64_t>(-end[axis], 0);
    for (std::int64_t i = 0; i < dims[axis]; ++i) {
      const std::int64_t place = padded_place(i - std::max<std::int64_t>(begin[axis], 0), kept, mode);
      offsets[axis].push_back(place < 0 ? -1 : (place + cut) * strides[axis]);
    }
  }
  Shape shape(dims);
  std::vector<std::int64_t> positions(static_cast<std::size_t>(shape.element_count()));
  const Dims own = strides_of(dims);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    std::int64_t position = 0;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = 0; axis < dims.size() && position >= 0; ++axis) {
      const std::int64_t offset = offsets[axis][static_cast<std::size_t>(rest / own[axis])];
      rest %= own[axis];
      position = offset < 0 ? -1 : position + offset;
    }
    positions[i] = position;
  }
  return moved(call, take(call.tensor(0), positions, std::move(shape), fill));
}

Values pad_node(const Call& call) {
  const std::size_t rank = call.shape(0).rank();
  const Dims pads = call.has(1)                  ? call.integers(1)
                    : call.has_attribute("pads") ? call.integers_attribute("pads")
                                                 : call.integers_attribute("paddings");
  Dims axes;
  if (call.has(3)) axes = call.integers(3);
  if (!call.has(3)) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (pads.size() != 2 * axes.size()) call.fail("it has not two pads for each axis.");
  Dims begin(rank, 0), end(rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], rank);
    begin[axis] = pads[i];
    end[axis] = pads[axes.size() + i];
  }
  std::optional<Tensor> fill;
  if (call.has(2) && call.tensor(2).element_count() == 1)
    fill = call.tensor(2);
  else if (call.opset < 11)
    fill = Tensor::full(Shape{1}, call.attribute("value", 0.0f)).cast(call.tensor(0).dtype());
  return {pad(call, begin, end, call.attribute("mode", "constant"), fill ? &*fill : nullptr)};
}

Values center_crop_pad(const Call& call) {
  const std::size_t rank = call.shape(0).rank();
  const auto sizes = call.integers(1);
  Dims axes = call.integers_attribute("axes");
  if (axes.empty()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  Dims begin(rank, 0), end(rank, 0);
  for (std::size_t i = 0; i < axes.size() && i < sizes.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], rank);
    const std::int64_t more = sizes[i] - call.shape(0)[axis];
    // Cropping takes away half of the surplus first, rounded down; padding adds half first, rounded down.
    begin[axis] = more >= 0 ? more / 2 : -(-more / 2);
    end[axis] = more - begin[axis];
  }
  return {pad(call, begin, end, "constant", nullptr)};
}

}  // namespace

Tensor concatenate(std::span<const Tensor> tensors, std::size_t axis) {
  Dims dims = dims_of(tensors[0]);
  dims[axis] = 0;
  for (const Tensor& tensor : tensors) dims[axis] += tensor.shape()[axis];
  Tensor result(tensors[0].dtype(), Shape(dims));
  const std::int64_t outer = product(std::span(dims).first(axis));
  const std::int64_t inner = product(std::span(dims).subspan(axis + 1));
  with_element(result.dtype(), [&]<class T>() {
    T* to = mutable_elements<T>(result);
    for (std::int64_t i = 0; i < outer; ++i)
      for (const Tensor& tensor : tensors) {
        const std::int64_t run = tensor.shape()[axis] * inner;
        to = std::copy_n(elements<T>(tensor) + i * run, run, to);
      }
  });
  return result;
}

void add_movement(Operators& operators) {
  operators.insert({
      {"Transpose", transpose_node},
      {"Expand", expand_node},
      {"Tile", tile},
      {"Slice", slice},
      {"Split", split},
      {"Concat", concat},
      {"DepthToSpace", depth_to_space},
      {"SpaceToDepth", space_to_depth},
      {"Trilu", trilu},
      {"ReverseSequence", reverse_sequence},
      {"Pad", pad_node},
      {"CenterCropPad", center_crop_pad},
  });
}

}  // namespace polygraph::reference
