#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/error_map.h>
#include <polygraph/core/error.h>

#include <cmath>
#include <limits>
#include <random>

#include "compare/error_gathering.h"

namespace polygraph::compare::test {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Tensor random_tensor(DataType dtype, const Shape& shape, unsigned seed) {
  std::mt19937_64 random(seed);
  Tensor wide(DataType::float64, shape);
  for (double& value : wide.mutable_values<double>()) {
    const auto kind = random() % 6;
    value = std::ldexp(static_cast<double>(random() % 2001) - 1000, static_cast<int>(random() % 8) - 12);
    if (kind == 0) value = 0;
    if (dtype == DataType::float8e8m0 || dtype == DataType::boolean || dtype == DataType::uint8)
      value = std::abs(value);
  }
  return wide.cast(dtype);
}

std::size_t bin_of(const std::vector<double>& edges, double value) {
  std::size_t bin = 0;
  while (bin + 2 < edges.size() && value >= edges[bin + 1]) ++bin;
  return bin;
}

/// Everything over again, element by element.
void expect_map(const ErrorMap& map, const Tensor& first, const Tensor& second,
                const ErrorMapOptions& options) {
  const Shape& shape = first.shape();
  const std::int64_t count = first.element_count();
  const HeatMap& heat = map.heat;
  ASSERT_EQ(heat.rows * heat.columns, count);
  ASSERT_LE(heat.cell_rows, options.most_rows);
  ASSERT_LE(heat.cell_columns, options.most_columns);
  const std::size_t cells = heat.cell_rows * heat.cell_columns;
  std::vector<double> max(cells), sum(cells);
  std::vector<std::int64_t> finite(cells), odd(cells);
  std::vector<std::int64_t> absolute(map.absolute.bins.count()), relative(map.relative.bins.count());
  std::vector<std::int64_t> density(map.density.size());
  std::array<std::vector<std::int64_t>, 2> values{std::vector<std::int64_t>(map.values.counts[0].size()),
                                                  std::vector<std::int64_t>(map.values.counts[1].size())};
  std::array<std::int64_t, 2> values_odd{};
  std::int64_t zeros = 0, infinities = 0, nans = 0;
  const bool by_zero = is_integral(second.dtype()) || second.dtype() == DataType::boolean;
  const auto cell_of = [](std::int64_t index, std::size_t n, std::int64_t length) {
    std::size_t cell = 0;
    while (cell_begin(cell + 1, n, length) <= index) ++cell;
    return cell;
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const double a = first.element_as_double(i), b = second.element_as_double(i);
    double error = std::abs(a - b);
    if (options.nans_compare_equal && std::isnan(a) && std::isnan(b)) error = 0;
    if (options.infinities_compare_equal && std::isinf(a) && a == b) error = 0;
    const double share = error == 0 ? 0 : error / std::abs(b == 0 ? (by_zero ? 0 : 0x1p-52) : b);
    const std::size_t cell = cell_of(i / heat.columns, heat.cell_rows, heat.rows) * heat.cell_columns +
                             cell_of(i % heat.columns, heat.cell_columns, heat.columns);
    if (std::isfinite(error)) {
      max[cell] = std::max(max[cell], error);
      sum[cell] += error;
      ++finite[cell];
    } else {
      ++odd[cell];
    }
    zeros += error == 0;
    infinities += std::isinf(error);
    nans += std::isnan(error);
    if (error > 0 && std::isfinite(error)) ++absolute[bin_of(map.absolute.bins.edges, error)];
    if (share > 0 && std::isfinite(share)) ++relative[bin_of(map.relative.bins.edges, share)];
    for (std::size_t side = 0; side < 2; ++side) {
      const double value = side == 0 ? a : b;
      if (std::isfinite(value))
        ++values[side][bin_of(map.values.edges, value)];
      else
        ++values_odd[side];
    }
    if (std::isfinite(error) && std::isfinite(b))
      ++density[(error == 0 ? 0 : 1 + bin_of(map.absolute.bins.edges, error)) * (map.magnitudes.count() + 1) +
                (b == 0 ? 0 : 1 + bin_of(map.magnitudes.edges, std::abs(b)))];
  }
  EXPECT_EQ(heat.max, max);
  EXPECT_EQ(heat.not_finite, odd);
  for (std::size_t i = 0; i < cells; ++i)
    EXPECT_NEAR(heat.mean[i], finite[i] == 0 ? 0 : sum[i] / static_cast<double>(finite[i]), 1e-12 * sum[i]);
  EXPECT_EQ(map.absolute.counts, absolute);
  EXPECT_EQ(map.relative.counts, relative);
  EXPECT_EQ(map.absolute.zeros, zeros);
  EXPECT_EQ(map.absolute.infinities, infinities);
  EXPECT_EQ(map.absolute.nans, nans);
  EXPECT_EQ(map.values.counts, values);
  EXPECT_EQ(map.values.not_finite, values_odd);
  EXPECT_EQ(map.density, density);

  std::size_t next = 0;
  std::int64_t inner = count;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    inner /= shape[axis];
    if (shape[axis] == 1) continue;
    ASSERT_LT(next, map.axes.size());
    const AxisProfile& profile = map.axes[next++];
    EXPECT_EQ(profile.axis, axis);
    EXPECT_EQ(profile.length, shape[axis]);
    std::vector<double> most(profile.max.size()), total(profile.max.size());
    std::vector<std::int64_t> numbers(profile.max.size()), others(profile.max.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::size_t cell = cell_of(i / inner % shape[axis], profile.max.size(), shape[axis]);
      const double a = first.element_as_double(i), b = second.element_as_double(i);
      double error = std::abs(a - b);
      if (options.nans_compare_equal && std::isnan(a) && std::isnan(b)) error = 0;
      if (options.infinities_compare_equal && std::isinf(a) && a == b) error = 0;
      if (!std::isfinite(error)) {
        ++others[cell];
        continue;
      }
      most[cell] = std::max(most[cell], error);
      total[cell] += error;
      ++numbers[cell];
    }
    EXPECT_EQ(profile.max, most);
    EXPECT_EQ(profile.not_finite, others);
    for (std::size_t i = 0; i < total.size(); ++i)
      EXPECT_NEAR(profile.mean[i], numbers[i] == 0 ? 0 : total[i] / static_cast<double>(numbers[i]),
                  1e-12 * total[i]);
  }
  EXPECT_EQ(next, map.axes.size());
}

TEST(ErrorMap, EqualsWhatANaiveComputationFinds) {
  const DataType types[] = {DataType::float32,    DataType::float16,      DataType::bfloat16,
                            DataType::float64,    DataType::int8,         DataType::uint8,
                            DataType::int32,      DataType::int64,        DataType::boolean,
                            DataType::float8e5m2, DataType::float8e4m3fn, DataType::float8e8m0};
  const Shape shapes[] = {{7}, {1, 214}, {3, 5, 11}, {50, 83}, {1, 13, 1, 97}, {2, 3, 4, 5, 6}};
  const ErrorMapOptions options{.most_rows = 10, .most_columns = 12, .most_bins = 9};
  for (const DataType dtype : types)
    for (const Shape& shape : shapes) {
      SCOPED_TRACE(std::string(to_string(dtype)) + " " + shape.str());
      const Tensor a = random_tensor(dtype, shape, 1), b = random_tensor(dtype, shape, 2);
      expect_map(error_map(a, b, options), a, b, options);
    }
}

TEST(ErrorMap, TakesTwoTypes) {
  const Tensor a = random_tensor(DataType::float16, {17, 19}, 1),
               b = random_tensor(DataType::float32, {17, 19}, 2);
  expect_map(error_map(a, b), a, b, {});
}

TEST(ErrorMap, CountsWhatIsNotFinite) {
  const Tensor a = Tensor::from<double>({nan, inf, -inf, 1, inf, nan, 0, 2}, Shape{2, 4});
  const Tensor b = Tensor::from<double>({nan, inf, inf, nan, 1, 0, 0, 1}, Shape{2, 4});
  for (const bool equal : {false, true}) {
    const ErrorMapOptions options{.infinities_compare_equal = equal, .nans_compare_equal = equal};
    const ErrorMap map = error_map(a, b, options);
    expect_map(map, a, b, options);
    EXPECT_EQ(map.absolute.infinities, 2);
    EXPECT_EQ(map.absolute.nans, equal ? 2 : 4);
  }
}

TEST(ErrorMap, TakesNothingAndScalars) {
  const ErrorMap none = error_map(Tensor(DataType::float32, {0, 3}), Tensor(DataType::float32, {0, 3}));
  EXPECT_EQ(none.heat.rows, 0);
  EXPECT_TRUE(none.heat.max.empty());
  EXPECT_TRUE(none.density.empty());
  const ErrorMap scalar = error_map(Tensor::from<double>({3}, Shape{}), Tensor::from<double>({1}, Shape{}));
  EXPECT_THAT(scalar.heat.max, ElementsAre(2));
  EXPECT_TRUE(scalar.axes.empty());
  EXPECT_EQ(scalar.density.size(), 4U);
  EXPECT_EQ(scalar.density.back(), 1);
}

TEST(ErrorMap, CutsTheMatrixNearASquare) {
  const auto heat_of = [](const Shape& shape) {
    return error_map(Tensor(DataType::int8, shape), Tensor(DataType::int8, shape)).heat;
  };
  EXPECT_EQ(heat_of({1, 512, 7, 7}).rows, 512);
  EXPECT_EQ(heat_of({1, 512, 7, 7}).split, 2U);
  EXPECT_EQ(heat_of({1, 3, 224, 224}).rows, 672);
  EXPECT_EQ(heat_of({1, 214}).rows, 1);
  EXPECT_EQ(heat_of({1, 214}).columns, 214);
  EXPECT_EQ(heat_of({300, 1}).rows, 1);
  EXPECT_THAT(heat_of({300, 1}).max, Each(0));
}

TEST(ErrorMap, FindsTheCellOfASpot) {
  Tensor a(DataType::float32, {100, 200}), b(DataType::float32, {100, 200});
  a.mutable_values<float>()[63 * 200 + 150] = 5;
  const ErrorMap map = error_map(a, b, {.most_rows = 10, .most_columns = 20});
  for (std::size_t i = 0; i < map.heat.max.size(); ++i) EXPECT_EQ(map.heat.max[i], i == 6 * 20 + 15 ? 5 : 0);
  EXPECT_FLOAT_EQ(static_cast<float>(map.heat.mean[6 * 20 + 15]), 0.05F);
}

TEST(ErrorMap, StringsDifferByOne) {
  Tensor a(DataType::string, {3}), b(DataType::string, {3});
  a.mutable_strings()[1] = "x";
  const ErrorMap map = error_map(a, b);
  EXPECT_THAT(map.heat.max, ElementsAre(0, 1, 0));
  EXPECT_EQ(map.absolute.zeros, 2);
  EXPECT_TRUE(map.density.empty());
  EXPECT_THROW(error_map(a, Tensor(DataType::float32, {3})), InputError);
}

TEST(ErrorMap, RefusesOtherShapesAndNoCells) {
  const Tensor a(DataType::float32, {2, 3}), b(DataType::float32, {3, 2});
  EXPECT_THROW(error_map(a, b), InputError);
  EXPECT_THROW(error_map(a, a, {.most_rows = 0}), UsageError);
  EXPECT_THROW(error_map(a, a, {.most_bins = 0}), UsageError);
}

TEST(ErrorMap, DoesNotDependOnThreads) {
  const Shape shape{3, 700, 601};  // five chunks
  const Tensor a = random_tensor(DataType::float32, shape, 3), b = random_tensor(DataType::float32, shape, 4);
  const ErrorMap one = detail::gather_errors(a, b, {}, 1);
  for (const std::size_t workers : {2, 5}) {
    const ErrorMap other = detail::gather_errors(a, b, {}, workers);
    EXPECT_EQ(other.heat.mean, one.heat.mean);
    EXPECT_EQ(other.heat.max, one.heat.max);
    EXPECT_EQ(other.density, one.density);
    for (std::size_t i = 0; i < one.axes.size(); ++i) EXPECT_EQ(other.axes[i].mean, one.axes[i].mean);
  }
}

TEST(ErrorMap, BinsHoldTheWidestRanges) {
  constexpr double most = std::numeric_limits<double>::max(),
                   least = std::numeric_limits<double>::denorm_min();
  for (const auto& [low, high] :
       {std::pair{-most, most}, {0.0, least}, {least, most}, {3.0, 3.0}, {most, most}}) {
    const detail::LinearBinning linear(low, high, 64);
    ASSERT_GE(linear.count(), 1U);
    for (const double value : {low, low / 2 + high / 2, high}) {
      const std::size_t bin = linear.of(value);
      EXPECT_GE(value, linear.edges()[bin]);
      EXPECT_LE(value, linear.edges()[bin + 1]);
    }
    if (low <= 0) continue;
    const detail::LogBinning log(low, high, 64);
    ASSERT_LE(log.count(), 64U);
    EXPECT_LT(log.of(high), log.count());
    EXPECT_EQ(log.of(low), 0U);
  }
  EXPECT_EQ(detail::LinearBinning(1, 0, 5).count(), 0U);
  EXPECT_EQ(detail::LogBinning(inf, -inf, 5).count(), 0U);
}

}  // namespace
}  // namespace polygraph::compare::test
