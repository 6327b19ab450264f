#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "reference/gemm.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// How a GridSample reads beyond the ends of an axis.
enum class Border { zeros, border, reflection };

double reflect(double x, double low, double high) {
  const double span = high - low;
  if (span <= 0) return 0;
  const double distance = std::fmod(std::abs(x - low), 2 * span);
  return low + (distance > span ? 2 * span - distance : distance);
}

class Sampler {
 public:
  Sampler(const Call& call, std::vector<std::int64_t> sizes)
      : sizes_(std::move(sizes)),
        strides_(strides_of(sizes_)),
        aligns_(call.attribute("align_corners", std::int64_t{0}) != 0) {
    const std::string_view mode = call.attribute("mode", "linear"),
                           padding = call.attribute("padding_mode", "zeros");
    degree_ = mode == "nearest" ? 0 : mode == "cubic" || mode == "bicubic" ? 3 : 1;
    border_ = padding == "zeros" ? Border::zeros : padding == "border" ? Border::border : Border::reflection;
  }

  /// The value at coordinates from -1 to 1, the last axis first.
  double sample(const double* image, const double* coordinates) const {
    const std::size_t rank = sizes_.size();
    std::vector<double> at(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const auto size = static_cast<double>(sizes_[axis]);
      const double x = coordinates[rank - 1 - axis];
      at[axis] = bring_inside(aligns_ ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2, axis);
    }
    return mix(image, at, 0, 0);
  }

 private:
  double bring_inside(double x, std::size_t axis) const {
    const auto size = static_cast<double>(sizes_[axis]);
    if (border_ == Border::zeros || degree_ == 3) return x;
    if (border_ == Border::border) return std::clamp(x, 0.0, size - 1);
    return std::clamp(aligns_ ? reflect(x, 0, size - 1) : reflect(x, -0.5, size - 0.5), 0.0, size - 1);
  }

  // -1 for a place that counts as zero.
  std::int64_t place(std::int64_t i, std::size_t axis) const {
    const std::int64_t size = sizes_[axis];
    if (i >= 0 && i < size) return i;
    if (border_ == Border::zeros) return -1;
    if (border_ == Border::border) return std::clamp<std::int64_t>(i, 0, size - 1);
    const double back = aligns_ ? reflect(static_cast<double>(i), 0, static_cast<double>(size - 1))
                                : reflect(static_cast<double>(i), -0.5, static_cast<double>(size) - 0.5);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::nearbyint(back)), 0, size - 1);
  }

  double mix(const double* image, const std::vector<double>& at, std::size_t axis,
             std::int64_t offset) const {
    if (axis == sizes_.size()) return image[offset];
    const auto take = [&](std::int64_t i) {
      const std::int64_t p = place(i, axis);
      return p < 0 ? 0.0 : mix(image, at, axis + 1, offset + p * strides_[axis]);
    };
    const double x = at[axis];
    if (!std::isfinite(x) || std::abs(x) > 1e15) return 0;
    if (degree_ == 0) return take(static_cast<std::int64_t>(std::nearbyint(x)));
    const auto base = static_cast<std::int64_t>(std::floor(x));
    const double t = x - static_cast<double>(base);
    if (degree_ == 1) return (1 - t) * take(base) + (t == 0 ? 0 : t * take(base + 1));
    constexpr double a = -0.75;
    const auto near = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return far(1 + t) * take(base - 1) + near(t) * take(base) + near(1 - t) * take(base + 1) +
           far(2 - t) * take(base + 2);
  }

  std::vector<std::int64_t> sizes_;
  Dims strides_;
  bool aligns_;
  int degree_ = 1;
  Border border_ = Border::zeros;
};

Values grid_sample(const Call& call) {
  const Shape &shape = call.shape(0), &grid = call.shape(1);
  if (shape.rank() < 3 || grid.rank() != shape.rank() || grid[0] != shape[0] ||
      grid[grid.rank() - 1] != static_cast<std::int64_t>(shape.rank()) - 2)
    call.fail(fmt::format("the shapes {} and {} do not fit.", shape.str(), grid.str()));
  const Sampler sampler(call, {shape.begin() + 2, shape.end()});
  const std::size_t rank = shape.rank() - 2;
  Dims dims{shape[0], shape[1]};
  dims.insert(dims.end(), grid.begin() + 1, grid.end() - 1);
  Tensor result(DataType::float64, Shape(dims));
  const std::int64_t size = product(shape.dims().subspan(2)), count = product(std::span(dims).subspan(2));
  const double *const in = call.floats(0).data(), *const points = call.floats(1).data();
  double* out = result.mutable_values<double>().data();
  for (std::int64_t i = 0; i < shape[0] * shape[1]; ++i)
    for (std::int64_t k = 0; k < count; ++k)
      *out++ = sampler.sample(in + i * size,
                              points + (i / shape[1] * count + k) * static_cast<std::int64_t>(rank));
  return {value_of(std::move(result), call.dtype(0))};
}

// theta (N, r, r + 1) times the points of a grid from -1 to 1.
Values affine_grid(const Call& call) {
  const auto size = call.integers(1);
  const auto rank = static_cast<std::int64_t>(size.size()) - 2;
  const bool aligns = call.attribute("align_corners", std::int64_t{0}) != 0;
  if (rank < 1 || call.shape(0) != Shape{size[0], rank, rank + 1})
    call.fail("its matrices do not fit its size.");
  Dims dims(size.begin() + 2, size.end());
  const Dims strides = strides_of(dims);
  const std::int64_t count = product(dims);
  Dims all{size[0]};
  all.insert(all.end(), dims.begin(), dims.end());
  all.push_back(rank);
  Tensor result(DataType::float64, Shape(all));
  const double* const theta = call.floats(0).data();
  double* out = result.mutable_values<double>().data();
  for (std::int64_t n = 0; n < size[0]; ++n)
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t row = 0; row < rank; ++row) {
        const double* const line = theta + (n * rank + row) * (rank + 1);
        double sum = line[rank];
        for (std::int64_t axis = 0; axis < rank; ++axis) {
          const auto a = static_cast<std::size_t>(rank - 1 - axis);  // x is the last axis
          const auto at = static_cast<double>(i / strides[a] % dims[a]),
                     length = static_cast<double>(dims[a]);
          sum += line[axis] * (!aligns        ? (2 * at + 1) / length - 1
                               : dims[a] == 1 ? 0
                                              : 2 * at / (length - 1) - 1);
        }
        *out++ = sum;
      }
  return {value_of(std::move(result), call.dtype(0))};
}

// Between the four neighbours; zero more than one place outside.
double bilinear(const double* image, std::int64_t height, std::int64_t width, double y, double x) {
  double sum = 0;
  const double top = std::floor(y), left = std::floor(x);
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      const auto row = static_cast<std::int64_t>(top) + dy, column = static_cast<std::int64_t>(left) + dx;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      sum += (dy == 1 ? y - top : 1 - (y - top)) * (dx == 1 ? x - left : 1 - (x - left)) *
             image[row * width + column];
    }
  return sum;
}

Values roi_align(const Call& call) {
  const Shape& shape = call.shape(0);
  if (shape.rank() != 4 || call.shape(1).rank() != 2 || call.shape(1)[1] != 4)
    call.fail("its inputs have wrong shapes.");
  const std::int64_t height = shape[2], width = shape[3], channels = shape[1], rois = call.shape(1)[0];
  const std::int64_t rows = call.attribute("output_height", std::int64_t{1}),
                     columns = call.attribute("output_width", std::int64_t{1});
  const std::int64_t ratio = call.attribute("sampling_ratio", std::int64_t{0});
  const double scale = call.attribute("spatial_scale", 1.0f);
  const bool is_max = call.attribute("mode", "avg") == "max";
  const bool half_pixel =
      call.attribute("coordinate_transformation_mode",
                     call.opset < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel";
  const auto images = call.integers(2);
  const auto boxes = call.floats(1);
  const double* const in = call.floats(0).data();
  Tensor result(DataType::float64, Shape{rois, channels, rows, columns});
  double* out = result.mutable_values<double>().data();
  for (std::int64_t r = 0; r < rois; ++r) {
    const auto box = boxes.subspan(static_cast<std::size_t>(r) * 4, 4);
    const double shift = half_pixel ? 0.5 : 0;
    const double x = box[0] * scale - shift, y = box[1] * scale - shift;
    double box_width = box[2] * scale - shift - x, box_height = box[3] * scale - shift - y;
    if (!half_pixel) {
      box_width = std::max(box_width, 1.0);
      box_height = std::max(box_height, 1.0);
    }
    const double bin_height = box_height / static_cast<double>(rows),
                 bin_width = box_width / static_cast<double>(columns);
    const std::int64_t samples_y = ratio > 0 ? ratio : static_cast<std::int64_t>(std::ceil(bin_height));
    const std::int64_t samples_x = ratio > 0 ? ratio : static_cast<std::int64_t>(std::ceil(bin_width));
    const std::int64_t image = images.at(static_cast<std::size_t>(r));
    if (image < 0 || image >= shape[0]) call.fail("a region lies in an image that is not there.");
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j) {
          const double* const from = in + (image * channels + c) * height * width;
          double sum = 0, largest = -std::numeric_limits<double>::infinity();
          for (std::int64_t sy = 0; sy < samples_y; ++sy)
            for (std::int64_t sx = 0; sx < samples_x; ++sx) {
              double at_y = y + (static_cast<double>(i) +
                                 (static_cast<double>(sy) + 0.5) / static_cast<double>(samples_y)) *
                                    bin_height;
              double at_x = x + (static_cast<double>(j) +
                                 (static_cast<double>(sx) + 0.5) / static_cast<double>(samples_x)) *
                                    bin_width;
              const bool is_outside = at_y < -1 || at_y > static_cast<double>(height) || at_x < -1 ||
                                      at_x > static_cast<double>(width);
              at_y = std::clamp(at_y, 0.0, static_cast<double>(height - 1));
              at_x = std::clamp(at_x, 0.0, static_cast<double>(width - 1));
              const double value = is_outside ? 0 : bilinear(from, height, width, at_y, at_x);
              sum += value;
              // The largest of the weighted neighbours, as the operator's reference has it.
              const double top = std::floor(at_y), left = std::floor(at_x), fy = at_y - top, fx = at_x - left;
              const auto pixel = [&](double py, double px) {
                const auto row = std::min(static_cast<std::int64_t>(py), height - 1),
                           column = std::min(static_cast<std::int64_t>(px), width - 1);
                return is_outside ? 0 : from[row * width + column];
              };
              largest = std::max({largest, (1 - fy) * (1 - fx) * pixel(top, left),
                                  (1 - fy) * fx * pixel(top, left + 1), fy * (1 - fx) * pixel(top + 1, left),
                                  fy * fx * pixel(top + 1, left + 1)});
            }
          const auto samples = static_cast<double>(std::max<std::int64_t>(samples_y * samples_x, 1));
          *out++ = is_max ? largest : sum / samples;
        }
  }
  return {value_of(std::move(result), call.dtype(0))};
}

// A box as its corners, in order.
std::array<double, 4> corners(const double* box, bool by_center) {
  if (by_center) return {box[0] - box[2] / 2, box[1] - box[3] / 2, box[0] + box[2] / 2, box[1] + box[3] / 2};
  return {std::min(box[0], box[2]), std::min(box[1], box[3]), std::max(box[0], box[2]),
          std::max(box[1], box[3])};
}

double overlap(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  const double height = std::min(a[2], b[2]) - std::max(a[0], b[0]),
               width = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (height <= 0 || width <= 0) return 0;
  const auto area = [](const std::array<double, 4>& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  return height * width / (area(a) + area(b) - height * width);
}

Values non_max_suppression(const Call& call) {
  const Shape &boxes = call.shape(0), &scores = call.shape(1);
  if (boxes.rank() != 3 || scores.rank() != 3 || boxes[2] != 4 || scores[0] != boxes[0] ||
      scores[2] != boxes[1])
    call.fail("its inputs have wrong shapes.");
  const std::int64_t most = call.has(2) ? call.integer(2) : 0;
  const double threshold = call.has(3) ? call.number(3) : 0;
  const double least = call.has(4) ? call.number(4) : -std::numeric_limits<double>::infinity();
  const bool by_center = call.attribute("center_point_box", std::int64_t{0}) != 0;
  std::vector<std::int64_t> chosen;
  for (std::int64_t batch = 0; batch < boxes[0]; ++batch)
    for (std::int64_t c = 0; c < scores[1]; ++c) {
      const double* const score = call.floats(1).data() + (batch * scores[1] + c) * scores[2];
      std::vector<std::int64_t> order;
      for (std::int64_t i = 0; i < scores[2]; ++i)
        if (score[i] > least || !call.has(4)) order.push_back(i);
      std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return score[a] > score[b]; });
      std::vector<std::array<double, 4>> kept;
      for (const std::int64_t i : order) {
        if (static_cast<std::int64_t>(kept.size()) >= most) break;
        const auto box = corners(call.floats(0).data() + (batch * boxes[1] + i) * 4, by_center);
        if (std::ranges::any_of(kept, [&](const auto& other) { return overlap(box, other) > threshold; }))
          continue;
        kept.push_back(box);
        chosen.insert(chosen.end(), {batch, c, i});
      }
    }
  const auto count = static_cast<std::int64_t>(chosen.size() / 3);
  return {value_of(Tensor::from<std::int64_t>(std::span<const std::int64_t>(chosen), Shape{count, 3}),
                   DataType::int64)};
}

// Each tap of the kernel reads at a place of its own. Inputs: X, W, offset, bias, mask.
Values deform_conv(const Call& call) {
  const Shape &x = call.shape(0), &w = call.shape(1);
  if (x.rank() != 4 || w.rank() != 4) call.fail("only images of two axes can be deformed here.");
  const auto pair = [&](std::string_view name, std::int64_t otherwise) {
    Dims values = call.integers_attribute(name);
    values.resize(2, otherwise);
    return values;
  };
  const Dims strides = pair("strides", 1), dilations = pair("dilations", 1);
  Dims pads = call.integers_attribute("pads");
  pads.resize(4, 0);
  const std::int64_t groups = call.attribute("group", std::int64_t{1}),
                     offset_groups = call.attribute("offset_group", std::int64_t{1});
  const std::int64_t taps = w[2] * w[3], channels = w[1], maps = w[0] / groups;
  const std::int64_t height = (x[2] + pads[0] + pads[2] - (w[2] - 1) * dilations[0] - 1) / strides[0] + 1;
  const std::int64_t width = (x[3] + pads[1] + pads[3] - (w[3] - 1) * dilations[1] - 1) / strides[1] + 1;
  if (channels * groups != x[1] || x[1] % offset_groups != 0 ||
      (call.has(4) && call.shape(4) != Shape{x[0], offset_groups * taps, height, width}) ||
      (call.has(3) && call.tensor(3).element_count() != w[0]) ||
      call.shape(2) != Shape{x[0], offset_groups * taps * 2, height, width})
    call.fail("its inputs have wrong shapes.");
  const double *const in = call.floats(0).data(), *const offsets = call.floats(2).data();
  const double* const mask = call.has(4) ? call.floats(4).data() : nullptr;
  const std::int64_t area = height * width, depth = channels * taps;
  Tensor y(DataType::float64, Shape{x[0], w[0], height, width});
  std::vector<double> columns(static_cast<std::size_t>(depth * area));
  for (std::int64_t n = 0; n < x[0]; ++n)
    for (std::int64_t g = 0; g < groups; ++g) {
      double* to = columns.data();
      for (std::int64_t c = g * channels; c < (g + 1) * channels; ++c)
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          const std::int64_t entry = (n * offset_groups + c / (x[1] / offset_groups)) * taps + tap;
          for (std::int64_t i = 0; i < area; ++i) {
            const std::int64_t tap_row = i / width * strides[0] - pads[0] + tap / w[3] * dilations[0];
            const std::int64_t tap_column = i % width * strides[1] - pads[1] + tap % w[3] * dilations[1];
            const double row = static_cast<double>(tap_row) + offsets[2 * entry * area + i];
            const double column = static_cast<double>(tap_column) + offsets[(2 * entry + 1) * area + i];
            *to++ = bilinear(in + (n * x[1] + c) * x[2] * x[3], x[2], x[3], row, column) *
                    (mask ? mask[entry * area + i] : 1);
          }
        }
      gemm(maps, area, depth, {call.floats(1).data() + g * maps * depth, depth, 1}, {columns.data(), area, 1},
           y.mutable_values<double>().data() + (n * groups + g) * maps * area, area, call.threads);
    }
  if (call.has(3))
    for (std::int64_t i = 0; i < y.element_count(); ++i)
      y.mutable_values<double>()[static_cast<std::size_t>(i)] +=
          call.floats(3)[static_cast<std::size_t>(i / area % w[0])];
  return {value_of(std::move(y), call.dtype(0))};
}

}  // namespace

void add_vision(Operators& operators) {
  operators.insert({
      {"GridSample", grid_sample},
      {"AffineGrid", affine_grid},
      {"RoiAlign", roi_align},
      {"NonMaxSuppression", non_max_suppression},
      {"DeformConv", deform_conv},
  });
}

}  // namespace polygraph::reference
