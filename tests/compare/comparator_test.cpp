#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/core/error.h>

#include <cmath>

#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::HasSubstr;
using testing::SizeIs;

IterationResult result(const std::string& runner, float value) {
  return {.outputs = {{"y", Tensor::full(Shape{2}, value)}}, .runner_name = runner};
}

TEST(Comparator, ComparesEachRunnerWithTheOneBehindIt) {
  Comparator comparator({SimpleCompareFunc()});
  const auto& pairs = comparator.compare(std::vector{result("a", 1), result("b", 1), result("c", 2)});
  ASSERT_THAT(pairs, SizeIs(2));
  EXPECT_TRUE(pairs[0].passed);
  EXPECT_FALSE(pairs[1].passed);
  EXPECT_FALSE(comparator.finish());
  EXPECT_EQ(comparator.pairs()[1].runners, RunnerPair("b", "c"));
  EXPECT_TRUE(comparator.pairs()[0].is_good());
  EXPECT_FALSE(comparator.pairs()[1].is_good());
}

TEST(Comparator, KeepsTheWorstOfManyIterations) {
  Comparator comparator({L2CompareFunc({.l2_threshold = 1})});
  for (const float value : {0.1f, 5.0f, 3.0f, 0.2f})
    comparator.compare(std::vector{result("a", value), result("b", 0)});
  EXPECT_FALSE(comparator.finish());
  const PairSummary& pair = comparator.pairs()[0];
  EXPECT_EQ(pair.iterations, 4);
  EXPECT_EQ(pair.passed, 2);
  const OutputSummary& output = pair.functions[0].outputs[0];
  EXPECT_EQ(output.passed, 2);
  EXPECT_EQ(output.first_failure, 1);
  EXPECT_EQ(output.worst_iteration, 1);
  EXPECT_NEAR(*output.worst->value("l2_norm"), std::sqrt(50.0), 1e-6);
  EXPECT_TRUE(comparator.results().functions.empty()) << "nothing is kept that was not asked for";
}

TEST(Comparator, NotANumberIsWorst) {
  Comparator comparator({CosineSimilarityCompareFunc()});
  for (const float value : {1.0f, NAN, -1.0f})
    comparator.compare(std::vector{result("a", value), result("b", 1)});
  EXPECT_EQ(comparator.pairs()[0].functions[0].outputs[0].worst_iteration, 1);
}

TEST(Comparator, JudgesAverages) {
  Comparator comparator({L2CompareFunc({.l2_threshold = 3})}, {.check_average = true});
  for (const float value : {0.0f, 4.0f}) comparator.compare(std::vector{result("a", value), result("b", 0)});
  EXPECT_TRUE(comparator.finish()) << "one iteration failed, the average did not";
  EXPECT_EQ(comparator.pairs()[0].passed, 1);
  EXPECT_EQ(comparator.pairs()[0].average_passed, true);
  EXPECT_THAT(message<UsageError>([] { Comparator({IndicesCompareFunc()}, {.check_average = true}); }),
              HasSubstr("'indices'"));
}

TEST(Comparator, KeepsResultsIfAskedTo) {
  Comparator comparator({SimpleCompareFunc(), L2CompareFunc()}, {.keep_results = true});
  for (int i = 0; i < 3; ++i) comparator.compare(std::vector{result("a", 1), result("b", 1)});
  EXPECT_TRUE(comparator.finish());
  ASSERT_THAT(comparator.results().functions, SizeIs(2));
  const std::vector<OutputResults>& kept = comparator.results().functions[0][RunnerPair("a", "b")];
  EXPECT_THAT(kept, SizeIs(3));
  EXPECT_EQ(kept[0][0].second.details, nullptr);
}

TEST(Comparator, ARunnerThatWasLostHasFailed) {
  Comparator comparator({SimpleCompareFunc()});
  IterationResult lost{.runner_name = "b", .failure = "it crashed"};
  comparator.compare(std::vector{result("a", 1), lost});
  comparator.compare(std::vector{result("a", 1), result("b", 1)});
  EXPECT_FALSE(comparator.finish());
  EXPECT_EQ(comparator.pairs()[0].passed, 1);
}

TEST(Comparator, NothingIsNoSuccess) {
  EXPECT_THAT(message<UsageError>([] { Comparator({}); }), HasSubstr("no comparison function"));
  Comparator comparator({SimpleCompareFunc()});
  EXPECT_FALSE(comparator.finish());
  EXPECT_TRUE(comparator.compare(std::vector{result("a", 1)}).empty());
  EXPECT_FALSE(comparator.finish()) << "one runner has nothing to be compared with";
}

TEST(Comparator, RefusesOtherRunnersLater) {
  Comparator comparator({SimpleCompareFunc()});
  comparator.compare(std::vector{result("a", 1), result("b", 1)});
  EXPECT_THAT(message<InputError>([&] {
                comparator.compare(std::vector{result("b", 1), result("a", 1)});
              }),
              HasSubstr("stand where 'a' and 'b' were"));
  EXPECT_THAT(message<InputError>([&] { comparator.compare(std::vector{result("a", 1)}); }),
              HasSubstr("there were 2"));
}

}  // namespace
}  // namespace polygraph::compare
