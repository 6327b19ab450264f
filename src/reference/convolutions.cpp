#include <fmt/format.h>

#include <algorithm>

#include "reference/convolution.h"
#include "reference/gemm.h"
#include "reference/operators.h"
#include "reference/parallel.h"
#include "reference/window.h"

namespace polygraph::reference {

namespace {

// Positions of the kernel: all axes of the output but the last are `lines`, of which each has `width`
// positions.
struct Lines {
  explicit Lines(const Window& of) : window(of) {
    width = of.output.back();
    outer.assign(of.output.begin(), of.output.end() - 1);
    count = product(outer);
    taps = product(of.kernel);
    input_strides = strides_of(of.input);
    outer_strides = strides_of(outer);
    kernel_strides = strides_of(of.kernel);
  }

  // Where, in one channel of the input, a tap of the kernel meets a line; nullopt if in the padding. Along
  // the line the place goes up by the stride: the positions from `first` to `last` are inside.
  struct Meeting {
    std::int64_t base, first, last;
  };
  std::optional<Meeting> meet(std::int64_t line, std::int64_t tap) const {
    std::int64_t base = 0;
    const std::size_t rank = window.kernel.size();
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) {
      const std::int64_t place = line / outer_strides[axis] % outer[axis] * window.strides[axis] -
                                 window.begin[axis] +
                                 tap / kernel_strides[axis] % window.kernel[axis] * window.dilations[axis];
      if (place < 0 || place >= window.input[axis]) return std::nullopt;
      base += place * input_strides[axis];
    }
    const std::int64_t shift = tap % window.kernel.back() * window.dilations.back() - window.begin.back();
    const std::int64_t step = window.strides.back(), size = window.input.back();
    const std::int64_t first = shift >= 0 ? 0 : (-shift + step - 1) / step;
    const std::int64_t last = size - shift <= 0 ? 0 : std::min(width, (size - shift + step - 1) / step);
    return Meeting{base + shift, first, std::max(first, last)};
  }

  const Window& window;
  Dims outer, input_strides, outer_strides, kernel_strides;
  std::int64_t width = 0, count = 0, taps = 0;
};

// The input under the kernel: a row for each channel and tap, a column for each position of these lines.
void unfold(const Lines& lines, const double* input, std::int64_t channels, std::int64_t begin,
            std::int64_t end, double* columns) {
  const std::int64_t size = product(lines.window.input), step = lines.window.strides.back();
  for (std::int64_t channel = 0; channel < channels; ++channel)
    for (std::int64_t tap = 0; tap < lines.taps; ++tap)
      for (std::int64_t line = begin; line < end; ++line, columns += lines.width) {
        const auto meeting = lines.meet(line, tap);
        if (!meeting) {
          std::fill_n(columns, lines.width, 0.0);
          continue;
        }
        const double* const from = input + channel * size + meeting->base;
        std::fill(columns, columns + std::min(meeting->first, lines.width), 0.0);
        if (step == 1)
          std::copy(from + meeting->first, from + meeting->last, columns + meeting->first);
        else
          for (std::int64_t i = meeting->first; i < meeting->last; ++i) columns[i] = from[i * step];
        if (meeting->last < lines.width) std::fill(columns + meeting->last, columns + lines.width, 0.0);
      }
}

// The reverse: adds each column to where it came from.
void fold(const Lines& lines, const double* columns, std::int64_t channels, double* output) {
  const std::int64_t size = product(lines.window.input), step = lines.window.strides.back();
  for (std::int64_t channel = 0; channel < channels; ++channel)
    for (std::int64_t tap = 0; tap < lines.taps; ++tap)
      for (std::int64_t line = 0; line < lines.count; ++line, columns += lines.width)
        if (const auto meeting = lines.meet(line, tap)) {
          double* const to = output + channel * size + meeting->base;
          for (std::int64_t i = meeting->first; i < meeting->last; ++i) to[i * step] += columns[i];
        }
}

// Each channel has a kernel of its own: no matrix product is worth the while.
void convolve_channel(const Lines& lines, const double* input, const double* weights, double* output) {
  const std::int64_t step = lines.window.strides.back();
  for (std::int64_t line = 0; line < lines.count; ++line, output += lines.width)
    for (std::int64_t tap = 0; tap < lines.taps; ++tap)
      if (const auto meeting = lines.meet(line, tap)) {
        const double* const from = input + meeting->base;
        const double weight = weights[tap];
        if (step == 1)
          for (std::int64_t i = meeting->first; i < meeting->last; ++i) output[i] += weight * from[i];
        else
          for (std::int64_t i = meeting->first; i < meeting->last; ++i) output[i] += weight * from[i * step];
      }
}

// Numbers that the unfolded input may take.
constexpr std::int64_t unfolded_limit = 1 << 19;

}  // namespace

Tensor convolve(const Call& call, const Tensor& x, const Tensor& w, const Tensor* bias) {
  if (x.shape().rank() < 3 || w.shape().rank() != x.shape().rank())
    call.fail(fmt::format("the shapes {} and {} do not fit.", x.shape().str(), w.shape().str()));
  const Window window = window_of(call, x.shape(), Dims(w.shape().begin() + 2, w.shape().end()));
  const Lines lines(window);
  const std::int64_t groups = call.attribute("group", std::int64_t{1});
  const std::int64_t batch = x.shape()[0], channels = w.shape()[1], maps = w.shape()[0];
  if (groups < 1 || channels * groups != x.shape()[1] || maps % groups != 0)
    call.fail(
        fmt::format("{} groups do not fit the shapes {} and {}.", groups, x.shape().str(), w.shape().str()));
  if (bias && bias->element_count() != maps) call.fail("its bias has not one number for each feature map.");
  Dims dims{batch, maps};
  dims.insert(dims.end(), window.output.begin(), window.output.end());
  Tensor y(DataType::float64, Shape(dims));
  const std::int64_t in_size = product(window.input), positions = lines.count * lines.width,
                     depth = channels * lines.taps;
  const double* const in = x.values<double>().data();
  const double* const weights = w.values<double>().data();
  double* const out = y.mutable_values<double>().data();
  if (bias)
    for (std::int64_t i = 0; i < batch * maps; ++i)
      std::fill_n(out + i * positions, positions, bias->values<double>()[static_cast<std::size_t>(i % maps)]);
  if (y.element_count() == 0 || depth == 0) return y;

  if (channels == 1 && maps == groups) {
    parallel_for(batch * maps, (1 << 17) / (positions * depth) + 1, call.threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i)
                     convolve_channel(lines, in + i * in_size, weights + i % maps * lines.taps,
                                      out + i * positions);
                 });
    return y;
  }
  const bool is_plain = lines.taps == 1 &&
                        std::ranges::all_of(window.strides, [](auto s) { return s == 1; }) &&
                        window.input == window.output;
  const std::int64_t maps_per_group = maps / groups;
  const std::int64_t lines_at_once =
      std::max<std::int64_t>(unfolded_limit / std::max<std::int64_t>(depth * lines.width, 1), 1);
  const std::int64_t parts = is_plain ? 1 : (lines.count + lines_at_once - 1) / lines_at_once;
  // Parts of lines run at the same time; a single one is multiplied by several threads.
  const std::int64_t jobs = batch * groups * parts;
  const bool one_job_at_a_time = jobs < call.threads;
  parallel_for(
      jobs, (1 << 18) / std::max<std::int64_t>(depth * maps_per_group * positions / parts, 1) + 1,
      one_job_at_a_time ? 1 : call.threads, [&](std::int64_t begin, std::int64_t end) {
        std::vector<double> columns;
        for (std::int64_t job = begin; job < end; ++job) {
          const std::int64_t group = job / parts % groups, image = job / parts / groups;
          const double* const from = in + (image * groups + group) * channels * in_size;
          double* const to = out + (image * maps + group * maps_per_group) * positions;
          const Matrix kernel{weights + group * maps_per_group * depth, depth, 1};
          const int threads = one_job_at_a_time ? call.threads : 1;
          if (is_plain) {
            gemm(maps_per_group, positions, depth, kernel, {from, positions, 1}, to, positions, threads);
            continue;
          }
          const std::int64_t first = job % parts * lines_at_once,
                             last = std::min(first + lines_at_once, lines.count);
          const std::int64_t count = (last - first) * lines.width;
          columns.resize(static_cast<std::size_t>(depth * count));
          unfold(lines, from, channels, first, last, columns.data());
          gemm(maps_per_group, count, depth, kernel, {columns.data(), count, 1}, to + first * lines.width,
               positions, threads);
        }
      });
  return y;
}

namespace {

Values conv(const Call& call) {
  call.floats(0);
  call.floats(1);
  return {value_of(convolve(call, call.tensor(0), call.tensor(1), call.has(2) ? &call.tensor(2) : nullptr),
                   call.dtype(0))};
}

Values conv_transpose(const Call& call) {
  const Tensor &x = call.tensor(0), &w = call.tensor(1);
  call.floats(0);
  call.floats(1);
  if (x.shape().rank() < 3 || w.shape().rank() != x.shape().rank() || w.shape()[0] != x.shape()[1])
    call.fail(fmt::format("the shapes {} and {} do not fit.", x.shape().str(), w.shape().str()));
  const std::size_t rank = x.shape().rank() - 2;
  const std::int64_t groups = call.attribute("group", std::int64_t{1});
  const std::int64_t batch = x.shape()[0], channels = x.shape()[1] / groups, maps = w.shape()[1];
  // The window of the convolution that this one is the transpose of: its output is our input.
  Window window;
  window.output.assign(x.shape().begin() + 2, x.shape().end());
  window.kernel.assign(w.shape().begin() + 2, w.shape().end());
  window.strides = call.integers_attribute("strides");
  window.dilations = call.integers_attribute("dilations");
  window.strides.resize(rank, 1);
  window.dilations.resize(rank, 1);
  Dims pads = call.integers_attribute("pads"), more = call.integers_attribute("output_padding");
  Dims wanted = call.integers_attribute("output_shape");
  if (wanted.size() == rank + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  pads.resize(2 * rank, 0);
  more.resize(rank, 0);
  const std::string_view auto_pad = call.attribute("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t whole = window.strides[i] * (window.output[i] - 1) + more[i] +
                               (window.kernel[i] - 1) * window.dilations[i] + 1;
    const bool is_same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
    if (!wanted.empty() || is_same) {
      const std::int64_t size = wanted.empty() ? window.output[i] * window.strides[i] : wanted.at(i);
      const std::int64_t total = std::max<std::int64_t>(whole - size, 0);
      window.begin.push_back(auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2);
      window.input.push_back(size);
    } else {
      window.begin.push_back(auto_pad == "VALID" ? 0 : pads[i]);
      window.input.push_back(auto_pad == "VALID" ? whole : whole - pads[i] - pads[rank + i]);
    }
    if (window.input.back() < 0) call.fail("its pads are larger than its output.");
  }
  const Lines lines(window);
  Dims dims{batch, maps * groups};
  dims.insert(dims.end(), window.input.begin(), window.input.end());
  Tensor y(DataType::float64, Shape(dims));
  const std::int64_t positions = lines.count * lines.width, rows = maps * lines.taps,
                     out_size = product(window.input);
  double* const out = y.mutable_values<double>().data();
  std::vector<double> columns(static_cast<std::size_t>(rows * positions));
  for (std::int64_t job = 0; job < batch * groups; ++job) {
    const std::int64_t group = job % groups;
    std::ranges::fill(columns, 0.0);
    gemm(rows, positions, channels, {w.values<double>().data() + group * channels * rows, 1, rows},
         {x.values<double>().data() + job * channels * positions, positions, 1}, columns.data(), positions,
         call.threads);
    fold(lines, columns.data(), maps, out + job * maps * out_size);
  }
  if (call.has(2)) {
    const auto bias = call.floats(2);
    for (std::int64_t i = 0; i < batch * maps * groups; ++i)
      for (double& element : std::span(out + i * out_size, static_cast<std::size_t>(out_size)))
        element += bias[static_cast<std::size_t>(i % (maps * groups))];
  }
  return {value_of(std::move(y), call.dtype(0))};
}

// The image of which a Col2Im input holds the unfolded blocks.
Values col2im(const Call& call) {
  Window window;
  window.input = call.integers(1);
  window.kernel = call.integers(2);
  const std::size_t rank = window.input.size();
  if (rank == 0 || window.kernel.size() != rank) call.fail("its image and its block have different ranks.");
  window.strides = call.integers_attribute("strides");
  window.dilations = call.integers_attribute("dilations");
  window.strides.resize(rank, 1);
  window.dilations.resize(rank, 1);
  Dims pads = call.integers_attribute("pads");
  pads.resize(2 * rank, 0);
  for (std::size_t i = 0; i < rank; ++i) {
    window.begin.push_back(pads[i]);
    window.output.push_back(
        (window.input[i] + pads[i] + pads[rank + i] - (window.kernel[i] - 1) * window.dilations[i] - 1) /
            window.strides[i] +
        1);
  }
  const Lines lines(window);
  const Shape& shape = call.shape(0);
  if (shape.rank() != 3 || shape[1] % lines.taps != 0 || shape[2] != lines.count * lines.width)
    call.fail("its input has not one column for each position of the block.");
  const std::int64_t channels = shape[1] / lines.taps;
  Dims dims{shape[0], channels};
  dims.insert(dims.end(), window.input.begin(), window.input.end());
  Tensor y(DataType::float64, Shape(dims));
  for (std::int64_t i = 0; i < shape[0]; ++i)
    fold(lines, call.floats(0).data() + i * shape[1] * shape[2], channels,
         y.mutable_values<double>().data() + i * channels * product(window.input));
  return {value_of(std::move(y), call.dtype(0))};
}

}  // namespace

void add_convolutions(Operators& operators) {
  operators.insert({{"Conv", conv}, {"ConvTranspose", conv_transpose}, {"Col2Im", col2im}});
}

}  // namespace polygraph::reference
