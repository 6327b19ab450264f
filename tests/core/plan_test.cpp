#include "core/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace polygraph {
namespace {

std::string corpus(const std::string& name) {
  std::ifstream file(std::filesystem::path(POLYGRAPH_FUZZ_CORPUS) / "plan" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<PlanHeader> read(std::string_view bytes) {
  return read_plan_header(std::as_bytes(std::span(bytes)));
}

// The beginnings of plans that TensorRT-RTX 1.6.1 made, each with another option.
TEST(Plan, TellsWhatItWasBuiltWith) {
  const std::pair<std::string, PlanOptions> plans[] = {
      {"identity", {}},
      {"fp16", {}},
      {"convolution", {}},
      {"magika", {}},
      {"refittable", {.refittable = true}},
      {"strip_plan", {.strip_plan = true}},
      {"weight_streaming", {.weight_streaming = true}},
      {"convolution_weight_streaming", {.weight_streaming = true}},
      {"tf32", {.tf32 = true}},
  };
  for (const auto& [name, options] : plans) {
    SCOPED_TRACE(name);
    const auto header = read(corpus(name));
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->rtx);
    EXPECT_EQ(header->version, "1.6.1");
    ASSERT_TRUE(header->options);
    EXPECT_EQ(*header->options, options);
  }
}

TEST(Plan, TellsSizes) {
  EXPECT_EQ(read(corpus("identity"))->size, 133780U);
  EXPECT_EQ(read(corpus("identity"))->weights, 0U);
  EXPECT_EQ(read(corpus("convolution"))->weights, 73984U);
  EXPECT_EQ(read(corpus("convolution_weight_streaming"))->weights, 73984U);
  EXPECT_EQ(read(corpus("magika"))->weights, 3140996U);
}

// Nothing is guessed: less of the bytes tells less.
TEST(Plan, EachPrefixTellsOnlyWhatIsInIt) {
  const std::string whole = corpus("convolution");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    const auto header = read(whole.substr(0, size));
    ASSERT_EQ(header.has_value(), size >= 4);
    if (!header) continue;
    EXPECT_EQ(header->version, size >= 32 ? "1.6.1" : "");
    EXPECT_EQ(header->weights.has_value(), size >= 64 + 48);
    if (header->options) {
      EXPECT_EQ(*header->options, PlanOptions{});
    }
  }
}

TEST(Plan, LeavesOutWhatIsNotAsItIsKnown) {
  EXPECT_EQ(read(corpus("later_version"))->version, "1.7.1");
  EXPECT_FALSE(read(corpus("later_version"))->weights);
  EXPECT_FALSE(read(corpus("section_out_of_range"))->weights);
  for (const char* damaged : {"negative_count", "large_count", "another_kind"}) {
    EXPECT_EQ(read(corpus(damaged))->weights, 0U) << damaged;
    EXPECT_FALSE(read(corpus(damaged))->options) << damaged;
  }
}

TEST(Plan, OfTensorRtTellsItsVersionFromEightPointSixOn) {
  const auto plan = [](std::vector<char> version, char serialization = 0) {
    std::string bytes = std::string("ftrt") + serialization + std::string(19, '\0');
    return read(bytes.append(version.begin(), version.end()));
  };
  EXPECT_FALSE(plan({10, 16, 1, 11})->rtx);
  EXPECT_EQ(plan({10, 16, 1, 11})->version, "10.16.1.11");
  EXPECT_EQ(plan({8, 6, 1, 6})->version, "8.6.1.6");
  EXPECT_EQ(plan({8, 5, 3, 1})->version, "");
  EXPECT_EQ(plan({10, 16, 1})->version, "") << "cut off";
  EXPECT_EQ(plan({10, 16, 1, 11}, 1)->version, "") << "written in another way";
  EXPECT_EQ(read("ptrt")->version, "");
  EXPECT_FALSE(read("onnx"));
  EXPECT_FALSE(read(""));
}

// As TensorRT 8.5.3 wrote it: the size of the record is 8.
TEST(Plan, OfTensorRtEightPointFiveTellsItsVersionAndSize) {
  using namespace std::string_literals;
  const std::string begin =
      "ptrt\0\0\0\0\xe8\0\0\0\0\0\0\0\x51\x09\0\0\0\0\0\0\x02\x80\x01\0\x08\x02\x80\x01\0\x05\x02\x80\x01\0"
      "\x03"
      "\x02\x80\x01\0\x01"s;
  const auto header = read(begin);
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->rtx);
  EXPECT_EQ(header->version, "8.5.3.1");
  EXPECT_EQ(header->size, 0x951u + 24);
  // Less, or something else, tells nothing.
  for (std::size_t size = 4; size < begin.size(); ++size) {
    EXPECT_EQ(read(begin.substr(0, size))->version, "") << size;
    EXPECT_EQ(read(begin.substr(0, size))->size, 0u) << size;
  }
  std::string other = begin;
  other[28] = 9;
  EXPECT_EQ(read(other)->version, "");
  other = begin;
  for (int i = 16; i < 24; ++i) other[static_cast<std::size_t>(i)] = '\xff';
  EXPECT_EQ(read(other)->size, 0u);
}

}  // namespace
}  // namespace polygraph
