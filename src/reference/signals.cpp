#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

using Complex = std::complex<double>;

// exp(sign 2 pi i k / n) for all k, each from its own angle.
std::vector<Complex> roots_of_unity(std::int64_t n, int sign) {
  std::vector<Complex> roots;
  for (std::int64_t k = 0; k < n; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    roots.emplace_back(std::cos(angle), sign * std::sin(angle));
  }
  return roots;
}

// The discrete Fourier transform of one signal length: by halves while the length is even, then by the
// definition.
class Fourier {
 public:
  Fourier(std::int64_t size, bool is_inverse)
      : size_(size), roots_(roots_of_unity(size, is_inverse ? 1 : -1)) {}

  std::vector<Complex> transform(const std::vector<Complex>& signal) const {
    std::vector<Complex> result(signal.size());
    transform(signal.data(), 1, size_, result.data());
    return result;
  }

 private:
  void transform(const Complex* from, std::int64_t step, std::int64_t count, Complex* to) const {
    const std::int64_t stride = size_ / count;  // between roots of this length
    if (count % 2 != 0 || count == 2) {
      for (std::int64_t k = 0; k < count; ++k) {
        Complex sum = 0;
        for (std::int64_t i = 0; i < count; ++i) sum += from[i * step] * root(k * i % count * stride);
        to[k] = sum;
      }
      return;
    }
    const std::int64_t half = count / 2;
    transform(from, 2 * step, half, to);
    transform(from + step, 2 * step, half, to + half);
    for (std::int64_t k = 0; k < half; ++k) {
      const Complex even = to[k], odd = to[half + k] * root(k * stride);
      to[k] = even + odd;
      to[half + k] = even - odd;
    }
  }
  Complex root(std::int64_t k) const { return roots_[static_cast<std::size_t>(k)]; }

  std::int64_t size_;
  std::vector<Complex> roots_;
};

// The last axis holds a real number, or real and imaginary part.
Values dft(const Call& call) {
  const Shape& shape = call.shape(0);
  if (shape.rank() < 2 || shape[shape.rank() - 1] < 1 || shape[shape.rank() - 1] > 2)
    call.fail("the last axis of its input is not 1 or 2 numbers.");
  const bool is_inverse = call.attribute("inverse", std::int64_t{0}) != 0;
  const bool is_onesided = call.attribute("onesided", std::int64_t{0}) != 0;
  const std::int64_t parts = shape[shape.rank() - 1];
  std::int64_t number = call.opset >= 20 ? -2 : call.attribute("axis", std::int64_t{1});
  if (call.opset >= 20 && call.has(2)) number = call.integer(2);
  const std::size_t axis = call.axis(number, shape.rank());
  if (axis + 1 == shape.rank()) call.fail("it transforms the axis of real and imaginary part.");
  const std::int64_t given = shape[axis];
  const bool restores = is_inverse && is_onesided;  // a real signal of half a spectrum
  const std::int64_t size = call.has(1) ? call.integer(1) : restores ? 2 * (given - 1) : given;
  if (size < 1) call.fail("its signal is empty.");
  const std::int64_t count = is_onesided && !is_inverse ? size / 2 + 1 : size;
  Dims dims(shape.begin(), shape.end());
  dims[axis] = count;
  dims.back() = restores ? 1 : 2;
  Tensor result(DataType::float64, Shape(dims));
  const double* const in = call.floats(0).data();
  double* const out = result.mutable_values<double>().data();
  const std::int64_t outer = product(shape.dims().first(axis));
  const std::int64_t inner = product(shape.dims().subspan(axis + 1)) / parts;
  const Fourier fourier(size, is_inverse);
  std::vector<Complex> signal;
  for (std::int64_t row = 0; row < outer * inner; ++row) {
    signal.assign(static_cast<std::size_t>(size), 0);
    for (std::int64_t i = 0; i < std::min(size, given); ++i) {
      const double* const element = in + ((row / inner * given + i) * inner + row % inner) * parts;
      signal[static_cast<std::size_t>(i)] = {element[0], parts == 2 ? element[1] : 0};
    }
    if (restores)
      for (std::int64_t i = size / 2 + 1; i < size; ++i)
        signal[static_cast<std::size_t>(i)] = std::conj(signal[static_cast<std::size_t>(size - i)]);
    const std::vector<Complex> spectrum = fourier.transform(signal);
    for (std::int64_t i = 0; i < count; ++i) {
      const Complex x =
          spectrum[static_cast<std::size_t>(i)] / (is_inverse ? static_cast<double>(size) : 1.0);
      double* const element = out + ((row / inner * count + i) * inner + row % inner) * dims.back();
      element[0] = x.real();
      if (!restores) element[1] = x.imag();
    }
  }
  return {value_of(std::move(result), call.dtype(0))};
}

Values stft(const Call& call) {
  const Shape& shape = call.shape(0);
  const std::int64_t parts = shape.rank() == 3 ? shape[2] : 1;
  if (shape.rank() < 2 || shape.rank() > 3 || parts < 1 || parts > 2)
    call.fail("its signal has a wrong shape.");
  const std::int64_t step = call.integer(1);
  const std::int64_t size = call.has(3)   ? call.integer(3)
                            : call.has(2) ? call.tensor(2).element_count()
                                          : shape[1];
  if (step < 1 || size < 1) call.fail("its step or frame is not positive.");
  const std::int64_t frames = shape[1] < size ? 0 : (shape[1] - size) / step + 1;
  const std::int64_t bins = call.attribute("onesided", std::int64_t{1}) != 0 ? size / 2 + 1 : size;
  Tensor result(DataType::float64, Shape{shape[0], frames, bins, 2});
  const double* const in = call.floats(0).data();
  double* out = result.mutable_values<double>().data();
  const Fourier fourier(size, false);
  std::vector<double> window(static_cast<std::size_t>(size), 1);
  if (call.has(2)) {
    const auto given = call.floats(2);
    if (static_cast<std::int64_t>(given.size()) > size) call.fail("its window is longer than a frame.");
    std::ranges::copy(given, window.begin());
    std::fill(window.begin() + static_cast<std::ptrdiff_t>(given.size()), window.end(), 0.0);
  }
  std::vector<Complex> frame(static_cast<std::size_t>(size));
  for (std::int64_t b = 0; b < shape[0]; ++b)
    for (std::int64_t f = 0; f < frames; ++f) {
      for (std::int64_t i = 0; i < size; ++i) {
        const double* const element = in + (b * shape[1] + f * step + i) * parts;
        frame[static_cast<std::size_t>(i)] =
            Complex(element[0], parts == 2 ? element[1] : 0) * window[static_cast<std::size_t>(i)];
      }
      const std::vector<Complex> spectrum = fourier.transform(frame);
      for (std::int64_t i = 0; i < bins; ++i, out += 2) {
        out[0] = spectrum[static_cast<std::size_t>(i)].real();
        out[1] = spectrum[static_cast<std::size_t>(i)].imag();
      }
    }
  return {value_of(std::move(result), call.dtype(0))};
}

// Triangles between frequencies that are evenly spaced on the mel scale, by the bins of the spectrum.
Values mel_weight_matrix(const Call& call) {
  const auto bands = static_cast<std::int64_t>(call.number(0)),
             length = static_cast<std::int64_t>(call.number(1));
  const double rate = call.number(2);
  const auto mel = [](double hertz) { return 2595 * std::log1p(hertz / 700) / std::numbers::ln10; };
  const double low = mel(call.number(3)), high = mel(call.number(4));
  const std::int64_t bins = length / 2 + 1;
  if (bands < 0 || length < 0) call.fail("its sizes are negative.");
  const double step = (high - low) / static_cast<double>(bands + 2);
  std::vector<std::int64_t> edges;
  for (std::int64_t i = 0; i < bands + 2; ++i) {
    const double hertz = 700 * std::expm1((low + static_cast<double>(i) * step) / 2595 * std::numbers::ln10);
    edges.push_back(static_cast<std::int64_t>(std::floor(static_cast<double>(length + 1) * hertz / rate)));
  }
  Tensor result(DataType::float64, Shape{bins, bands});
  const auto out = result.mutable_values<double>();
  const auto set = [&](std::int64_t bin, std::int64_t band, double weight) {
    if (bin >= 0 && bin < bins) out[static_cast<std::size_t>(bin * bands + band)] = weight;
  };
  for (std::int64_t band = 0; band < bands; ++band) {
    const std::int64_t left = edges[static_cast<std::size_t>(band)],
                       middle = edges[static_cast<std::size_t>(band + 1)],
                       right = edges[static_cast<std::size_t>(band + 2)];
    if (left == middle) set(middle, band, 1);
    for (std::int64_t i = left; left != middle && i <= middle; ++i)
      set(i, band, static_cast<double>(i - left) / static_cast<double>(middle - left));
    for (std::int64_t i = middle; right != middle && i < right; ++i)
      set(i, band, static_cast<double>(right - i) / static_cast<double>(right - middle));
  }
  const DataType dtype = call.type_attribute("output_datatype", DataType::float32);
  return {is_floating(dtype) ? value_of(std::move(result), dtype)
                             : value_of(result.cast(held_type(dtype)), dtype)};
}

}  // namespace

void add_signals(Operators& operators) {
  operators.insert({{"DFT", dft}, {"STFT", stft}, {"MelWeightMatrix", mel_weight_matrix}});
}

}  // namespace polygraph::reference
