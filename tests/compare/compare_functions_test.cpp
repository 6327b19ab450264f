#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <cmath>

#include "compare/per_output_text.h"
#include "core/option_text.h"
#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
Tensor vector_of(std::initializer_list<T> values) {
  return Tensor::from<T>(values, Shape{static_cast<std::int64_t>(values.size())});
}

IterationResult result_of(TensorMap outputs, std::string runner = "r0") {
  return {.outputs = std::move(outputs), .runner_name = std::move(runner)};
}

template <class T>
OutputResults compare(const CompareFunction& function, std::initializer_list<T> first,
                      std::initializer_list<T> second) {
  return function(result_of({{"y", vector_of<T>(first)}}), result_of({{"y", vector_of<T>(second)}}, "r1"));
}

std::string log_of(const std::function<void()>& f) {
  std::string text;
  set_log_sink([&](Severity, std::string_view line) { text += std::string(line) + '\n'; });
  f();
  set_log_sink({});
  return text;
}

TEST(SimpleCompareFunc, ChecksWhatItIsAskedTo) {
  const auto passes = [](ErrorStat stat, double atol, double rtol = 0) {
    const SimpleCompareFunc function(
        {.rtol = rtol, .atol = atol, .check_error_stat = stat, .error_quantile = 0.5});
    return compare<float>(function, {1, 2, 3, 8}, {1, 2, 4, 4})[0].second.passed();
  };
  EXPECT_FALSE(passes(ErrorStat::elemwise, 3.9));
  EXPECT_TRUE(passes(ErrorStat::elemwise, 4));
  EXPECT_TRUE(passes(ErrorStat::elemwise, 1, 1)) << "no element exceeds both";
  EXPECT_FALSE(passes(ErrorStat::max, 3.9));
  EXPECT_TRUE(passes(ErrorStat::max, 4));
  EXPECT_FALSE(passes(ErrorStat::mean, 1.2));
  EXPECT_TRUE(passes(ErrorStat::mean, 1.25));
  EXPECT_FALSE(passes(ErrorStat::median, 0.4));
  EXPECT_TRUE(passes(ErrorStat::median, 0.5));
  EXPECT_TRUE(passes(ErrorStat::quantile, 0.5));
  EXPECT_FALSE(passes(ErrorStat::quantile, 0.4));
}

TEST(SimpleCompareFunc, ReportsEightStatistics) {
  OutputResult result = compare<float>(SimpleCompareFunc(), {1, 3}, {1, 2})[0].second;
  EXPECT_THAT(result.values(), ElementsAre(1.0, 0.5, 0.5, 0.25, 0.5, 0.25, std::nullopt, std::nullopt));
  EXPECT_EQ(result.stored_verdict(), false);
  result = compare<float>(SimpleCompareFunc({.check_error_stat = ErrorStat::quantile, .error_quantile = 1.0}),
                          {1, 3}, {1, 2})[0]
               .second;
  EXPECT_EQ(result.value("quantile_absdiff"), 1);
  EXPECT_FALSE(result.stored_verdict());
  ASSERT_NE(result.details, nullptr);
  EXPECT_EQ(result.details->difference->absolute.max, 1);
  EXPECT_THAT(result.details->worst_values, ElementsAre(testing::Pair("3.0", "2.0")));
}

TEST(SimpleCompareFunc, HasTolerancesByOutput) {
  const SimpleCompareFunc function({.rtol = 0.0, .atol = {{"a", 0.5}, {"", 2.0}}});
  const OutputResults results =
      function(result_of({{"a", vector_of<float>({0})}, {"b", vector_of<float>({0})}}),
               result_of({{"a", vector_of<float>({1})}, {"b", vector_of<float>({1})}}));
  EXPECT_FALSE(find(results, "a")->passed());
  EXPECT_TRUE(find(results, "b")->passed());
  EXPECT_EQ(function.threshold_for("a").atol, 0.5);
  EXPECT_EQ(SimpleCompareFunc({.atol = {{"a", 0.5}}}).threshold_for("b").atol, 1e-5) << "the default";
  const std::string log = log_of([&] {
    compare<float>(SimpleCompareFunc({.atol = {{"yy", 1.0}, {"", 1.0}}}), {1}, {1});
  });
  EXPECT_THAT(log, HasSubstr("atol names 'yy', which is no output. Did you mean 'y'?"));
}

TEST(SimpleCompareFunc, NanAndInfinitiesFailUnlessEqualByOption) {
  EXPECT_FALSE(compare<float>(SimpleCompareFunc(), {NAN}, {NAN})[0].second);
  EXPECT_TRUE(compare<float>(SimpleCompareFunc({.nans_compare_equal = true}), {NAN}, {NAN})[0].second);
  EXPECT_FALSE(compare<float>(SimpleCompareFunc({.nans_compare_equal = true}), {NAN}, {1})[0].second);
  EXPECT_FALSE(compare<float>(SimpleCompareFunc(), {INFINITY}, {INFINITY})[0].second);
  EXPECT_TRUE(compare<float>(SimpleCompareFunc({.infinities_compare_equal = true}), {INFINITY}, {INFINITY})[0]
                  .second);
  EXPECT_FALSE(
      compare<float>(SimpleCompareFunc({.infinities_compare_equal = true}), {INFINITY}, {-INFINITY})[0]
          .second);
  EXPECT_TRUE(compare<float>(SimpleCompareFunc(), {-0.0f}, {0.0f})[0].second);
  EXPECT_FALSE(compare<std::uint64_t>(SimpleCompareFunc({.rtol = 0.0}), {1}, {2})[0].second);
  EXPECT_TRUE(compare<std::string>(SimpleCompareFunc(), {"a"}, {"a"})[0].second);
  EXPECT_FALSE(compare<std::string>(SimpleCompareFunc(), {"a"}, {"b"})[0].second);
}

TEST(Pairing, ByNameThenAlikeThenIndex) {
  const Tensor one = vector_of<float>({1});
  const auto found = [&](const std::string& name, std::size_t index, std::vector<std::string> first,
                         std::vector<std::string> second) {
    IterationResult a, b;
    for (const std::string& each : first) a.outputs.set(each, one);
    for (const std::string& each : second) b.outputs.set(each, one);
    return find_output(name, index, a, b);
  };
  EXPECT_EQ(found("y", 0, {"y"}, {"x", "y"}), "y");
  EXPECT_EQ(found("Out:0", 0, {"Out:0"}, {"x", "out"}), "out");
  EXPECT_EQ(found("out", 0, {"out"}, {"x", "MyOutput"}), "MyOutput");
  EXPECT_EQ(found("p", 1, {"a", "p"}, {"x", "z"}), "z");
  EXPECT_EQ(found("p", 1, {"z", "p"}, {"x", "z"}), std::nullopt) << "z has a partner of its own";
  EXPECT_EQ(found("p", 1, {"a", "p"}, {"x"}), std::nullopt);
}

TEST(Pairing, WarnsOfWhatStaysAlone) {
  const Tensor one = vector_of<float>({1});
  OutputResults results;
  const std::string log = log_of([&] {
    results = SimpleCompareFunc()(result_of({{"same", one}, {"left_alone", one}}, "ra"),
                                  result_of({{"same", one}, {"same_not", one}, {"right_alone", one}}, "rb"));
  });
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].second.output1_name, "same_not") << "by index";
  EXPECT_THAT(log, HasSubstr("Assuming rb output: same_not corresponds to output: left_alone"));
  EXPECT_THAT(log, HasSubstr("Output 'right_alone' of rb was not compared"));
}

TEST(Pairing, ComparingNothingIsAnError) {
  const Tensor one = vector_of<float>({1});
  for (const TensorMap& outputs : {TensorMap{}, TensorMap{{"a", one}}})
    EXPECT_THAT(message<InputError>([&] { SimpleCompareFunc()(result_of(outputs), result_of({}, "r1")); }),
                HasSubstr("no common outputs found"));
  const SimpleCompareFunc skips_all(
      {.find_output_func = [](auto&&...) { return std::vector<std::string>{}; }});
  EXPECT_THROW(skips_all(result_of({{"a", one}}), result_of({{"a", one}})), InputError);
}

TEST(Pairing, OfOnesOwn) {
  const FindOutput both = [](const std::string&, std::size_t, const IterationResult& other) {
    return other.outputs.names();
  };
  const OutputResults results = SimpleCompareFunc({.find_output_func = both})(
      result_of({{"y", vector_of<float>({1})}}),
      result_of({{"a", vector_of<float>({2})}, {"b", vector_of<float>({1})}}));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_FALSE(results[0].second) << "it has to equal both";
  EXPECT_EQ(results[0].second.output1_name, "a");
}

TEST(Shapes, ThatDifferFail) {
  const IterationResult first = result_of({{"y", Tensor::from<float>({1, 2, 3, 4, 5, 6}, Shape{2, 3})}});
  const IterationResult flat = result_of({{"y", Tensor::from<float>({1, 2, 3, 4, 5, 6}, Shape{6})}});
  const IterationResult turned = result_of({{"y", Tensor::from<float>({1, 4, 2, 5, 3, 6}, Shape{3, 2})}});
  const IterationResult longer = result_of({{"y", Tensor(DataType::float32, Shape{7})}});
  for (const IterationResult* second : {&flat, &turned, &longer}) {
    const OutputResults results = L2CompareFunc()(first, *second);
    EXPECT_FALSE(results[0].second);
    EXPECT_FALSE(results[0].second.metric());
    EXPECT_THAT(results[0].second.details->problem, HasSubstr("different shapes"));
  }
  const L2CompareFunc lenient({.check_shapes = false});
  EXPECT_TRUE(lenient(first, flat)[0].second);
  EXPECT_TRUE(lenient(first, turned)[0].second);
  EXPECT_THAT(lenient(first, turned)[0].second.details->notes,
              ElementsAre(HasSubstr("using permutation [1, 0]")));
  EXPECT_FALSE(lenient(first, longer)[0].second);
  for (const DataType dtype : {DataType::int4, DataType::string, DataType::float16}) {
    const IterationResult a = result_of({{"y", first.outputs["y"].cast(dtype)}}),
                          b = result_of({{"y", turned.outputs["y"].cast(dtype)}});
    EXPECT_TRUE(SimpleCompareFunc({.check_shapes = false})(a, b)[0].second) << to_string(dtype);
  }
}

TEST(FailFast, StopsAtTheFirstFailure) {
  const IterationResult first = result_of({{"a", vector_of<float>({1})}, {"b", vector_of<float>({1})}});
  const IterationResult second = result_of({{"a", vector_of<float>({2})}, {"b", vector_of<float>({1})}});
  EXPECT_EQ(L2CompareFunc({.fail_fast = true})(first, second).size(), 1u);
  EXPECT_EQ(L2CompareFunc()(first, second).size(), 2u);
}

TEST(MetricFunctions, MeasureWhatTheySay) {
  const auto value = [](const CompareFunction& function) {
    return *compare<float>(function, {3, 4}, {3, 0})[0].second.values()[0];
  };
  EXPECT_EQ(value(L2CompareFunc()), 4);
  EXPECT_DOUBLE_EQ(value(RelativeL2CompareFunc()), 4.0 / 3);
  EXPECT_DOUBLE_EQ(value(CosineSimilarityCompareFunc()), 0.6);
  EXPECT_DOUBLE_EQ(value(PsnrCompareFunc()), 20 * std::log10(4) - 10 * std::log10(8));
  EXPECT_DOUBLE_EQ(value(SnrCompareFunc()), 10 * std::log10(25.0 / 16));
  EXPECT_EQ(value(UlpCompareFunc()), 0x40800000);
  EXPECT_EQ(value(HistogramOverlapCompareFunc()), 0.5);
  EXPECT_EQ(value(TopKAgreementCompareFunc({.k = 1})), 0);
  EXPECT_EQ(value(TopKAgreementCompareFunc()), 1) << "both of both";
  EXPECT_DOUBLE_EQ(value(KlDivergenceCompareFunc()), std::log(7.0 / 3));
}

TEST(MetricFunctions, KnowTheirThresholds) {
  EXPECT_TRUE(compare<float>(L2CompareFunc({.l2_threshold = 4.0}), {3, 4}, {3, 0})[0].second);
  EXPECT_FALSE(
      compare<float>(L2CompareFunc({.l2_threshold = {{"y", 3.9}, {"", 9.0}}}), {3, 4}, {3, 0})[0].second);
  const CompareFunction function = UlpCompareFunc();
  EXPECT_EQ(function.label(), "ULP Distance");
  EXPECT_EQ(function.metric(), Metric::ulp);
  EXPECT_EQ(function.threshold_for("y"), Threshold::of(Metric::ulp, 16));
  EXPECT_EQ(L2CompareFunc({.l2_threshold = 0.5}).str(), "L2CompareFunc({.l2_threshold = 0.5})");
  EXPECT_EQ(SimpleCompareFunc({.atol = {{"y", 0.5}, {"", 1.0}}}).str(),
            "SimpleCompareFunc({.atol = {{\"\", 1.0}, {\"y\", 0.5}}})");
}

TEST(MetricFunctions, NanFailsAllOfThem) {
  const CompareFunction functions[] = {
      L2CompareFunc(),  RelativeL2CompareFunc(),       CosineSimilarityCompareFunc(), PsnrCompareFunc(),
      SnrCompareFunc(), HistogramOverlapCompareFunc(), KlDivergenceCompareFunc()};
  for (const CompareFunction& function : functions)
    EXPECT_FALSE(compare<float>(function, {NAN, 1}, {NAN, 1})[0].second) << function.label();
  EXPECT_FALSE(compare<float>(UlpCompareFunc(), {NAN, 1}, {0, 1})[0].second);
}

TEST(MetricFunctions, OfStringsAndOfNothing) {
  const CompareFunction functions[] = {
      L2CompareFunc(),           CosineSimilarityCompareFunc(), UlpCompareFunc(),  TopKAgreementCompareFunc(),
      KlDivergenceCompareFunc(), HistogramOverlapCompareFunc(), PsnrCompareFunc(), SnrCompareFunc(),
      RelativeL2CompareFunc()};
  for (const CompareFunction& function : functions) {
    SCOPED_TRACE(function.label());
    EXPECT_TRUE(compare<std::string>(function, {"a"}, {"a"})[0].second);
    EXPECT_FALSE(compare<std::string>(function, {"a"}, {"b"})[0].second);
    EXPECT_TRUE(compare<float>(function, {}, {})[0].second);
    const OutputResults mixed = function(result_of({{"y", vector_of<std::string>({"1"})}}),
                                         result_of({{"y", vector_of<float>({1})}}));
    EXPECT_FALSE(mixed[0].second);
    EXPECT_THAT(mixed[0].second.details->problem, HasSubstr("type string with one of type float32"));
    const IterationResult scalar = result_of({{"y", Tensor::full(Shape{}, 1.0f)}});
    EXPECT_TRUE(function(scalar, scalar)[0].second);
  }
}

TEST(KlDivergence, OfLogitsIsThatOfTheirSoftmax) {
  const auto value = [](const CompareFunction& function) {
    return *compare<float>(function, {1000, 1001}, {0, 0})[0].second.values()[0];
  };
  const double p = 1 / (1 + std::exp(1.0));
  EXPECT_NEAR(value(KlDivergenceCompareFunc({.logits = true})),
              0.5 * std::log(0.5 / p) + 0.5 * std::log(0.5 / (1 - p)), 1e-12);
  EXPECT_TRUE(std::isnan(value(KlDivergenceCompareFunc()))) << "no distribution";
  EXPECT_EQ(*compare<float>(KlDivergenceCompareFunc(), {1, 0}, {0.5, 0.5})[0].second.values()[0], INFINITY);
}

TEST(IndicesCompareFunc, AllowsNeighbours) {
  const auto passes = [](std::int64_t tolerance, std::initializer_list<std::int64_t> a,
                         std::initializer_list<std::int64_t> b) {
    return compare<std::int64_t>(IndicesCompareFunc({.index_tolerance = tolerance}), a, b)[0].second.passed();
  };
  EXPECT_TRUE(passes(0, {0, 1, 2}, {0, 1, 2}));
  EXPECT_FALSE(passes(0, {0, 1, 2}, {1, 0, 2}));
  EXPECT_TRUE(passes(1, {0, 1, 2}, {1, 0, 2}));
  EXPECT_FALSE(passes(1, {0, 1, 2}, {1, 2, 0}));
  EXPECT_TRUE(passes(2, {0, 1, 2}, {1, 2, 0}));
  EXPECT_TRUE(passes(1, {0, 1, 7}, {0, 1, 2})) << "the last is exempt";
  EXPECT_FALSE(passes(0, {0, 1, 7}, {0, 1, 2}));
  EXPECT_TRUE(passes(9, {5}, {6})) << "all are exempt";
  const OutputResults rows =
      IndicesCompareFunc()(result_of({{"y", Tensor::from<std::int32_t>({0, 1, 1, 0}, Shape{2, 2})}}),
                           result_of({{"y", Tensor::from<std::int32_t>({0, 1, 0, 1}, Shape{2, 2})}}));
  EXPECT_FALSE(rows[0].second);
  EXPECT_THAT(rows[0].second.details->notes[0], HasSubstr("value 1 is at 0 and at 1"));
  EXPECT_THROW(passes(-1, {0}, {0}), UsageError);
}

TEST(CompareFunction, IsAnythingThatCanBeCalled) {
  const CompareFunction function(
      [](const IterationResult&, const IterationResult&) {
        return OutputResults{{"y", true}};
      },
      "mine");
  EXPECT_EQ(function.label(), "mine");
  EXPECT_FALSE(function.metric());
  EXPECT_FALSE(function.threshold_for("y"));
  const CompareFunction copy = function;
  EXPECT_TRUE(all_passed(copy({}, {})));
  EXPECT_EQ(
      CompareFunction([](const IterationResult&, const IterationResult&) { return OutputResults(); }).label(),
      "custom");
}

TEST(PerOutput, IsReadFromText) {
  SimpleCompareOptions options;
  set_option(options, "atol", "0.5");
  set_option(options, "atol", "a:0:0.25");
  set_option(options, "check_error_stat", "a:0:mean");
  set_option(options, "nans_compare_equal", "true");
  EXPECT_EQ(options.atol.get("a:0", 0), 0.25);
  EXPECT_EQ(options.atol.get("b", 0), 0.5);
  EXPECT_EQ(options.check_error_stat.get("a:0", ErrorStat::max), ErrorStat::mean);
  EXPECT_TRUE(options.nans_compare_equal);
  EXPECT_THAT(message<UsageError>([&] { set_option(options, "rtol", "y:much"); }),
              HasSubstr("'much' is not a number"));
  EXPECT_THAT(message<UsageError>([&] { set_option(options, "check_error_stat", "mode"); }),
              HasSubstr("none of elemwise, max"));
}

}  // namespace
}  // namespace polygraph::compare::test
