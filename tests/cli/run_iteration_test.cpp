#include "cli/run_iteration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <cstring>

#include "cli/run_ranks.h"
#include "helpers/message.h"

namespace polygraph::cli {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::vector<compare::IterationResult> results() {
  std::vector<compare::IterationResult> made;
  for (const char* name : {"a", "b"}) {
    compare::IterationResult& result = made.emplace_back();
    result.runner_name = name;
    result.runtime = 0.1;
    result.outputs.set("y", Tensor::from({1.0F, *name == 'a' ? 2.0F : INFINITY}, Shape{2}));
  }
  return made;
}

TEST(IterationReport, SurvivesTheWay) {
  RunArguments arguments;
  arguments.save_inputs = "inputs.json";
  arguments.save_outputs = "outputs.json";
  arguments.validate = true;
  const compare::Comparator comparator({compare::SimpleCompareFunc(), compare::L2CompareFunc()});
  IterationReporter reporter(arguments, comparator, {"a", "b"}, false);
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
  RunArguments arguments;
  arguments.save_outputs = "outputs.json";
  const compare::Comparator comparator({compare::CompareFunction(
      [](const compare::IterationResult&, const compare::IterationResult&) -> compare::OutputResults {
        throw InputError("No outputs are common.", "Compare the same model.");
      })});
  IterationReporter reporter(arguments, comparator, {}, false);
  const IterationReport read = decode(encode(reporter.report(3, {}, results())), "rank 3 on host 'h'");
  EXPECT_THAT(read.outputs, SizeIs(2));
  EXPECT_THAT(message<InputError>([&] { std::rethrow_exception(read.error); }),
              HasSubstr("Rank 3 on host 'h': No outputs are common.\nCompare the same model."));
}

TEST(IterationReport, FailuresAreToldUpToANumber) {
  const RunArguments arguments;
  const compare::Comparator comparator({compare::SimpleCompareFunc()});
  IterationReporter reporter(arguments, comparator, {}, false);
  for (std::int64_t i = 5; i < 5 + 2 * most_failures_told; ++i)
    EXPECT_EQ(reporter.report(i, {}, results()).texts[0].empty(), i >= 5 + most_failures_told);
}

TEST(HeldLog, KeepsWarningsForRankZero) {
  {
    HeldLog log(false);
    log_text(Severity::info, "nothing of interest");
    log_text(Severity::warning, "held");
    EXPECT_THAT(log.take(), ElementsAre(Pair(Severity::warning, "held")));
    EXPECT_THAT(log.take(), IsEmpty());
    log_text(Severity::warning, "behind the error");
    const std::string error = message<InputError>([&] {
      try {
        throw InputError("It failed.", "Mend it.");
      } catch (...) {
        log.throw_with_lines();
      }
    });
    EXPECT_THAT(error, HasSubstr("It failed.\nMend it.\n  | behind the error"));
  }
  std::vector<std::string> shown;
  set_log_sink([&](Severity, std::string_view text) { shown.emplace_back(text); });
  log_text(Severity::warning, "of rank 0 and 1");
  show_log(
      {{Severity::warning, "of rank 0 and 1"}, {Severity::warning, "of rank 1"}, {Severity::info, "more"}},
      "rank 1");
  show_log({{Severity::warning, "of rank 1"}}, "rank 2");
  set_log_sink({});
  EXPECT_THAT(shown, ElementsAre("of rank 0 and 1", "of rank 1", "rank 1 | more"));
}

}  // namespace
}  // namespace polygraph::cli
