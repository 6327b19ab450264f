#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reference/dispatch.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// What one place of the output along an axis is made of.
struct Tap {
  std::int64_t place;
  double weight;
};
using Taps = std::vector<Tap>;  // no taps: the extrapolation value

struct Axis {
  std::int64_t from, to;
  double scale;
  double roi_begin = 0, roi_end = 1;
};

class Resizer {
 public:
  explicit Resizer(const Call& call)
      : call_(call),
        mode_(call.attribute("mode", "nearest")),
        transformation_(
            call.attribute("coordinate_transformation_mode", call.opset < 11 ? "asymmetric" : "half_pixel")),
        nearest_mode_(call.attribute("nearest_mode", call.opset < 11 ? "simple" : "round_prefer_floor")),
        cubic_(call.attribute("cubic_coeff_a", -0.75f)),
        antialias_(call.attribute("antialias", std::int64_t{0}) != 0),
        exclude_outside_(call.attribute("exclude_outside", std::int64_t{0}) != 0) {
    if (mode_ == "bilinear" || mode_ == "trilinear") mode_ = "linear";
    if (mode_ != "nearest" && mode_ != "linear" && mode_ != "cubic")
      call.fail(fmt::format("it has the mode '{}'; nearest, linear and cubic are allowed.", mode_));
  }

  Tensor resize(Tensor x, std::span<const Axis> axes) const {
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const Axis& a = axes[axis];
      if (a.from == a.to && a.scale == 1 && transformation_ != "tf_crop_and_resize") continue;
      std::vector<Taps> taps;
      for (std::int64_t i = 0; i < a.to; ++i) taps.push_back(taps_of(a, i));
      x = mode_ == "nearest" ? pick(x, axis, taps) : mix(x, axis, taps);
    }
    return x;
  }

 private:
  double coordinate(const Axis& a, std::int64_t i) const {
    const auto at = static_cast<double>(i);
    // The size that the scale gives, with its fraction.
    const double length = a.scale * static_cast<double>(a.from);
    if (transformation_ == "align_corners")
      return length == 1 ? 0 : at * static_cast<double>(a.from - 1) / (length - 1);
    if (transformation_ == "asymmetric") return at / a.scale;
    if (transformation_ == "tf_half_pixel_for_nn") return (at + 0.5) / a.scale;
    if (transformation_ == "pytorch_half_pixel") return a.to == 1 ? 0 : (at + 0.5) / a.scale - 0.5;
    if (transformation_ == "half_pixel") return (at + 0.5) / a.scale - 0.5;
    if (transformation_ == "half_pixel_symmetric") {
      const double adjustment = static_cast<double>(a.to) / length, center = static_cast<double>(a.from) / 2;
      return center * (1 - adjustment) + (at + 0.5) / a.scale - 0.5;
    }
    if (transformation_ == "tf_crop_and_resize") {
      const auto last = static_cast<double>(a.from - 1);
      return a.to > 1
                 ? a.roi_begin * last + at * (a.roi_end - a.roi_begin) * last / static_cast<double>(a.to - 1)
                 : 0.5 * (a.roi_begin + a.roi_end) * last;
    }
    call_.fail(
        fmt::format("it has the coordinate transformation '{}', which does not exist.", transformation_));
  }

  std::int64_t nearest(double x, double scale) const {
    if (nearest_mode_ == "simple") return static_cast<std::int64_t>(scale < 1 ? std::ceil(x) : std::floor(x));
    if (nearest_mode_ == "floor") return static_cast<std::int64_t>(std::floor(x));
    if (nearest_mode_ == "ceil") return static_cast<std::int64_t>(std::ceil(x));
    if (nearest_mode_ == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
    return static_cast<std::int64_t>(std::ceil(x - 0.5));
  }

  double kernel(double distance) const {
    const double x = std::abs(distance);
    if (mode_ == "linear") return std::max(0.0, 1 - x);
    if (x <= 1) return ((cubic_ + 2) * x - (cubic_ + 3)) * x * x + 1;
    if (x < 2) return ((cubic_ * x - 5 * cubic_) * x + 8 * cubic_) * x - 4 * cubic_;
    return 0;
  }

  Taps taps_of(const Axis& a, std::int64_t i) const {
    const double x = coordinate(a, i);
    if (transformation_ == "tf_crop_and_resize" && (x < 0 || x > static_cast<double>(a.from - 1))) return {};
    const auto inside = [&](std::int64_t place) { return std::clamp<std::int64_t>(place, 0, a.from - 1); };
    if (mode_ == "nearest") return {{inside(nearest(x, a.scale)), 1}};
    // An antialiasing kernel is as wide as the step between places of the output.
    const double shrink = antialias_ ? std::min(a.scale, 1.0) : 1;
    const double reach = (mode_ == "linear" ? 1 : 2) / shrink;
    Taps taps;
    double total = 0;
    const auto begin = static_cast<std::int64_t>(std::floor(x - reach)) + 1;
    const auto end = static_cast<std::int64_t>(std::floor(x + reach));
    for (std::int64_t place = begin; place <= end; ++place) {
      const bool is_outside = place < 0 || place >= a.from;
      const double weight =
          exclude_outside_ && is_outside ? 0 : kernel((static_cast<double>(place) - x) * shrink);
      if (weight == 0) continue;
      taps.push_back({inside(place), weight});
      total += weight;
    }
    if ((antialias_ || exclude_outside_) && total != 0)
      for (Tap& tap : taps) tap.weight /= total;
    return taps;
  }

  struct Layout {
    std::int64_t outer, from, inner;
    Shape result;
  };
  static Layout layout(const Tensor& x, std::size_t axis, std::size_t size) {
    const auto dims = x.shape().dims();
    Dims result(dims.begin(), dims.end());
    result[axis] = static_cast<std::int64_t>(size);
    return {product(dims.first(axis)), dims[axis], product(dims.subspan(axis + 1)), Shape(std::move(result))};
  }

  // Of any type.
  Tensor pick(const Tensor& x, std::size_t axis, const std::vector<Taps>& taps) const {
    const Layout l = layout(x, axis, taps.size());
    Tensor result(x.dtype(), l.result);
    with_element(x.dtype(), [&]<class T>() {
      const T* const from = elements<T>(x);
      T* to = mutable_elements<T>(result);
      T other = T();
      if constexpr (std::is_arithmetic_v<T>)
        other = static_cast<T>(call_.attribute("extrapolation_value", 0.0f));
      for (std::int64_t i = 0; i < l.outer; ++i)
        for (const Taps& tap : taps)
          to = tap.empty() ? std::fill_n(to, l.inner, other)
                           : std::copy_n(from + (i * l.from + tap[0].place) * l.inner, l.inner, to);
    });
    return result;
  }

  Tensor mix(const Tensor& x, std::size_t axis, const std::vector<Taps>& taps) const {
    const Layout l = layout(x, axis, taps.size());
    Tensor result(DataType::float64, l.result);
    const double* const from = x.values<double>().data();
    double* to = result.mutable_values<double>().data();
    for (std::int64_t i = 0; i < l.outer; ++i)
      for (const Taps& place : taps) {
        if (place.empty()) std::fill_n(to, l.inner, call_.attribute("extrapolation_value", 0.0f));
        for (const Tap& tap : place) {
          const double* const row = from + (i * l.from + tap.place) * l.inner;
          for (std::int64_t k = 0; k < l.inner; ++k) to[k] += tap.weight * row[k];
        }
        to += l.inner;
      }
    return result;
  }

  const Call& call_;
  std::string mode_, transformation_, nearest_mode_;
  double cubic_;
  bool antialias_, exclude_outside_;
};

// Scales are float32 in the model: what 1/3 was meant to be is not known.
Values resize_by(const Call& call, std::span<const double> scales, std::span<const std::int64_t> sizes,
                 std::span<const double> roi) {
  const Shape& shape = call.shape(0);
  Dims chosen = call.integers_attribute("axes");
  if (chosen.empty()) {
    chosen.resize(shape.rank());
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  if ((scales.empty() ? sizes.size() : scales.size()) != chosen.size())
    call.fail("it has not one scale or size for each axis.");
  std::vector<Axis> axes;
  for (const std::int64_t size : shape) axes.push_back({size, size, 1});
  const std::string_view policy = call.attribute("keep_aspect_ratio_policy", "stretch");
  double common = policy == "not_larger" ? INFINITY : 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Axis& axis = axes[call.axis(chosen[i], shape.rank())];
    if (!scales.empty()) {
      axis.scale = scales[i];
      axis.to = static_cast<std::int64_t>(std::floor(static_cast<double>(axis.from) * scales[i]));
    } else {
      axis.to = sizes[i];
      axis.scale = static_cast<double>(sizes[i]) / static_cast<double>(axis.from);
      common = policy == "not_larger" ? std::min(common, axis.scale) : std::max(common, axis.scale);
    }
    if (roi.size() == 2 * chosen.size()) {
      axis.roi_begin = roi[i];
      axis.roi_end = roi[chosen.size() + i];
    }
    if (axis.from == 0 && axis.to != 0) call.fail("an empty axis cannot be enlarged.");
  }
  if (scales.empty() && policy != "stretch")
    for (const std::int64_t number : chosen) {
      Axis& axis = axes[call.axis(number, shape.rank())];
      axis.scale = common;
      axis.to = static_cast<std::int64_t>(std::floor(common * static_cast<double>(axis.from) + 0.5));
    }
  const Tensor& x = call.tensor(0);
  const bool is_nearest = call.attribute("mode", "nearest") == "nearest";
  const Resizer resizer(call);
  if (is_nearest || x.dtype() == DataType::float64) return {value_of(resizer.resize(x, axes), call.dtype(0))};
  Tensor result = resizer.resize(x.cast(DataType::float64), axes);
  for (double& each : result.mutable_values<double>()) each = std::nearbyint(each);
  return {value_of(result.cast(x.dtype()), call.dtype(0))};
}

std::vector<double> floats_of(const Call& call, std::size_t input) {
  if (!call.has(input)) return {};
  const auto values = call.floats(input);
  return {values.begin(), values.end()};
}

Values resize(const Call& call) {
  if (call.opset < 11) return resize_by(call, floats_of(call, 1), {}, {});
  const auto scales = floats_of(call, 2);
  const auto sizes = call.has(3) ? call.integers(3) : Dims();
  return resize_by(call, sizes.empty() ? scales : std::vector<double>(), sizes, floats_of(call, 1));
}

Values upsample(const Call& call) {
  return resize_by(call, call.has(1) ? floats_of(call, 1) : call.floats_attribute("scales"), {}, {});
}

}  // namespace

void add_resizing(Operators& operators) {
  operators.insert({{"Resize", resize}, {"Upsample", upsample}});
}

}  // namespace polygraph::reference
