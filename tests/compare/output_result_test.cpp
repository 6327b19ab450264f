#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/output_result.h>
#include <polygraph/core/error.h>

#include <cmath>
#include <set>

#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::HasSubstr;

OutputResult simple(ErrorStat stat, double absolute, double relative, std::optional<bool> verdict = {}) {
  return {Metric::simple,
          {absolute, relative, absolute, relative, absolute, relative, std::nullopt, std::nullopt},
          Threshold::simple(stat, 0.1, 0.2),
          verdict};
}

TEST(MetricTraits, AreCompleteAndTheirOwn) {
  std::set<std::string_view> names;
  for (const Metric metric : all_metrics()) {
    const MetricTraits& known = traits(metric);
    EXPECT_FALSE(known.label.empty());
    EXPECT_EQ(known.fields.size(), metric == Metric::simple ? 8u : 1u);
    EXPECT_TRUE(names.insert(known.result_class).second && names.insert(known.threshold_class).second);
    for (const std::string_view field : known.fields) EXPECT_TRUE(names.insert(field).second) << field;
  }
  EXPECT_EQ(all_metrics().size(), 11u);
}

TEST(OutputResult, OneNumberIsHeldAgainstItsThreshold) {
  const auto passes = [](Metric metric, std::optional<double> value, double threshold) {
    return OutputResult(metric, {value}, Threshold::of(metric, threshold)).passed();
  };
  EXPECT_TRUE(passes(Metric::l2, 1, 1));
  EXPECT_FALSE(passes(Metric::l2, 1.1, 1));
  EXPECT_TRUE(passes(Metric::psnr, 1.1, 1));
  EXPECT_FALSE(passes(Metric::psnr, 0.9, 1));
  for (const Metric metric : all_metrics())
    if (metric != Metric::simple) {
      EXPECT_FALSE(passes(metric, NAN, 1));
      EXPECT_FALSE(passes(metric, std::nullopt, 1)) << "what could not be computed does not pass";
    }
}

TEST(OutputResult, AStatisticFailsOnlyIfBothPartsExceed) {
  EXPECT_TRUE(simple(ErrorStat::max, 0.1, 5));
  EXPECT_TRUE(simple(ErrorStat::mean, 5, 0.2));
  EXPECT_FALSE(simple(ErrorStat::median, 5, 5));
  EXPECT_FALSE(simple(ErrorStat::max, NAN, 5));
  EXPECT_TRUE(simple(ErrorStat::max, NAN, 0));
}

TEST(OutputResult, WhatDoesNotFollowIsAnError) {
  EXPECT_THAT(message<InputError>([] { simple(ErrorStat::elemwise, 0, 0).passed(); }),
              HasSubstr("element by element"));
  EXPECT_TRUE(simple(ErrorStat::elemwise, 5, 5, true));
  EXPECT_THAT(message<InputError>([] { simple(ErrorStat::quantile, 0, 0).passed(); }),
              HasSubstr("lack the statistic 'quantile'"));
  EXPECT_THROW(OutputResult(Metric::l2, {1.0, 2.0}, Threshold::of(Metric::l2, 1)), InputError);
  EXPECT_THROW(OutputResult(Metric::l2, {1.0}, Threshold::of(Metric::snr, 1)), InputError);
}

TEST(OutputResult, IsJudgedAnew) {
  OutputResult result = simple(ErrorStat::elemwise, 0.5, 0.5, false);
  result.set_threshold(Threshold::simple(ErrorStat::max, 1, 0));
  EXPECT_TRUE(result);
  EXPECT_FALSE(result.stored_verdict());
  EXPECT_THROW(result.set_threshold(Threshold::of(Metric::l2, 1)), InputError);
  OutputResult plain = false;
  EXPECT_THAT(message<InputError>([&] { plain.set_threshold(Threshold::of(Metric::l2, 1)); }),
              HasSubstr("yes or no"));
}

TEST(OutputResult, DescribesItself) {
  const auto line = [](Metric metric, double value, double threshold) {
    return OutputResult(metric, {value}, Threshold::of(metric, threshold)).describe()->line;
  };
  EXPECT_EQ(line(Metric::l2, 0.5, 1e-5), "L2 Norm: 0.5 (tolerance: 1e-05) | FAILED");
  EXPECT_EQ(line(Metric::psnr, INFINITY, 30), "PSNR: inf dB (min required: 30 dB) | PASSED");
  EXPECT_EQ(line(Metric::snr, NAN, 20), "SNR: nan dB (min required: 20 dB) | FAILED");
  EXPECT_EQ(line(Metric::cosine_similarity, 0.9969999, 0.997),
            "Cosine Similarity: 0.9969999 (min required: 0.997) | FAILED")
      << "digits that tell the numbers apart";
  EXPECT_EQ(line(Metric::cosine_similarity, 0.997, 0.997),
            "Cosine Similarity: 0.997 (min required: 0.997) | PASSED");
  EXPECT_FALSE(simple(ErrorStat::max, 0, 0).describe());
  EXPECT_FALSE(OutputResult(true).describe());
}

TEST(OutputResults, NothingHasNotPassed) {
  EXPECT_FALSE(all_passed({}));
  EXPECT_TRUE(all_passed({{"y", true}}));
  EXPECT_FALSE(all_passed({{"y", true}, {"z", false}}));
  const OutputResults results{{"y", true}};
  EXPECT_NE(find(results, "y"), nullptr);
  EXPECT_EQ(find(results, "z"), nullptr);
}

}  // namespace
}  // namespace polygraph::compare::test
