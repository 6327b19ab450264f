#include <fmt/format.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "compare/chunks.h"
#include "compare/same_shape.h"
#include "core/elements.h"

namespace polygraph::compare {
namespace {

using detail::for_each_chunk;

constexpr std::size_t piece_size = 1024;
constexpr double infinitely_far = std::numeric_limits<double>::infinity();

/// Bits of the mantissa; a float of this type is one step away from the next.
int mantissa_bits(DataType dtype) {
  switch (dtype) {
    case DataType::float64:
    case DataType::complex128:
      return 52;
    case DataType::float32:
    case DataType::complex64:
      return 23;
    case DataType::float16:
      return 10;
    case DataType::bfloat16:
      return 7;
    case DataType::float8e4m3fn:
    case DataType::float8e4m3fnuz:
      return 3;
    case DataType::float8e5m2:
    case DataType::float8e5m2fnuz:
      return 2;
    case DataType::float4:
      return 1;
    case DataType::float8e8m0:
      return 0;
    default:
      return 64;
  }
}

bool is_complex(DataType dtype) {
  return dtype == DataType::complex64 || dtype == DataType::complex128;
}

double steps_between(std::uint64_t a, std::uint64_t b) {
  return static_cast<double>(a > b ? a - b : b - a);
}

/// A number's place among all of its type, both zeros at the same one.
template <class Bits>
std::int64_t place(Bits bits) {
  constexpr int width = 8 * sizeof(Bits);
  const auto magnitude = static_cast<std::int64_t>(bits & static_cast<Bits>(~(Bits{1} << (width - 1))));
  return (bits >> (width - 1)) != 0 ? -magnitude : magnitude;
}

template <class Bits>
double distance_of_bits(Bits a, Bits b) {
  const std::int64_t x = place(a), y = place(b);
  // The difference of two places of float64 fits 64 bits without a sign.
  return steps_between(static_cast<std::uint64_t>(x) + (std::uint64_t{1} << 63),
                       static_cast<std::uint64_t>(y) + (std::uint64_t{1} << 63));
}

template <class F>
double unless_nan(double a, double b, F distance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) ? 0 : infinitely_far;
  return distance();
}

/// Pieces of both tensors as Wide, and as the bits of `dtype`.
template <class Wide, class F>
void for_each_element(const Tensor& first, const Tensor& second, std::int64_t begin, std::int64_t end, F f) {
  std::array<Wide, piece_size> a, b;
  for (; begin < end; begin += piece_size) {
    const auto size = static_cast<std::size_t>(std::min<std::int64_t>(piece_size, end - begin));
    for (const auto& [tensor, values] : {std::pair{&first, &a}, std::pair{&second, &b}})
      polygraph::detail::load_elements<Wide>(tensor->dtype(), static_cast<const std::byte*>(tensor->data()),
                                             begin, {values->data(), size});
    for (std::size_t i = 0; i < size; ++i) f(begin + static_cast<std::int64_t>(i), a[i], b[i]);
  }
}

template <class Wide, class Distance>
UlpDistance measure(const Tensor& first, const Tensor& second, Distance distance) {
  struct Part {
    double max = 0;
    double sum = 0;
    std::int64_t max_index = 0;
  };
  const std::int64_t count = first.element_count();
  std::vector<Part> parts(static_cast<std::size_t>(detail::chunk_count(count)));
  for_each_chunk(count, detail::worker_count(count), [&](std::size_t, std::int64_t begin, std::int64_t end) {
    Part& part = parts[static_cast<std::size_t>(begin / detail::chunk_size)];
    for_each_element<Wide>(first, second, begin, end, [&](std::int64_t index, Wide a, Wide b) {
      const double steps = distance(a, b);
      part.sum += steps;
      if (steps > part.max) part.max = steps, part.max_index = index;
    });
  });
  UlpDistance result;
  for (const Part& part : parts) {
    result.mean += part.sum;
    if (part.max > result.max) result.max = part.max, result.max_index = part.max_index;
  }
  if (count > 0) result.mean /= static_cast<double>(count);
  return result;
}

/// Rounded once, to the narrow format.
template <class Format>
double narrow_distance(double a, double b) {
  using polygraph::detail::round_to_odd;
  return unless_nan(a, b, [&] {
    return distance_of_bits(Format::encode(round_to_odd(a)), Format::encode(round_to_odd(b)));
  });
}

double float64_distance(double a, double b) {
  return unless_nan(a, b, [&] {
    return distance_of_bits(std::bit_cast<std::uint64_t>(a), std::bit_cast<std::uint64_t>(b));
  });
}

double float32_distance(double a, double b) {
  return unless_nan(a, b, [&] {
    return distance_of_bits(std::bit_cast<std::uint32_t>(static_cast<float>(a)),
                            std::bit_cast<std::uint32_t>(static_cast<float>(b)));
  });
}

/// Powers of two have no sign bit: the code itself is the place.
double exponent_distance(double a, double b) {
  using polygraph::detail::Float8E8M0Format;
  return unless_nan(a, b, [&] {
    return steps_between(Float8E8M0Format::encode(static_cast<float>(a)),
                         Float8E8M0Format::encode(static_cast<float>(b)));
  });
}

template <double distance(double, double)>
UlpDistance measure_floats(const Tensor& first, const Tensor& second) {
  if (!is_complex(first.dtype()) && !is_complex(second.dtype()))
    return measure<double>(first, second, distance);
  using Complex = std::complex<double>;
  return measure<Complex>(first, second, [](Complex a, Complex b) {
    return std::max(distance(a.real(), b.real()), distance(a.imag(), b.imag()));
  });
}

UlpDistance measure_floats(DataType dtype, const Tensor& first, const Tensor& second) {
  using namespace polygraph::detail;
  switch (dtype) {
    case DataType::float16:
      return measure_floats<narrow_distance<Float16Format>>(first, second);
    case DataType::bfloat16:
      return measure_floats<narrow_distance<BFloat16Format>>(first, second);
    case DataType::float8e4m3fn:
      return measure_floats<narrow_distance<Float8E4M3FNFormat>>(first, second);
    case DataType::float8e4m3fnuz:
      return measure_floats<narrow_distance<Float8E4M3FNUZFormat>>(first, second);
    case DataType::float8e5m2:
      return measure_floats<narrow_distance<Float8E5M2Format>>(first, second);
    case DataType::float8e5m2fnuz:
      return measure_floats<narrow_distance<Float8E5M2FNUZFormat>>(first, second);
    case DataType::float8e8m0:
      return measure_floats<exponent_distance>(first, second);
    case DataType::float32:
    case DataType::complex64:
      return measure_floats<float32_distance>(first, second);
    case DataType::float64:
    case DataType::complex128:
      return measure_floats<float64_distance>(first, second);
    default:
      return measure_floats<narrow_distance<Float4Format>>(first, second);
  }
}

__extension__ typedef __int128 Int128;

UlpDistance measure_integers(const Tensor& first, const Tensor& second) {
  const bool has_uint64[] = {first.dtype() == DataType::uint64, second.dtype() == DataType::uint64};
  if (has_uint64[0] && has_uint64[1]) return measure<std::uint64_t>(first, second, steps_between);
  // uint64 wraps on the way through int64, and back.
  return measure<std::int64_t>(first, second, [&](std::int64_t a, std::int64_t b) {
    const Int128 x = has_uint64[0] ? Int128{static_cast<std::uint64_t>(a)} : Int128{a};
    const Int128 y = has_uint64[1] ? Int128{static_cast<std::uint64_t>(b)} : Int128{b};
    return static_cast<double>(x > y ? x - y : y - x);
  });
}

}  // namespace

UlpDistance ulp_distance(const Tensor& first, const Tensor& second) {
  detail::check_comparable(first, second);
  if (first.dtype() == DataType::string)
    throw InputError("Strings have no distance in units of the last place.");
  const Tensor a = first.contiguous(), b = second.contiguous();
  const int bits[] = {mantissa_bits(a.dtype()), mantissa_bits(b.dtype())};
  if (bits[0] == 64 && bits[1] == 64) return measure_integers(a, b);
  return measure_floats(bits[0] <= bits[1] ? a.dtype() : b.dtype(), a, b);
}

}  // namespace polygraph::compare
