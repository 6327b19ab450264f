#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>

#include "compare/measurement.h"
#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::NanSensitiveDoubleEq;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

template <class T>
Tensor vector_of(std::initializer_list<T> values) {
  return Tensor::from<T>(values, Shape{static_cast<std::int64_t>(values.size())});
}

/// NumPy's definition, from a sorted copy.
double quantile_of(std::vector<double> values, double point) {
  std::ranges::sort(values);
  const double at = point * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  const double share = at - static_cast<double>(low);
  if (values[low] == values[high] || share == 0) return values[low];
  const double distance = values[high] - values[low];
  return share >= 0.5 ? values[high] - distance * (1 - share) : values[low] + distance * share;
}

void expect_close(double a, double b) {
  if (std::isnan(b)) {
    EXPECT_TRUE(std::isnan(a));
    return;
  }
  if (std::isinf(b)) {
    EXPECT_EQ(a, b);
    return;
  }
  EXPECT_NEAR(a, b, 1e-12 * std::max(std::abs(b), 1e-300));
}

/// Checks against sums in long double and a sorted copy.
void expect_statistics(const TensorStatistics& found, const std::vector<double>& values, double quantile) {
  ASSERT_EQ(found.count, static_cast<std::int64_t>(values.size()));
  long double sum = 0, magnitude = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    magnitude += std::abs(value);
    squares += static_cast<long double>(value) * value;
  }
  const auto size = static_cast<long double>(values.size());
  long double variance = 0;
  for (const double value : values) variance += (value - sum / size) * (value - sum / size);
  // What cancels in a sum is not counted as an error of it.
  const auto scale = static_cast<double>(magnitude / size);
  EXPECT_NEAR(found.mean, static_cast<double>(sum / size), 1e-13 * scale);
  expect_close(found.avg_magnitude, scale);
  expect_close(found.sum_squares, static_cast<double>(squares));
  EXPECT_NEAR(found.variance, static_cast<double>(variance / size),
              1e-9 * static_cast<double>(variance / size) + 1e-25 * scale * scale);
  EXPECT_DOUBLE_EQ(found.std_dev, std::sqrt(found.variance));
  const auto [min, max] = std::ranges::minmax(values);
  EXPECT_EQ(found.min, min);
  EXPECT_EQ(found.max, max);
  EXPECT_EQ(found.min_index, std::ranges::find(values, min) - values.begin());
  EXPECT_EQ(found.max_index, std::ranges::find(values, max) - values.begin());
  expect_close(found.median, quantile_of(values, 0.5));
  expect_close(found.p90, quantile_of(values, 0.9));
  expect_close(found.p95, quantile_of(values, 0.95));
  expect_close(found.p99, quantile_of(values, 0.99));
  expect_close(found.quantile, quantile_of(values, quantile));
}

void expect_histogram(const TensorStatistics& found, const std::vector<double>& values, double low,
                      double high) {
  ASSERT_TRUE(found.histogram.has_value());
  const Histogram& histogram = *found.histogram;
  if (low == high) {
    EXPECT_NEAR(histogram.edges.front(), low - 0.5, 1e-6);
    EXPECT_NEAR(histogram.edges.back(), high + 0.5, 1e-6);
  } else {
    EXPECT_EQ(histogram.edges.front(), low);
    EXPECT_EQ(histogram.edges.back(), high);
  }
  EXPECT_TRUE(std::ranges::is_sorted(histogram.edges));
  std::array<std::int64_t, Histogram::bin_count> counts{};
  for (const double value : values) {
    std::size_t bin = 0;
    while (bin + 1 < counts.size() && value >= histogram.edges[bin + 1]) ++bin;
    ++counts[bin];
  }
  EXPECT_EQ(histogram.counts, counts);
}

/// Numbers of many magnitudes, with repetitions and zeros.
Tensor random_tensor(DataType dtype, std::int64_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Tensor wide(DataType::float64, Shape{count});
  for (double& value : wide.mutable_values<double>()) {
    const auto kind = random() % 8;
    value = normal(random) * (kind == 0 ? 1e-4 : kind == 1 ? 40 : 1);
    if (kind == 2) value = std::round(value * 4) / 4;
    if (kind == 3) value = 0;
    if (dtype == DataType::float8e8m0) value = std::abs(value);  // it has no negative numbers
  }
  return wide.cast(dtype);
}

std::vector<double> doubles(const Tensor& tensor) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) values.push_back(tensor.element_as_double(i));
  return values;
}

struct Differences {
  std::vector<double> absolute, relative;
};

/// In the type that statistics.h promises.
Differences differences(const Tensor& first, const Tensor& second) {
  const auto narrow = [](DataType dtype) { return is_floating(dtype) && dtype != DataType::float64; };
  const bool bytes = bit_width(first.dtype()) <= 8 && bit_width(second.dtype()) <= 8;
  const bool in_float = narrow(first.dtype()) && narrow(second.dtype()) && !bytes;
  const double epsilon = is_floating(second.dtype()) ? 0x1p-52 : 0;
  Differences result;
  for (std::int64_t i = 0; i < first.element_count(); ++i) {
    const double a = first.element_as_double(i), b = second.element_as_double(i);
    double absolute = std::abs(a - b);
    if (in_float) absolute = static_cast<float>(absolute);
    double relative = absolute == 0 ? 0 : absolute / std::abs(b == 0 ? epsilon : b);
    if (in_float)
      relative = static_cast<float>(absolute) / static_cast<float>(std::abs(b == 0 ? epsilon : b));
    if (absolute == 0) relative = 0;
    result.absolute.push_back(absolute);
    result.relative.push_back(relative);
  }
  return result;
}

void expect_difference(const Tensor& first, const Tensor& second, const detail::MeasureOptions& how) {
  const DifferenceOptions options{.atol = 0.25, .rtol = 0.125, .worst = 7, .quantile = 0.37};
  const DifferenceStatistics found = detail::measure(first, second, options, how);
  const std::vector<double> a = doubles(first), b = doubles(second);
  const Differences expected = differences(first, second);
  expect_statistics(found.first, a, options.quantile);
  expect_statistics(found.second, b, options.quantile);
  expect_statistics(found.absolute, expected.absolute, options.quantile);
  const double low = std::min(found.first.min, found.second.min),
               high = std::max(found.first.max, found.second.max);
  expect_histogram(found.first, a, low, high);
  expect_histogram(found.second, b, low, high);
  expect_histogram(found.absolute, expected.absolute, found.absolute.min, found.absolute.max);

  const bool has_infinities = std::ranges::max(expected.relative) == inf;  // division by an integer zero
  if (has_infinities) {
    EXPECT_EQ(found.relative.max, inf);
    EXPECT_EQ(found.relative.inf_count, std::ranges::count(expected.relative, static_cast<double>(inf)));
    expect_close(found.relative.median, quantile_of(expected.relative, 0.5));
  } else {
    expect_statistics(found.relative, expected.relative, options.quantile);
    expect_histogram(found.relative, expected.relative, found.relative.min, found.relative.max);
  }

  std::vector<ElementDifference> worst;
  std::vector<std::int64_t> mismatches;
  long double dot = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    if (expected.absolute[i] > 0.25 && expected.relative[i] > 0.125) mismatches.push_back(index);
    if (expected.absolute[i] > 0) worst.push_back({index, expected.absolute[i], expected.relative[i]});
    dot += static_cast<long double>(a[i]) * b[i];
  }
  std::ranges::stable_sort(worst, std::greater(), &ElementDifference::absolute);
  worst.resize(std::min<std::size_t>(worst.size(), 7));
  EXPECT_EQ(found.worst, worst);
  EXPECT_EQ(found.mismatches, static_cast<std::int64_t>(mismatches.size()));
  EXPECT_EQ(found.first_mismatch.has_value(), !mismatches.empty());
  if (!mismatches.empty()) {
    EXPECT_EQ(*found.first_mismatch, mismatches.front());
  }
  EXPECT_NEAR(found.dot, static_cast<double>(dot), 1e-12 * found.first.sum_squares);
  EXPECT_EQ(found.second_has_zeros, std::ranges::count(b, 0.0) > 0);
}

class DifferencesOfType : public testing::TestWithParam<std::pair<DataType, DataType>> {};

TEST_P(DifferencesOfType, AreThoseOfASortedCopy) {
  for (const std::int64_t count : {1, 2, 7, 1000, 5000, 40000}) {
    SCOPED_TRACE(count);
    const Tensor first = random_tensor(GetParam().first, count, 1);
    const Tensor second = random_tensor(GetParam().second, count, 2);
    expect_difference(first, second, {.workers = 3, .sorting_limit = 4096});
    if (count > 4096) expect_difference(first, second, {});
  }
}

std::vector<std::pair<DataType, DataType>> pairs_to_test() {
  std::vector<std::pair<DataType, DataType>> pairs;
  for (const DataType dtype : all_data_types())
    if (dtype != DataType::string && dtype != DataType::complex64 && dtype != DataType::complex128)
      pairs.emplace_back(dtype, dtype);
  using enum DataType;
  for (const auto& mixed : {std::pair{float32, float16}, std::pair{float32, int32}, std::pair{int8, int32},
                            std::pair{uint8, int8}, std::pair{bfloat16, float32}, std::pair{float64, float32},
                            std::pair{int64, float32}, std::pair{uint64, int16}, std::pair{boolean, int8},
                            std::pair{int4, float8e4m3fn}})
    pairs.push_back(mixed);
  return pairs;
}

INSTANTIATE_TEST_SUITE_P(Types, DifferencesOfType, testing::ValuesIn(pairs_to_test()), [](const auto& pair) {
  return std::string(to_string(pair.param.first)) + "_" + std::string(to_string(pair.param.second));
});

TEST(Difference, OfSeveralChunks) {
  for (const DataType dtype : {DataType::float32, DataType::int32, DataType::int8})
    expect_difference(random_tensor(dtype, 600000, 1), random_tensor(dtype, 600000, 2), {.workers = 2});
}

TEST(Difference, EveryWayOfCountingGivesTheSame) {
  for (const DataType dtype : {DataType::float32, DataType::float64, DataType::bfloat16, DataType::int16}) {
    const Tensor first = random_tensor(dtype, 3000, 1), second = random_tensor(dtype, 3000, 2);
    expect_difference(first, second, {.sorting_limit = 0});
    expect_difference(first, second, {.sorting_limit = 0, .wide_counter_limit = 0});
  }
  const Tensor first = random_tensor(DataType::int8, 3000, 1),
               second = random_tensor(DataType::uint8, 3000, 2);
  expect_difference(first, second, {.byte_pairs_limit = 0});
  expect_difference(first, second, {.sorting_limit = 0});
}

// All bits of two results; NaN equals NaN.
bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

void expect_same(const TensorStatistics& a, const TensorStatistics& b) {
  for (const auto member :
       {&TensorStatistics::mean, &TensorStatistics::variance, &TensorStatistics::min, &TensorStatistics::max,
        &TensorStatistics::avg_magnitude, &TensorStatistics::sum_squares, &TensorStatistics::finite_min,
        &TensorStatistics::finite_max, &TensorStatistics::median, &TensorStatistics::p90,
        &TensorStatistics::p95, &TensorStatistics::p99, &TensorStatistics::quantile})
    EXPECT_TRUE(same_bits(a.*member, b.*member)) << a.*member << " " << b.*member;
  EXPECT_EQ(a.min_index, b.min_index);
  EXPECT_EQ(a.max_index, b.max_index);
  EXPECT_EQ(a.nan_count, b.nan_count);
  EXPECT_EQ(a.inf_count, b.inf_count);
  EXPECT_EQ(a.first_nan, b.first_nan);
  EXPECT_EQ(a.first_inf, b.first_inf);
  EXPECT_EQ(a.histogram, b.histogram);
}

// Any bit pattern may come.
Tensor random_bits(DataType dtype, std::int64_t count, unsigned seed, bool finite) {
  std::mt19937_64 random(seed);
  Tensor tensor(dtype, Shape{count});
  const std::span bytes(static_cast<std::byte*>(tensor.mutable_data()), tensor.nbytes());
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  if (!finite) return tensor;
  Tensor clean = tensor.cast(DataType::float64);
  for (double& value : clean.mutable_values<double>())
    if (!std::isfinite(value)) value = 1;
  return clean.cast(dtype);
}

TEST(Difference, VectorsAndThreadsChangeNoBit) {
  if (detail::avx2_kernels() == nullptr) GTEST_SKIP() << "this processor has no AVX2";
  for (const DataType dtype : {DataType::float32, DataType::float64, DataType::float16, DataType::bfloat16})
    for (const bool finite : {false, true})
      for (const std::int64_t count : {1, 9, 1023, 1025, 6000, 600001}) {
        SCOPED_TRACE(std::string(to_string(dtype)) + " " + std::to_string(count));
        const Tensor first = random_bits(dtype, count, 1, finite);
        // Neighbours: small differences, too.
        Tensor second = finite && count > 1000 ? first.clone() : random_bits(dtype, count, 2, finite);
        const std::span bytes(static_cast<std::byte*>(second.mutable_data()), second.nbytes());
        for (std::size_t i = 0; i < bytes.size(); i += 5 * 8) bytes[i] ^= std::byte{1};
        const DifferenceStatistics vectors = detail::measure(
            first, second, {}, {.kernels = detail::avx2_kernels(), .workers = 1, .sorting_limit = 0});
        const DifferenceStatistics portable =
            detail::measure(first, second, {}, {.kernels = &detail::portable_kernels(), .workers = 4});
        for (const auto member : {&DifferenceStatistics::first, &DifferenceStatistics::second,
                                  &DifferenceStatistics::absolute, &DifferenceStatistics::relative})
          expect_same(vectors.*member, portable.*member);
        EXPECT_TRUE(same_bits(vectors.dot, portable.dot));
        EXPECT_EQ(vectors.mismatches, portable.mismatches);
        EXPECT_EQ(vectors.first_mismatch, portable.first_mismatch);
        ASSERT_EQ(vectors.worst.size(), portable.worst.size());
        for (std::size_t i = 0; i < vectors.worst.size(); ++i)
          EXPECT_EQ(vectors.worst[i].index, portable.worst[i].index);
      }
}

TEST(Statistics, OfOneTensor) {
  for (const DataType dtype : all_data_types()) {
    if (dtype == DataType::string || dtype == DataType::complex64 || dtype == DataType::complex128) continue;
    SCOPED_TRACE(to_string(dtype));
    for (const std::int64_t count : {1, 100, 20000, 70000}) {
      const Tensor tensor = random_tensor(dtype, count, 5);
      const TensorStatistics found = statistics(tensor, {.quantile = 0.1});
      expect_statistics(found, doubles(tensor), 0.1);
      expect_histogram(found, doubles(tensor), found.min, found.max);
    }
  }
}

TEST(Statistics, NothingIsAllZeros) {
  for (const Shape& shape : {Shape{0}, Shape{3, 0, 2}}) {
    const Tensor none(DataType::float16, shape);
    const TensorStatistics found = statistics(none);
    EXPECT_EQ(found.count, 0);
    EXPECT_EQ(found.mean, 0);
    EXPECT_EQ(found.p99, 0);
    EXPECT_FALSE(found.histogram);
    const DifferenceStatistics pair = difference(none, none);
    EXPECT_EQ(pair.mismatches, 0);
    EXPECT_EQ(pair.l2_norm(), 0);
    EXPECT_EQ(pair.cosine_similarity(), 1);
    EXPECT_EQ(pair.psnr(), inf);
    EXPECT_EQ(ulp_distance(none, none), UlpDistance{});
    EXPECT_TRUE(error_by_axis(none, none).empty());
  }
}

TEST(Statistics, AScalarIsOneElement) {
  const TensorStatistics found = statistics(Tensor::full(Shape{}, 2.5f));
  EXPECT_EQ(found.count, 1);
  EXPECT_EQ(found.p90, 2.5);
  EXPECT_EQ(found.variance, 0);
  EXPECT_THAT(found.histogram->edges.front(), 2.0);
  EXPECT_EQ(found.histogram->counts[5], 1);
}

TEST(Statistics, NotANumberSpreadsAsInNumPy) {
  for (const std::int64_t sorting_limit : {100, 0}) {
    const Tensor tensor = vector_of<float>({1, nan, inf, -inf, nan, 5});
    const TensorStatistics found = detail::measure(tensor, {}, {.sorting_limit = sorting_limit});
    EXPECT_EQ(found.nan_count, 2);
    EXPECT_EQ(found.inf_count, 2);
    EXPECT_EQ(found.first_nan, 1);
    EXPECT_EQ(found.first_inf, 2);
    for (const double value : {found.mean, found.min, found.max, found.median, found.p99, found.std_dev})
      EXPECT_TRUE(std::isnan(value));
    EXPECT_EQ(found.min_index, 1);
    EXPECT_EQ(found.finite_min, 1);
    EXPECT_EQ(found.finite_max, 5);
    EXPECT_THAT(found.histogram->counts, ElementsAre(1, 0, 0, 0, 0, 0, 0, 0, 0, 1)) << "of the finite ones";
  }
}

TEST(Statistics, InfinitiesAreExtremes) {
  const TensorStatistics found = statistics(vector_of<float>({1, inf, 3, inf}));
  EXPECT_EQ(found.max, inf);
  EXPECT_EQ(found.max_index, 1);
  EXPECT_EQ(found.min, 1);
  EXPECT_EQ(found.p99, inf);
  const TensorStatistics all = statistics(vector_of<float>({inf, inf}));
  EXPECT_EQ(all.min, inf);
  EXPECT_EQ(all.median, inf);
  EXPECT_FALSE(all.histogram);
}

TEST(Statistics, BothZerosAreOneNumber) {
  for (const std::int64_t sorting_limit : {100, 0}) {
    const TensorStatistics found =
        detail::measure(vector_of<float>({-0.0f, 0.0f, -0.0f, 1, -1}), {}, {.sorting_limit = sorting_limit});
    EXPECT_EQ(found.median, 0);
    EXPECT_FALSE(std::signbit(found.median));
    EXPECT_THAT(found.histogram->counts, ElementsAre(1, 0, 0, 0, 0, 3, 0, 0, 0, 1));
  }
}

TEST(Difference, OfTheTwoZerosHasNoSign) {
  for (const std::int64_t count : {1, 2, 8, 11}) {
    const Tensor first = Tensor::full(Shape{count}, -0.0f);
    const Tensor second = Tensor::full(Shape{count}, 0.0f);
    for (const DifferenceStatistics& found : {difference(first, second), difference(second, first)}) {
      EXPECT_EQ(found.absolute.max, 0) << count;
      EXPECT_FALSE(std::signbit(found.absolute.max)) << count;
      EXPECT_FALSE(std::signbit(found.absolute.min)) << count;
    }
  }
}

TEST(Statistics, DenormalsAreNumbers) {
  constexpr float least = std::numeric_limits<float>::denorm_min();
  const DifferenceStatistics found =
      difference(vector_of<float>({least, 3 * least}), vector_of<float>({2 * least, 3 * least}));
  EXPECT_EQ(found.absolute.max, least);
  EXPECT_EQ(found.relative.max, 0.5);
  EXPECT_EQ(found.first.median, 2 * double{least});
}

TEST(Statistics, AVarianceMuchSmallerThanTheMeanKeepsItsDigits) {
  Tensor tensor(DataType::float64, Shape{300000});
  for (std::size_t i = 0; i < 300000; ++i)
    tensor.mutable_values<double>()[i] = 1e6 + (i % 2 == 0 ? 1e-3 : -1e-3);
  EXPECT_NEAR(statistics(tensor).std_dev, 1e-3, 1e-9);
  EXPECT_NEAR(statistics(tensor, {.distribution = false}).std_dev, 1e-3, 1e-9);
}

TEST(Statistics, StridedAndReadOnlyAndUnalignedTensors) {
  std::vector<float> data(24);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  // Every other column, backwards.
  const Tensor strided = Tensor::strided_view(data.data() + 5, DataType::float32, Shape{4, 3}, {24, -8});
  const TensorStatistics found = statistics(strided);
  EXPECT_EQ(found.max, 23);
  EXPECT_EQ(found.max_index, 9);
  EXPECT_EQ(found.mean, 12);
  const Tensor read_only = Tensor::view(static_cast<const void*>(data.data()), DataType::float32, Shape{24});
  EXPECT_EQ(statistics(read_only).median, 11.5);
  std::vector<std::byte> bytes(data.size() * 4 + 1);
  std::memcpy(bytes.data() + 1, data.data(), data.size() * 4);
  const Tensor unaligned = Tensor::view(bytes.data() + 1, DataType::float32, Shape{24});
  EXPECT_EQ(difference(unaligned, read_only).absolute.max, 0);
  EXPECT_EQ(statistics(unaligned).median, 11.5);
}

TEST(Statistics, RefusesWhatItCannotMeasure) {
  EXPECT_THAT(message<InputError>([] { statistics(vector_of<std::string>({"a"})); }),
              HasSubstr("Strings have no statistics"));
  EXPECT_THROW(statistics(vector_of<float>({1}), {.quantile = 1.5}), UsageError);
  EXPECT_THROW(difference(vector_of<float>({1}), vector_of<float>({1}), {.atol = -1}), UsageError);
  EXPECT_THROW(difference(vector_of<float>({1}), vector_of<float>({1}), {.rtol = nan}), UsageError);
  EXPECT_THAT(message<InputError>([] {
                difference(vector_of<float>({1}), vector_of<float>({1, 2}));
              }),
              HasSubstr("shapes (1,) and (2,)"));
  EXPECT_THAT(message<InputError>([] { difference(vector_of<float>({1}), vector_of<std::string>({"1"})); }),
              HasSubstr("A float32 tensor cannot be compared with a string tensor"));
}

TEST(Difference, Of64BitIntegersIsExact) {
  constexpr std::int64_t big = std::int64_t{1} << 53;
  DifferenceStatistics found = difference(vector_of<std::int64_t>({big, big + 1, INT64_MIN}),
                                          vector_of<std::int64_t>({big + 1, big + 1, INT64_MAX}));
  EXPECT_EQ(found.absolute.min, 0);
  EXPECT_EQ(found.absolute.median, 1);
  EXPECT_EQ(found.absolute.max, 0x1p64);
  found =
      difference(vector_of<std::uint64_t>({1, UINT64_MAX}), vector_of<std::uint64_t>({2, UINT64_MAX - 1}));
  EXPECT_EQ(found.absolute.max, 1);
  found = difference(vector_of<std::uint64_t>({UINT64_MAX}), vector_of<std::int64_t>({-1}));
  EXPECT_EQ(found.absolute.max, 0x1p64);
  found = difference(vector_of<std::int64_t>({big + 1}), vector_of<double>({0x1p53}));
  EXPECT_EQ(found.absolute.max, 1) << "also beside a floating-point type";
}

TEST(Difference, ByZero) {
  DifferenceStatistics found = difference(vector_of<float>({0, 1}), vector_of<float>({0, 0}));
  EXPECT_EQ(found.relative.min, 0);
  EXPECT_EQ(found.relative.max, 0x1p52) << "the epsilon";
  EXPECT_TRUE(found.second_has_zeros);
  found = difference(vector_of<std::int32_t>({0, 1}), vector_of<std::int32_t>({0, 0}));
  EXPECT_EQ(found.relative.min, 0);
  EXPECT_EQ(found.relative.max, inf);
  found = difference(vector_of<bool>({true, false, true}), vector_of<bool>({true, true, false}));
  EXPECT_EQ(found.absolute.mean, 2.0 / 3);
  EXPECT_EQ(found.mismatches, 2);
}

TEST(Difference, OfInfinitiesAndNan) {
  const Tensor first = vector_of<float>({inf, nan, 1, -inf, nan}),
               second = vector_of<float>({inf, nan, 1, inf, 1});
  DifferenceStatistics found = difference(first, second);
  EXPECT_EQ(found.mismatches, 4);
  EXPECT_EQ(found.absolute.nan_count, 3);
  EXPECT_EQ(found.absolute.first_nan, 0);
  ASSERT_EQ(found.worst.size(), 4u);
  EXPECT_EQ(found.worst.front().index, 0);
  EXPECT_EQ(found.worst.back().index, 3) << "an infinite difference is less bad than NaN";
  found = difference(first, second, {.infinities_compare_equal = true, .nans_compare_equal = true});
  EXPECT_EQ(found.mismatches, 2);
  EXPECT_EQ(found.first_mismatch, 3);
  EXPECT_EQ(found.absolute.nan_count, 1);
  const Tensor low = first.cast(DataType::float8e5m2);
  EXPECT_TRUE(std::isnan(statistics(low).mean));
}

TEST(Difference, TolerancesAreExceededOnlyTogether) {
  const Tensor first = vector_of<float>({1.5f, 100.5f, 1e-3f}),
               second = vector_of<float>({1.0f, 100.0f, 2e-3f});
  EXPECT_EQ(difference(first, second, {.atol = 0.1, .rtol = 0.1}).mismatches, 1);
  EXPECT_EQ(difference(first, second, {.atol = 0.5, .rtol = 0}).mismatches, 0) << "equal is within";
  EXPECT_EQ(difference(first, second, {.atol = 0, .rtol = 0}).mismatches, 3);
}

TEST(Difference, OfComplexNumbersIsItsMagnitude) {
  using Complex = std::complex<float>;
  const DifferenceStatistics found =
      difference(vector_of<Complex>({{3, 4}, {0, 1}}), vector_of<Complex>({{0, 0}, {1, 0}}));
  EXPECT_EQ(found.first.max, 5);
  EXPECT_EQ(found.absolute.max, 5);
  EXPECT_DOUBLE_EQ(found.absolute.min, std::sqrt(2.0));
  EXPECT_NEAR(found.dot, 0, 1e-12);
}

TEST(Difference, OfStringsIsZeroOrOne) {
  const Tensor first = vector_of<std::string>({"a", "b", "c"}),
               second = vector_of<std::string>({"a", "x", "y"});
  const DifferenceStatistics found = difference(first, second);
  EXPECT_EQ(found.mismatches, 2);
  EXPECT_EQ(found.first_mismatch, 1);
  EXPECT_EQ(found.absolute.max, 1);
  EXPECT_EQ(found.first.count, 0);
  EXPECT_EQ(found.worst.size(), 2u);
  EXPECT_EQ(difference(first, first).mismatches, 0);
  EXPECT_EQ(difference(first, second, {.atol = 1}).mismatches, 0);
}

TEST(Difference, Norms) {
  const DifferenceStatistics found = difference(vector_of<float>({3, 4}), vector_of<float>({3, 0}));
  EXPECT_EQ(found.l2_norm(), 4);
  EXPECT_DOUBLE_EQ(found.relative_l2(), 4.0 / 3);
  EXPECT_DOUBLE_EQ(found.cosine_similarity(), 0.6);
  EXPECT_DOUBLE_EQ(found.psnr(), 20 * std::log10(4) - 10 * std::log10(8));
  EXPECT_DOUBLE_EQ(found.snr(), 10 * std::log10(25.0 / 16));
  const Tensor zeros = vector_of<float>({0, 0}), ones = vector_of<float>({1, 1});
  EXPECT_EQ(difference(zeros, zeros).cosine_similarity(), 1);
  EXPECT_EQ(difference(zeros, ones).cosine_similarity(), 0);
  EXPECT_EQ(difference(zeros, ones).snr(), -inf);
  EXPECT_EQ(difference(ones, zeros).relative_l2(), inf);
  EXPECT_EQ(difference(zeros, zeros).relative_l2(), 0);
  EXPECT_EQ(difference(ones, ones).psnr(), inf);
}

TEST(UlpDistance, CountsSteps) {
  const float next = std::nextafter(1.0f, 2.0f);
  UlpDistance found = ulp_distance(vector_of<float>({1, 1, -0.0f}), vector_of<float>({1, next, 0.0f}));
  EXPECT_EQ(found.max, 1);
  EXPECT_EQ(found.max_index, 1);
  EXPECT_EQ(found.mean, 1.0 / 3);
  constexpr float least = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(ulp_distance(vector_of<float>({-least}), vector_of<float>({least})).max, 2);
  EXPECT_EQ(ulp_distance(vector_of<float>({nan}), vector_of<float>({nan})).max, 0);
  EXPECT_EQ(ulp_distance(vector_of<float>({nan}), vector_of<float>({1})).max, inf);
  EXPECT_EQ(ulp_distance(vector_of<double>({1}), vector_of<double>({std::nextafter(1.0, 2.0)})).max, 1);
  EXPECT_EQ(
      ulp_distance(vector_of<double>({-std::numeric_limits<double>::max()}), vector_of<double>({1})).max,
      0x1p52 * 2047 + 0x1p52 * 1023);
}

TEST(UlpDistance, OfTheCoarserType) {
  const Tensor fp16 = vector_of<float16>({float16(1.0f)});
  EXPECT_EQ(ulp_distance(fp16, vector_of<float>({1.001f})).max, 1);
  EXPECT_EQ(ulp_distance(vector_of<float>({1.0001f}), fp16).max, 0) << "rounded to fp16";
  EXPECT_EQ(
      ulp_distance(vector_of<bfloat16>({bfloat16(1.0f)}), vector_of<bfloat16>({bfloat16(1.0078125f)})).max,
      1);
  EXPECT_EQ(
      ulp_distance(vector_of<float8e8m0>({float8e8m0(1.0f)}), vector_of<float8e8m0>({float8e8m0(8.0f)})).max,
      3);
  for (const DataType dtype : {DataType::float8e4m3fn, DataType::float8e4m3fnuz, DataType::float8e5m2,
                               DataType::float8e5m2fnuz, DataType::float4}) {
    // 1 and 2 are one power of two apart.
    const double steps =
        ulp_distance(vector_of<float>({1}).cast(dtype), vector_of<float>({2}).cast(dtype)).max;
    const double expected = dtype == DataType::float4                                              ? 2
                            : dtype == DataType::float8e4m3fn || dtype == DataType::float8e4m3fnuz ? 8
                                                                                                   : 4;
    EXPECT_EQ(steps, expected) << to_string(dtype);
  }
}

TEST(UlpDistance, OfIntegersIsTheirDifference) {
  EXPECT_EQ(ulp_distance(vector_of<std::uint64_t>({1}), vector_of<std::uint64_t>({UINT64_MAX})).max, 0x1p64);
  EXPECT_EQ(ulp_distance(vector_of<std::int64_t>({-1}), vector_of<std::uint64_t>({3})).max, 4);
  EXPECT_EQ(ulp_distance(vector_of<bool>({true}), vector_of<bool>({false})).max, 1);
  EXPECT_EQ(ulp_distance(vector_of<std::complex<float>>({{1, 2}}),
                         vector_of<std::complex<float>>({{1, std::nextafter(2.0f, 3.0f)}}))
                .max,
            1);
  EXPECT_THROW(ulp_distance(vector_of<std::string>({"a"}), vector_of<std::string>({"a"})), InputError);
}

TEST(ErrorByAxis, NamesTheSliceWithTheLargestError) {
  Tensor first(DataType::float32, Shape{2, 3, 1, 4});
  first.mutable_values<float>()[12 + 4 + 2] = 8;  // (1, 1, 0, 2)
  first.mutable_values<float>()[12 + 4] = 4;      // (1, 1, 0, 0)
  const std::vector<AxisError> found = error_by_axis(first, Tensor(DataType::float32, Shape{2, 3, 1, 4}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].axis, 0u);
  EXPECT_EQ(found[0].index, 1);
  EXPECT_EQ(found[0].mean, 1);
  EXPECT_EQ(found[0].overall_mean, 0.5);
  EXPECT_EQ(found[1].index, 1);
  EXPECT_EQ(found[1].mean, 1.5);
  EXPECT_EQ(found[2].axis, 3u);
  EXPECT_EQ(found[2].index, 2);
  EXPECT_EQ(found[2].mean, 8.0 / 6);
}

TEST(ErrorByAxis, OfManyBlocksAndOfStrings) {
  Tensor first(DataType::int8, Shape{3, 1001, 7});
  for (std::size_t i = 0; i < 3; ++i) first.mutable_values<std::int8_t>()[(i * 1001 + 999) * 7 + 3] = 1;
  const std::vector<AxisError> found = error_by_axis(first, Tensor(DataType::int8, Shape{3, 1001, 7}));
  EXPECT_EQ(found[1].index, 999);
  EXPECT_EQ(found[2].index, 3);
  EXPECT_EQ(error_by_axis(vector_of<std::string>({"a", "b"}), vector_of<std::string>({"a", "c"}))[0].index,
            1);
  EXPECT_EQ(error_by_axis(vector_of<float>({9, nan}), vector_of<float>({0, 0}))[0].index, 1)
      << "NaN is the worst";
}

TEST(UnravelIndex, CountsRowByRow) {
  EXPECT_THAT(unravel_index(17, Shape{2, 3, 4}), ElementsAre(1, 1, 1));
  EXPECT_TRUE(unravel_index(0, Shape{}).empty());
}

}  // namespace
}  // namespace polygraph::compare::test
