#include "compare/run_iteration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <cstring>

#include "helpers/message.h"

namespace polygraph::compare::detail {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

std::vector<IterationResult> results() {
  std::vector<IterationResult> made;
  for (const char* name : {"a", "b"}) {
    IterationResult& result = made.emplace_back();
    result.runner_name = name;
    result.runtime = 0.1;
    result.outputs.set("y", Tensor::from({1.0F, *name == 'a' ? 2.0F : INFINITY}, Shape{2}));
  }
  return made;
}

TEST(IterationReport, SurvivesTheWay) {
  RunReporterOptions options;
  options.save_inputs = "inputs.json";
  options.save_outputs = "outputs.json";
  options.validate = true;
  const Comparator comparator({SimpleCompareFunc(), L2CompareFunc()});
  IterationReporter reporter(options, {}, comparator);
  FeedDict inputs;
  inputs.set("x", Tensor::from({1.0F, 2.0F, 3.0F}, Shape{3}));
  IterationReport report = reporter.report(0, inputs, results());
  report.log = {{Severity::warning, "a warning"}};
  const Bytes bytes = encode(report);
  const IterationReport read = decode(bytes, "rank 1");
  EXPECT_THAT(read.metadata,
              AllOf(HasSubstr("{x [dtype=float32, shape=(3,)]}"), HasSubstr("b\n---- Inference Output(s)")));
  ASSERT_THAT(read.invalid, SizeIs(1));
  EXPECT_THAT(read.invalid[0].text, HasSubstr("'y'"));
  ASSERT_THAT(read.texts, SizeIs(1));
  EXPECT_THAT(read.texts[0], HasSubstr("FAILED | simple"));
  EXPECT_EQ((*read.inputs)["x"].str(), inputs["x"].str());
  EXPECT_EQ(read.outputs[1].outputs["y"].str(), "[ 1. inf]");
  EXPECT_THAT(read.log, ElementsAre(Pair(Severity::warning, "a warning")));
  EXPECT_FALSE(read.error);
  const Bytes again = encode(read);
  ASSERT_EQ(again.size(), bytes.size());
  EXPECT_EQ(std::memcmp(again.data(), bytes.data(), bytes.size()), 0);
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_THROW(decode(Bytes(bytes.span().first(size), bytes.keep_alive()), "rank 1"), InputError);
}

TEST(IterationReport, ErrorsComeWithWhatWasFoundBeforeThem) {
  RunReporterOptions options;
  options.save_outputs = "outputs.json";
  const Comparator comparator(
      {CompareFunction([](const IterationResult&, const IterationResult&) -> OutputResults {
        throw InputError("No outputs are common.", "Compare the same model.");
      })});
  IterationReporter reporter(options, {}, comparator);
  const IterationReport read = decode(encode(reporter.report(3, {}, results())), "rank 3 on host 'h'");
  EXPECT_THAT(read.outputs, SizeIs(2));
  EXPECT_THAT(message<InputError>([&] { std::rethrow_exception(read.error); }),
              HasSubstr("Rank 3 on host 'h': No outputs are common.\nCompare the same model."));
}

TEST(IterationReport, FailuresAreToldUpToANumber) {
  const RunReporterOptions options;
  const Comparator comparator({SimpleCompareFunc()});
  IterationReporter reporter(options, {}, comparator);
  for (std::int64_t i = 5; i < 5 + 2 * most_failures_told; ++i)
    EXPECT_EQ(reporter.report(i, {}, results()).texts[0].empty(), i >= 5 + most_failures_told);
}

}  // namespace
}  // namespace polygraph::compare::detail
