#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

namespace polygraph {
namespace {

TEST(Error, WhatIsTheProblemAloneIfThereIsNothingElse) {
  const Error error("Cannot read 'a'.");
  EXPECT_STREQ(error.what(), "Cannot read 'a'.");
  EXPECT_EQ(error.remedy(), "");
  EXPECT_TRUE(error.engine_messages().empty());
}

TEST(Error, WhatHasProblemRemedyAndEngineMessagesOnTheirOwnLines) {
  const BackendError error("Cannot build.", "Use another opset.", {"first\n", "second\n\nthird"});
  EXPECT_STREQ(error.what(), "Cannot build.\nUse another opset.\n  | first\n  | second\n  | \n  | third");
  EXPECT_EQ(error.problem(), "Cannot build.");
  EXPECT_EQ(error.remedy(), "Use another opset.");
  EXPECT_THAT(error.engine_messages(), testing::ElementsAre("first\n", "second\n\nthird"));
}

TEST(Error, EngineMessagesFollowTheProblemIfThereIsNoRemedy) {
  EXPECT_STREQ(Error("Cannot build.", "", {"why"}).what(), "Cannot build.\n  | why");
}

TEST(Error, EachClassHasItsExitCode) {
  EXPECT_EQ(Error("").exit_code(), ExitCode::failed);
  EXPECT_EQ(UsageError("").exit_code(), ExitCode::usage);
  EXPECT_EQ(InputError("").exit_code(), ExitCode::input);
  EXPECT_EQ(BackendError("").exit_code(), ExitCode::backend);
  EXPECT_EQ(static_cast<int>(ExitCode::interrupted), 130);
}

TEST(Error, ACopyThrownAsTheBaseKeepsItsCode) {
  try {
    throw InputError("x");
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::input);
  }
}

TEST(Nearest, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(nearest("outptu", {"input", "output"}), "output");
  EXPECT_EQ(nearest("outut", {"input", "output"}), "output");
  EXPECT_EQ(nearest("outpuut", {"input", "output"}), "output");
  EXPECT_EQ(nearest("oufput", {"input", "output"}), "output");
}

TEST(Nearest, IgnoresCaseButPrefersIt) {
  EXPECT_EQ(nearest("OUTPUT", {"outpu", "Output"}), "Output");
  EXPECT_EQ(nearest("fp16", {"FP16"}), "FP16");
}

TEST(Nearest, AllowsOneEditPerThreeLetters) {
  EXPECT_EQ(nearest("abcdef", {"abcxyf"}), "abcxyf");
  EXPECT_EQ(nearest("abcdef", {"abxyzf"}), "");
  EXPECT_EQ(nearest("ab", {"ax"}), "ax");
  EXPECT_EQ(nearest("ab", {"xy"}), "");
}

TEST(Nearest, ASwapOfTwoLettersIsOneEditAndNotTwo) {
  EXPECT_EQ(nearest("abc", {"acb"}), "acb");
  EXPECT_EQ(nearest("abcd", {"badc"}), "");  // two swaps, one allowed
}

TEST(Nearest, OneLetterIsNotLikeEveryOtherLetter) {
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("", {"y", "output"}), "");
}

TEST(Nearest, FindsPrefixesAndParts) {
  EXPECT_EQ(nearest("input", {"other", "input_ids_of_tokens"}), "input_ids_of_tokens");
  EXPECT_EQ(nearest("resnet/conv1/weight", {"bias", "conv1"}), "conv1");
  EXPECT_EQ(nearest("logits", {"last_logits_output", "logits_of_all_heads"}), "logits_of_all_heads");
}

TEST(Nearest, PrefersFewEditsToAPrefixAndTheFirstOfEqualOnes) {
  EXPECT_EQ(nearest("input", {"input_of_the_model", "inpxt"}), "inpxt");
  EXPECT_EQ(nearest("input_x", {"input_a", "input_b"}), "input_a");
  EXPECT_EQ(nearest("outpu", {"outpx", "output"}), "output");
}

TEST(Nearest, AgreesLongestFromItsBeginning) {
  EXPECT_EQ(nearest("--onnrt", {"--trt", "--onnxrt"}), "--onnxrt");
  EXPECT_EQ(nearest("abcd", {"bbcd", "abce"}), "abce") << "one edit each";
  EXPECT_EQ(nearest("onnxrx", {"onnxot", "onnxry", "onnxtr"}), "onnxry");
}

TEST(Nearest, IsEmptyWithoutCandidates) {
  EXPECT_EQ(nearest("a", {}), "");
}

TEST(Suggest, NamesTheNearestAndListsAFew) {
  EXPECT_EQ(suggest("outptu", {"input", "output"}), " Did you mean 'output'? Available: 'input', 'output'.");
}

TEST(Suggest, ListsAFewIfNoneIsNear) {
  EXPECT_EQ(suggest("zzz", {"a", "b"}), " Available: 'a', 'b'.");
}

TEST(Suggest, CountsMoreThanEight) {
  std::vector<std::string> names{"output"};
  for (int i = 0; i < 7; ++i) names.push_back("node_" + std::to_string(i));
  EXPECT_THAT(suggest("zzz", names), testing::HasSubstr("'node_6'"));
  names.push_back("node_7");
  EXPECT_EQ(suggest("outpt", names), " Did you mean 'output'? 9 names are available.");
  EXPECT_EQ(suggest("zzz", names), " 9 names are available.");
}

TEST(Suggest, IsEmptyOnlyWithoutCandidates) {
  EXPECT_EQ(suggest("a", {}), "");
}

}  // namespace
}  // namespace polygraph
