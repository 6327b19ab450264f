#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/tactic_replay.h>

#include <filesystem>
#include <string>

#include "helpers/message.h"

namespace polygraph {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::HasSubstr;

// What Polygraphy wrote.
fs::path sample(const std::string& name = "polygraphy") {
  return fs::path(POLYGRAPH_FUZZ_CORPUS) / "tactic_replay" / name;
}

TEST(TacticReplayData, IsReadAndWrittenByteForByte) {
  const TacticReplayData replay = TacticReplayData::load(sample());
  ASSERT_EQ(replay.entries().size(), 2u);
  EXPECT_EQ(replay.entries()[0].first, "conv \"1\" é");
  const Algorithm& algorithm = replay.entries()[0].second;
  EXPECT_EQ(algorithm.implementation, 2147483657);
  EXPECT_EQ(algorithm.tactic, -6066573263428);
  ASSERT_EQ(algorithm.inputs.size(), 2u);
  EXPECT_EQ(algorithm.inputs[0], (AlgorithmIo{"DataType.FLOAT", {4, 2, 1}, -1, 1}));
  EXPECT_EQ(algorithm.inputs[1], (AlgorithmIo{"DataType.HALF", {8}}));

  const fs::path copy = fs::path(testing::TempDir()) / "polygraph_tactic_replay.json";
  replay.save(copy);
  const MappedFile written(copy);
  const MappedFile original(sample());
  EXPECT_TRUE(std::ranges::equal(written.bytes(), original.bytes())) << replay.to_json();
  fs::remove(copy);
}

TEST(TacticReplayData, IsPrintedAsPolygraphyDoes) {
  TacticReplayData replay;
  replay.add("a", {.implementation = 1, .tactic = 2, .inputs = {{"DataType.HALF", {8}}}});
  replay.add(
      "b",
      {.implementation = 3, .tactic = -4, .outputs = {{"DataType.FLOAT", {2, 1}, -1, 1}, {"DataType.INT8"}}});
  EXPECT_EQ(
      replay.str(),
      "Layer: a\n"
      "    Algorithm: (Implementation: 1, Tactic: 2) | Inputs: (TensorInfo(DataType.HALF, (8,), None, "
      "None),) | "
      "Outputs: ()\n"
      "Layer: b\n"
      "    Algorithm: (Implementation: 3, Tactic: -4) | Inputs: () | "
      "Outputs: (TensorInfo(DataType.FLOAT, (2, 1), -1, 1), TensorInfo(DataType.INT8, (), None, None))");
}

TEST(TacticReplayData, KeepsATimingCache) {
  TacticReplayData replay;
  replay.add("0x00ff", {.tactic = -1});
  EXPECT_EQ(replay.to_json().find("timing_cache"), std::string::npos);
  replay.set_timing_cache({std::byte{0}, std::byte{0xab}, std::byte{0x7}});
  EXPECT_THAT(replay.to_json(), HasSubstr("\"timing_cache\": \"00ab07\""));
  EXPECT_EQ(TacticReplayData::from_json(replay.to_json(), "x"), replay);
  for (const char* cache : {"\"00a\"", "\"0g\"", "\"\"", "3"})
    EXPECT_THAT(
        message<InputError>([&] {
          TacticReplayData::from_json(
              std::string(R"({"replay": {}, "polygraphy_class": "TacticReplayData", "timing_cache": )") +
                  cache + "}",
              "x");
        }),
        HasSubstr("'timing_cache' is no text of hexadecimal digits"));
}

TEST(TacticReplayData, ReplacesWhatIsAddedAgain) {
  TacticReplayData replay;
  replay.add("a", {.tactic = 1}).add("b", {.tactic = 2}).add("a", {.tactic = 3});
  ASSERT_EQ(replay.entries().size(), 2u);
  EXPECT_EQ(replay.entries()[0].second.tactic, 3);
  ASSERT_NE(replay.find("b"), nullptr);
  EXPECT_EQ(replay.find("b")->tactic, 2);
  EXPECT_EQ(replay.find("c"), nullptr);
}

TEST(TacticReplayData, ReadsOlderFiles) {
  const TacticReplayData replay = TacticReplayData::load(sample("legacy"));
  EXPECT_EQ(replay, TacticReplayData().add("a", {.implementation = 1, .tactic = 2}));
}

TEST(TacticReplayData, SaysWhatIsWrong) {
  const auto error_of = [](const std::string& name) {
    return message<InputError>([&] { TacticReplayData::load(sample(name)); });
  };
  EXPECT_THAT(error_of("no_such_file"), HasSubstr("no_such_file"));
  EXPECT_THAT(error_of("no_algorithm"), HasSubstr("is no tactic replay: layer 'a' is no object"));
  EXPECT_THAT(error_of("other_class"), HasSubstr("the file is not of the type TacticReplayData"));
  EXPECT_THAT(error_of("too_large"), HasSubstr("layer 'a': 'implementation' is no whole number of 64 bits"));
  EXPECT_THAT(error_of("deep"), HasSubstr("it is no JSON"));
}

}  // namespace
}  // namespace polygraph
