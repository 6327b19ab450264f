#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/run_results.h>
#include <polygraph/core/error.h>

#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

IterationResult result(float value, const std::string& runner) {
  return {{{"y", Tensor::full(Shape{1}, value)}}, 0.5, runner};
}

float value_of(const IterationResult& iteration) {
  return iteration.outputs["y"].values<float>()[0];
}

RunResults two_runners() {
  RunResults results;
  results.add("a", {result(1, "a"), result(2, "a")});
  results.add("b", {result(3, "b"), result(4, "b")});
  return results;
}

TEST(RunResults, AreFoundByIndexAndName) {
  const RunResults results = two_runners();
  EXPECT_EQ(results.size(), 2u);
  EXPECT_THAT(results.names(), ElementsAre("a", "b"));
  EXPECT_EQ(value_of(results["b"][1]), 4);
  EXPECT_EQ(value_of(results[1].iterations[0]), 3);
  EXPECT_TRUE(results.contains("a"));
  EXPECT_EQ(results.find("c"), nullptr);
  EXPECT_THAT(test::message<InputError>([&] { results["c"]; }),
              AllOf(HasSubstr("no results of a runner 'c'"), HasSubstr("'a', 'b'")));
}

TEST(RunResults, NamesMayRepeat) {
  RunResults results = two_runners();
  results.add("a", {result(5, "a")});
  EXPECT_EQ(results.size(), 3u);
  EXPECT_EQ(value_of(results["a"][0]), 1);
  EXPECT_EQ(value_of(results[2].iterations[0]), 5);
  // The second of a name goes to the second of that name.
  RunResults twice = results.iteration(0);
  twice.append(results.iteration(0));
  ASSERT_EQ(twice.size(), 3u);
  EXPECT_EQ(value_of(twice[0].iterations[1]), 1);
  EXPECT_EQ(value_of(twice[2].iterations[1]), 5);
}

TEST(RunResults, ConcatUndoesSplit) {
  RunResults results = two_runners();
  results["b"].push_back(result(6, "b"));
  const std::vector<RunResults> parts = results.split();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_THAT(parts[2].names(), ElementsAre("b"));
  const RunResults whole = RunResults::concat(parts);
  EXPECT_THAT(whole.names(), ElementsAre("a", "b"));
  EXPECT_EQ(whole["a"].size(), 2u);
  EXPECT_EQ(whole["b"].size(), 3u);
  EXPECT_EQ(value_of(whole["b"][2]), 6);
}

TEST(RunResults, UnequalCountsAreNamed) {
  RunResults results = two_runners();
  EXPECT_NO_THROW(results.require_equal_counts());
  EXPECT_NO_THROW(RunResults().require_equal_counts());
  results["b"].pop_back();
  EXPECT_EQ(results.iteration_count(), 2u);
  EXPECT_THAT(test::message<InputError>([&] { results.require_equal_counts(); }),
              AllOf(HasSubstr("'a' has 2"), HasSubstr("'b' has 1")));
}

}  // namespace
}  // namespace polygraph::compare
