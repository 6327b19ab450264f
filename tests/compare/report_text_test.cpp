#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/report_text.h>

#include <cmath>

namespace polygraph::compare::test {
namespace {

using testing::HasSubstr;
using testing::Not;

IterationResult result_of(Tensor tensor, std::string runner) {
  return {.outputs = {{"y", std::move(tensor)}}, .runner_name = std::move(runner)};
}

TEST(ReportText, TellsAllOfAFailure) {
  const Tensor first = Tensor::from<float>({1, 2, 3, NAN}, Shape{2, 2}),
               second = Tensor::from<float>({1, 2, 4, 0}, Shape{2, 2});
  const OutputResults results = SimpleCompareFunc()(result_of(first, "r0"), result_of(second, "r1"));
  EXPECT_EQ(
      output_text("simple", results[0].second),
      "simple | Comparing Output: 'y' (dtype=float32, shape=(2, 2)) with 'y' (dtype=float32, shape=(2, 2))\n"
      "    Tolerance: [abs=1e-05, rel=1e-05] | Checking elemwise error\n"
      "    Error Metrics: y\n"
      "        Minimum Required Tolerance: elemwise error | [abs=nan] OR [rel=nan] (requirements may be "
      "lower if "
      "both abs/rel tolerances are set)\n"
      "        r1 | Output: y: Some values are 0; relative differences to them may be extremely high.\n"
      "        Absolute Difference | Stats: mean=nan, std-dev=nan, var=nan, median=nan, min=nan at (1, 1), "
      "max=nan "
      "at (1, 1), avg-magnitude=nan, p90=nan, p95=nan, p99=nan, nan=1 of 4 from (1, 1)\n"
      "            ---- Histogram ----\n"
      "            Bin Range  |  Num Elems | Visualization\n"
      "            (0  , 0.1) |          2 | ########################################\n"
      "            (0.1, 0.2) |          0 | \n"
      "            (0.2, 0.3) |          0 | \n"
      "            (0.3, 0.4) |          0 | \n"
      "            (0.4, 0.5) |          0 | \n"
      "            (0.5, 0.6) |          0 | \n"
      "            (0.6, 0.7) |          0 | \n"
      "            (0.7, 0.8) |          0 | \n"
      "            (0.8, 0.9) |          0 | \n"
      "            (0.9, 1  ) |          1 | ####################\n"
      "        Relative Difference | Stats: mean=nan, std-dev=nan, var=nan, median=nan, min=nan at (1, 1), "
      "max=nan "
      "at (1, 1), avg-magnitude=nan, p90=nan, p95=nan, p99=nan, nan=1 of 4 from (1, 1)\n"
      "            ---- Histogram ----\n"
      "            Bin Range      |  Num Elems | Visualization\n"
      "            (0    , 0.025) |          2 | ########################################\n"
      "            (0.025, 0.05 ) |          0 | \n"
      "            (0.05 , 0.075) |          0 | \n"
      "            (0.075, 0.1  ) |          0 | \n"
      "            (0.1  , 0.125) |          0 | \n"
      "            (0.125, 0.15 ) |          0 | \n"
      "            (0.15 , 0.175) |          0 | \n"
      "            (0.175, 0.2  ) |          0 | \n"
      "            (0.2  , 0.225) |          0 | \n"
      "            (0.225, 0.25 ) |          1 | ####################\n"
      "        First NaN: r0 | Output: y at (1, 1), 1 of 4\n"
      "        Mismatches: 2 of 4, the first at (1, 0)\n"
      "        Worst elements:\n"
      "            (1, 1) | nan vs. 0.0 | abs=nan, rel=nan\n"
      "            (1, 0) | 3.0 vs. 4.0 | abs=1, rel=0.25\n"
      "    FAILED | Output: 'y' | Difference exceeds tolerance (rel=1e-05, abs=1e-05)");
  EXPECT_EQ(function_text("simple", results), "FAILED | simple | Mismatched outputs: ['y']");
  const std::string statistics = compared_statistics_text(results[0].second, first, second);
  EXPECT_THAT(statistics, HasSubstr("r0: y | Stats: mean=nan"));
  EXPECT_THAT(statistics,
              HasSubstr("\nr1: y | Stats: mean=1.75, std-dev=1.479, var=2.1875, median=1.5, min=0 at (1, 1), "
                        "max=4 at (1, 0), avg-magnitude=1.75, p90=3.4, p95=3.7, p99=3.94\n    ---- Values "
                        "----\n        [[1. 2.]\n         [4. 0.]]\n    ---- Histogram ----\n"));
}

TEST(ReportText, IsBriefAboutSuccess) {
  const Tensor tensor = Tensor::from<float>({1, 2}, Shape{2});
  const OutputResults results =
      SimpleCompareFunc({.rtol = 0.0, .atol = 0.5, .check_error_stat = ErrorStat::quantile})(
          result_of(tensor, "r0"), result_of(tensor, "r1"));
  const std::string text = output_text("simple", results[0].second);
  EXPECT_THAT(text,
              HasSubstr("Minimum Required Tolerance: quantile error | [abs=0] OR [rel=0] (quantile=0.99)"));
  EXPECT_THAT(text,
              HasSubstr("    PASSED | Output: 'y' | Difference is within tolerance (rel=0.0, abs=0.5)"));
  EXPECT_THAT(text, Not(HasSubstr("Histogram")));
  EXPECT_THAT(output_text("simple", results[0].second, {.verbose = true}), HasSubstr("Histogram"));
  EXPECT_EQ(function_text("simple", results), "PASSED | simple | All outputs matched | Outputs: ['y']");
  EXPECT_EQ(function_text("simple", {}), "FAILED | simple | Mismatched outputs: []")
      << "nothing has not passed";
  EXPECT_EQ(compared_statistics_text(results[0].second, tensor, tensor).find("Values"), std::string::npos);
}

TEST(ReportText, OfOtherFunctions) {
  const Tensor first = Tensor::from<float>({1, 2}, Shape{2}), second = Tensor::from<float>({1, 3}, Shape{2});
  const IterationResult a = result_of(first, "r0"), b = result_of(second, "r1");
  EXPECT_EQ(
      output_text("L2 Norm", L2CompareFunc()(a, b)[0].second),
      "L2 Norm | Comparing Output: 'y' (dtype=float32, shape=(2,)) with 'y' (dtype=float32, shape=(2,))\n"
      "    L2 Norm: 1 (tolerance: 1e-05) | FAILED");
  EXPECT_THAT(output_text("ulp", UlpCompareFunc()(a, b)[0].second),
              HasSubstr("Units in the Last Place | max=4.1943e+06 at (1,)"));
  EXPECT_THAT(compared_statistics_text(L2CompareFunc()(a, b)[0].second, first, second),
              HasSubstr("r1: y | Stats: mean=2"));
  const OutputResults shapes = L2CompareFunc()(a, result_of(Tensor(DataType::float32, Shape{3}), "r1"));
  EXPECT_THAT(output_text("L2 Norm", shapes[0].second),
              HasSubstr("FAILED | Output: `y` | Will not compare outputs of different shapes.\n    Note: "
                        "Output shapes are (2,) and (3,)."));
  EXPECT_THAT(compared_statistics_text(shapes[0].second, first, Tensor(DataType::string, Shape{3})),
              HasSubstr("r1: y | Stats: 3 strings"));
  OutputResult saved = L2CompareFunc()(a, b)[0].second;
  saved.details.reset();
  EXPECT_EQ(output_text("L2 Norm", saved), "L2 Norm: 1 (tolerance: 1e-05) | FAILED");
}

TEST(ReportText, OfStringsBooleansAndNothing) {
  const Tensor texts = Tensor::from<std::string>({"a", "b"}, Shape{2}),
               others = Tensor::from<std::string>({"a", "c"}, Shape{2});
  const OutputResults results = SimpleCompareFunc()(result_of(texts, "r0"), result_of(others, "r1"));
  EXPECT_THAT(output_text("simple", results[0].second), HasSubstr("(1,) | b vs. c | abs=1, rel=1"));
  const Tensor flags = Tensor::from<bool>({true, false}, Shape{2});
  const OutputResults booleans = SimpleCompareFunc()(result_of(flags, "r0"), result_of(flags, "r1"));
  EXPECT_THAT(compared_statistics_text(booleans[0].second, flags, flags, {.verbose = true}),
              Not(HasSubstr("p90")));
  const Tensor none(DataType::float32, Shape{0});
  const OutputResults empty = SimpleCompareFunc()(result_of(none, "r0"), result_of(none, "r1"));
  EXPECT_THAT(output_text("simple", empty[0].second, {.verbose = true}),
              HasSubstr("The output has no elements"));
  EXPECT_THAT(compared_statistics_text(empty[0].second, none, none, {.verbose = true}),
              HasSubstr("min=0 at ()"));
}

TEST(ReportText, NamesTheAxis) {
  Tensor first(DataType::float32, Shape{2, 2});
  first.mutable_values<float>()[3] = 1;
  EXPECT_EQ(axis_text(error_by_axis(first, Tensor(DataType::float32, Shape{2, 2}))),
            "Axis 0: largest mean error at index 1 (0.5; over all: 0.25)\n"
            "Axis 1: largest mean error at index 1 (0.5; over all: 0.25)");
}

}  // namespace
}  // namespace polygraph::compare::test
