#include <polygraph/compare/statistics.h>

#include <algorithm>
#include <cmath>

#include "compare/block_reader.h"
#include "compare/same_shape.h"

namespace polygraph::compare {
namespace {

using detail::BlockReader;

/// Sums along one axis, of which it is told runs of elements with one index.
class AxisSums {
 public:
  AxisSums(const Shape& shape, std::size_t axis)
      : axis_(axis), length_(shape[axis]), sums_(static_cast<std::size_t>(length_)) {
    for (std::size_t after = axis + 1; after < shape.rank(); ++after) inner_ *= shape[after];
  }

  void add(const double* absolute, std::size_t count, std::int64_t begin) {
    for (std::size_t i = 0; i < count;) {
      const std::int64_t at = begin + static_cast<std::int64_t>(i);
      const auto left = static_cast<std::size_t>(inner_ - at % inner_);
      const std::size_t end = std::min(count, i + left);
      double& sum = sums_[static_cast<std::size_t>(at / inner_ % length_)];
      for (; i < end; ++i) sum += absolute[i];
    }
  }

  AxisError result(std::int64_t elements) const {
    const auto is_less = [](double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); };
    const auto most = std::ranges::max_element(sums_, is_less);
    double total = 0;
    for (const double sum : sums_) total += sum;
    const std::int64_t slice = elements / length_;
    return {axis_, most - sums_.begin(), *most / static_cast<double>(slice),
            total / static_cast<double>(elements)};
  }

 private:
  std::size_t axis_;
  std::int64_t length_;
  std::int64_t inner_ = 1;
  std::vector<double> sums_;
};

}  // namespace

std::vector<AxisError> error_by_axis(const Tensor& first, const Tensor& second,
                                     const DifferenceOptions& options) {
  detail::check_comparable(first, second);
  const Shape& shape = first.shape();
  std::vector<AxisSums> sums;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] > 1) sums.emplace_back(shape, axis);
  const std::int64_t elements = first.element_count();
  if (elements == 0) return {};

  std::vector<double> absolute(detail::block_size);
  const auto add = [&](std::int64_t begin, std::size_t count) {
    for (AxisSums& each : sums) each.add(absolute.data(), count, begin);
  };
  if (first.dtype() == DataType::string) {
    const Tensor a = first.contiguous(), b = second.contiguous();
    for (std::int64_t i = 0; i < elements; ++i) {
      const auto at = static_cast<std::size_t>(i);
      absolute[0] = a.strings()[at] != b.strings()[at] ? 1 : 0;
      add(i, 1);
    }
  } else {
    const BlockReader<double> reader(first, second, options, detail::kernels());
    detail::BlockBuffers<double> buffers;
    detail::DifferenceSums unused;
    for (std::int64_t begin = 0; begin < elements; begin += detail::block_size) {
      const auto size =
          static_cast<std::size_t>(std::min<std::int64_t>(detail::block_size, elements - begin));
      const auto block = reader.read(begin, size, buffers, unused);
      std::copy_n(block.streams[2], size, absolute.begin());
      add(begin, size);
    }
  }
  std::vector<AxisError> result;
  for (const AxisSums& each : sums) result.push_back(each.result(elements));
  return result;
}

}  // namespace polygraph::compare
