#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/accuracy_results.h>
#include <polygraph/core/error.h>

#include <cmath>
#include <filesystem>

#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

const RunnerPair runners{"r0", "r1"};

OutputResult l2(std::optional<double> value, double threshold = 1) {
  return {Metric::l2, {value}, Threshold::of(Metric::l2, threshold)};
}

AccuracyResult of(std::vector<OutputResults> iterations, Aggregation aggregation = Aggregation::per_sample) {
  AccuracyResult result{.aggregation = aggregation};
  for (OutputResults& each : iterations) result.add(runners, std::move(each));
  return result;
}

TEST(AccuracyResult, CountsIterations) {
  const AccuracyResult result = of({{{"a", l2(0)}, {"b", l2(2)}}, {{"a", l2(0)}}, {{"b", l2(1)}}});
  EXPECT_EQ(result.stats(runners), (AccuracyResult::Stats{2, 1, 3}));
  EXPECT_THAT(result.output_names(), ElementsAre("a", "b"));
  EXPECT_FALSE(result);
  EXPECT_EQ(result.metric(), Metric::l2);
  EXPECT_THROW(result.stats({"r0", "r2"}), InputError);
}

TEST(AccuracyResult, NothingHasNotPassed) {
  EXPECT_FALSE(AccuracyResult().passed());
  EXPECT_FALSE(of({{}}).passed());
  EXPECT_FALSE(AccuracyResults().passed());
  AccuracyResult without_iterations;
  without_iterations.pairs.push_back({runners, {}});
  EXPECT_FALSE(without_iterations);
}

TEST(AccuracyResult, AveragesMetrics) {
  AccuracyResult result =
      of({{{"a", l2(0)}, {"b", l2(NAN)}}, {{"a", l2(1.5)}, {"b", l2(0)}}}, Aggregation::average);
  const OutputResults averages = result.average_results(runners);
  EXPECT_EQ(find(averages, "a")->value("l2_norm"), 0.75);
  EXPECT_TRUE(find(averages, "a")->passed());
  EXPECT_TRUE(std::isnan(*find(averages, "b")->value("l2_norm")));
  EXPECT_FALSE(result) << "NaN fails";
  EXPECT_EQ(result.describe_average(runners)[0].second.line, "L2 Norm: 0.75 (tolerance: 1) | PASSED");
  EXPECT_EQ(result.stats(runners), (AccuracyResult::Stats{0, 2, 2}))
      << "of iterations, whatever the aggregation";
  result = of({{{"a", l2(std::nullopt)}}, {{"a", l2(0.5)}}});
  EXPECT_EQ(find(result.average_results(runners), "a")->value("l2_norm"), 0.5);
  result = of({{{"a", l2(0)}}, {{"a", false}}});
  EXPECT_THAT(message<InputError>([&] { result.average_results(runners); }),
              HasSubstr("nothing but a verdict"));
}

TEST(AccuracyResult, IsJudgedAnew) {
  AccuracyResult result = of({{{"a", l2(2)}, {"b", l2(5)}}});
  result.reevaluate({{"a", Threshold::of(Metric::l2, 3)}, {"", Threshold::of(Metric::l2, 10)}},
                    Aggregation::average);
  EXPECT_TRUE(result);
  EXPECT_EQ(result.aggregation, Aggregation::average);
  EXPECT_THAT(message<InputError>([&] {
                result.reevaluate({{"a", Threshold::of(Metric::l2, 0)}});
              }),
              HasSubstr("Output 'b' cannot be judged: no threshold"));
  EXPECT_TRUE(result) << "nothing has changed";
}

TEST(AccuracyResults, ThresholdsFindTheirMetric) {
  AccuracyResults results;
  results.functions.push_back(of({{{"a", true}}}));
  results.functions.push_back(of({{{"a", l2(2)}}}));
  results.functions.push_back(
      of({{{"a", OutputResult(Metric::snr, {50.0}, Threshold::of(Metric::snr, 20))}}}));
  EXPECT_FALSE(results);
  EXPECT_THAT(message<InputError>([&] {
                results.reevaluate({{{"", Threshold::of(Metric::ulp, 1)}}});
              }),
              HasSubstr("they are of yes or no, L2 Norm, SNR"));
  EXPECT_THROW(results.reevaluate({Thresholds{}}), InputError);
  EXPECT_EQ(results.functions.size(), 3u);
  results.reevaluate({{{"", Threshold::of(Metric::snr, 60)}}, {{"", Threshold::of(Metric::l2, 3)}}});
  ASSERT_EQ(results.functions.size(), 2u);
  EXPECT_FALSE(results.functions[0]);
  EXPECT_TRUE(results.functions[1]);
}

TEST(AccuracyJson, IsPolygraphys) {
  AccuracyResults results;
  results.functions.push_back(of({{{"y", l2(0.1, 1e-5)}, {"\xC3\xA9", false}}, {}}, Aggregation::average));
  EXPECT_EQ(results.to_json(), R"({
    "lst": [
        {
            "lst": [
                [
                    [
                        "r0",
                        "r1"
                    ],
                    [
                        {
                            "y": {
                                "l2_norm": 0.1,
                                "thresholds": {
                                    "threshold": 1e-05,
                                    "polygraphy_class": "L2Threshold"
                                },
                                "polygraphy_class": "L2Result"
                            },
                            "\u00e9": false
                        },
                        {}
                    ]
                ]
            ],
            "aggregation": "average",
            "polygraphy_class": "AccuracyResult"
        }
    ],
    "polygraphy_class": "AccuracyResults"
})");
  EXPECT_EQ(AccuracyResults().to_json(),
            "{\n    \"lst\": [],\n    \"polygraphy_class\": \"AccuracyResults\"\n}");
}

TEST(AccuracyJson, EveryMetricComesBack) {
  AccuracyResults results;
  for (const Metric metric : all_metrics()) {
    const std::size_t fields = traits(metric).fields.size();
    std::vector<std::optional<double>> values(fields, INFINITY);
    values[0] = NAN;
    values[fields - 1] = fields > 1 ? std::nullopt : values[0];
    const Threshold threshold = metric == Metric::simple ? Threshold::simple(ErrorStat::elemwise, 1e-3, 1e22)
                                                         : Threshold::of(metric, -0.5);
    OutputResult result(metric, values, threshold,
                        metric == Metric::simple ? std::optional(true) : std::nullopt);
    results.functions.push_back(of({{{"y", result}}}));
  }
  const std::string text = results.to_json();
  const AccuracyResults read = AccuracyResults::from_json(text);
  EXPECT_EQ(read.to_json(), text);
  EXPECT_EQ(read.functions[0].pairs[0].second[0][0].second.threshold(),
            Threshold::simple(ErrorStat::elemwise, 1e-3, 1e22));
  const auto path = std::filesystem::path(testing::TempDir()) / "accuracy.json";
  results.save(path);
  EXPECT_EQ(AccuracyResults::load(path).to_json(), text);
  std::filesystem::remove(path);
  EXPECT_THROW(AccuracyResults::load(path), InputError);
}

// In the old form the class is a key.
TEST(AccuracyJson, ReadsTheOldForm) {
  const AccuracyResults read = AccuracyResults::from_json(R"({"lst": [{"aggregation": "per_sample",
      "__polygraphy_encoded_AccuracyResult": "polygraphy_serialized_json_type",
      "lst": [[["r0", "r1"], [{"y": {"__polygraphy_encoded_PsnrResult": "polygraphy_serialized_json_type", "psnr": Infinity,
        "thresholds": {"threshold": 30, "__polygraphy_encoded_PsnrThreshold": "polygraphy_serialized_json_type"}}}]]]}],
      "__polygraphy_encoded_AccuracyResults": "polygraphy_serialized_json_type"})");
  EXPECT_TRUE(read);
  EXPECT_EQ(read.functions[0].metric(), Metric::psnr);
}

TEST(AccuracyJson, RefusesWhatItCannotRead) {
  const auto refusal = [](const std::string& text) {
    return message<InputError>([&] { AccuracyResults::from_json(text, "'r.json'"); });
  };
  const auto with_result = [](const std::string& result) {
    return R"({"lst": [{"lst": [[["r0", "r1"], [{"y": )" + result +
           R"(}]]], "aggregation": "per_sample", "polygraphy_class": "AccuracyResult"}], "polygraphy_class": "AccuracyResults"})";
  };
  EXPECT_EQ(AccuracyResults::from_json(with_result("true")).functions.size(), 1u);
  EXPECT_THAT(refusal(""), HasSubstr("'r.json'"));
  EXPECT_THAT(refusal("[]"), HasSubstr("'r.json'"));
  EXPECT_THAT(refusal("{}"), HasSubstr("not marked"));
  EXPECT_THAT(refusal(R"({"lst": [], "polygraphy_class": "RunResults"})"), HasSubstr("not 'RunResults'"));
  EXPECT_THAT(refusal(with_result("{}")), HasSubstr("a result without a class"));
  EXPECT_THAT(refusal(with_result(R"({"polygraphy_class": "Evil"})")), HasSubstr("there is no class 'Evil'"));
  EXPECT_THAT(refusal(with_result(R"({"polygraphy_class": "L2Result"})")),
              HasSubstr("'l2_norm' of a L2Result is missing"));
  EXPECT_THAT(refusal(with_result(R"({"l2_norm": 1, "polygraphy_class": "L2Result"})")),
              HasSubstr("not a L2Threshold"));
  EXPECT_THAT(refusal(with_result(R"({"l2_norm": "1", "polygraphy_class": "L2Result"})")),
              HasSubstr("'r.json'"));
  EXPECT_THAT(refusal(with_result("true") + "x"), HasSubstr("'r.json'"));
  EXPECT_THAT(refusal(with_result(R"(true, "y": false)")), HasSubstr("'y' comes twice"));
  EXPECT_THAT(refusal(with_result(std::string(100000, '['))), HasSubstr("'r.json'"));
}

}  // namespace
}  // namespace polygraph::compare::test
