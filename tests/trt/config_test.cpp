#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/trt.h>

#include <fstream>

#include "helpers/message.h"
#include "trt/build_config.h"
#include "trt/models.h"

namespace polygraph::trt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::AllOf;
using testing::HasSubstr;

TEST(CreateConfig, RefusesWhatContradictsItself) {
  EXPECT_THAT(message<UsageError>([] { create_config({.exclude_lean_runtime = true}); }),
              HasSubstr("exclude_lean_runtime was given without version_compatible"));
  EXPECT_THAT(message<UsageError>([] { create_config({.builder_optimization_level = 6}); }),
              HasSubstr("builder_optimization_level is 6, and it must be 0 to 5"));
  EXPECT_THAT(message<UsageError>([] { create_config({.max_aux_streams = -1}); }),
              HasSubstr("max_aux_streams is -1, and it must be 0 or more"));
  EXPECT_THAT(
      message<UsageError>([] { create_config({.fp16 = true}, {}, Calibrator(std::vector<FeedDict>{})); }),
      HasSubstr("a calibrator was given without int8"));
  EXPECT_THAT(message<UsageError>([] {
                create_config({.memory_pool_limits = {{"workspace", "2 gigs"}}});
              }),
              HasSubstr("'2 gigs' is no size of memory"));
}

TEST(CreateConfig, PrintsItself) {
  EXPECT_EQ(CreateConfig().str(), "CreateConfig()");
  EXPECT_EQ(CreateConfig({.fp16 = true}, {Profile().add("x", {1, 3}, {4, 3}, {8, 3})}).str(),
            "CreateConfig({.fp16 = true}, {Profile().add(\"x\", {1, 3}, {4, 3}, {8, 3})})");
  EXPECT_EQ(CreateConfig({.int8 = true}, {}, Calibrator(std::vector<FeedDict>{}, {.cache = "c"})).str(),
            "CreateConfig({.int8 = true}, {}, Calibrator(/* data */, {.cache = \"c\"}))");
  EXPECT_EQ(EngineBytesFromNetwork(NetworkFromOnnxPath("m.onnx"), CreateConfig({.bf16 = true})).str(),
            "EngineBytesFromNetwork(NetworkFromOnnxPath(\"m.onnx\"), CreateConfig({.bf16 = true}))");
}

TEST(MemorySize, HasUnits) {
  EXPECT_EQ(parse_memory_size("64", "x"), 64u);
  EXPECT_EQ(parse_memory_size("512M", "x"), std::size_t{512} << 20);
  EXPECT_EQ(parse_memory_size("1.5G", "x"), std::size_t{3} << 29);
  for (const char* bad : {"", "M", "-1", "1X", "1MB"})
    EXPECT_THAT(message<UsageError>([&] { parse_memory_size(bad, "x"); }), HasSubstr("is no size of memory"));
}

class Native : public testing::Test {
 protected:
  BuildConfig make(ConfigOptions options, std::vector<Profile> profiles = {}) {
    return make_build_config(network_, Config(std::move(options), std::move(profiles)));
  }
  Network network_ = network_from_onnx_path(identity());
};

TEST_F(Native, OptionsReachTensorRt) {
  using Flag = nvinfer1::BuilderFlag;
  const BuildConfig plain = make({});
  EXPECT_FALSE(plain.config->getFlag(Flag::kTF32)) << "TensorRT's default is another";
  EXPECT_EQ(plain.config->getProfilingVerbosity(), nvinfer1::ProfilingVerbosity::kDETAILED);
  EXPECT_FALSE(plain.narrow_to);

  const BuildConfig all = make({.tf32 = true,
                                .fp16 = true,
                                .bf16 = true,
                                .sparse_weights = true,
                                .refittable = true,
                                .memory_pool_limits = {{"workspace", "64M"}},
                                .profiling_verbosity = ProfilingVerbosity::layer_names_only,
                                .builder_optimization_level = 2,
                                .max_aux_streams = 1});
  for (const Flag flag : {Flag::kTF32, Flag::kSPARSE_WEIGHTS, Flag::kREFIT})
    EXPECT_TRUE(all.config->getFlag(flag)) << static_cast<int>(flag);
  EXPECT_EQ(all.config->getMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE), std::size_t{64} << 20);
  EXPECT_EQ(all.config->getProfilingVerbosity(), nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY);
  EXPECT_EQ(all.config->getBuilderOptimizationLevel(), 2);
  EXPECT_EQ(all.config->getMaxAuxStreams(), 1);
  EXPECT_EQ(all.narrow_to, nvinfer1::DataType::kHALF) << "fp16 before bf16";
}

TEST_F(Native, WhatThisVersionLacksNamesThoseThatHaveIt) {
  const Calibrator calibrator(std::vector<FeedDict>{});
  for (const std::optional<Calibrator>& each : {std::optional<Calibrator>(), std::optional(calibrator)})
    EXPECT_THAT(
        message<BackendError>(
            [&] { make_build_config(network_, Config(ConfigOptions{.int8 = true}, {}, each)); }),
        AllOf(HasSubstr("TensorRT-RTX 1.6.1 has no option int8, and does not calibrate"),
              HasSubstr("a model with QuantizeLinear and DequantizeLinear nodes runs in INT8 without it"),
              HasSubstr("TensorRT 8.5 to 10")));
  EXPECT_THAT(message<BackendError>([&] { make({.fp8 = true}); }), HasSubstr("use TensorRT 8.6 to 10."));
  EXPECT_THAT(message<BackendError>([&] { make({.use_dla = true}); }), HasSubstr("does not use DLA"));
  EXPECT_THAT(message<UsageError>([&] {
                make({.memory_pool_limits = {{"workspaces", "1M"}}});
              }),
              AllOf(HasSubstr("has no 'workspaces' among its memory_pool_limits"),
                    HasSubstr("Did you mean 'workspace'?")));
  EXPECT_THAT(message<UsageError>([&] { make({.preview_features = {"magic"}}); }), HasSubstr("'magic'"));
}

TEST_F(Native, StepsRunLast) {
  Config config = postprocess_config(Config(ConfigOptions{.builder_optimization_level = 2}),
                                     [](nvinfer1::IBuilderConfig& native, const Network& network) {
                                       EXPECT_EQ(native.getBuilderOptimizationLevel(), 2);
                                       EXPECT_EQ(network->getNbInputs(), 1);
                                       native.setBuilderOptimizationLevel(4);
                                     });
  EXPECT_EQ(make_build_config(network_, config).config->getBuilderOptimizationLevel(), 4);
}

TEST_F(Native, ProfilesAreChecked) {
  const std::string name = network_->getInput(0)->getName();
  EXPECT_THAT(message<InputError>([&] { make({}, {Profile().add("nothing", {1})}); }),
              HasSubstr("'nothing'"));
  EXPECT_THAT(message<InputError>([&] {
                make({}, {Profile().add(name, {1, 1, 1, 1, 1, 1})});
              }),
              HasSubstr("does not fit the input's shape"));
  if (!std::filesystem::exists(magika())) GTEST_SKIP();
  network_ = network_from_onnx_path(magika());
  EXPECT_THAT(message<InputError>([&] {
                make({}, {Profile().add("bytes", {4, 2048}, {2, 2048}, {8, 2048})});
              }),
              HasSubstr("dimension 0 does not grow from min to max"));
  EXPECT_EQ(make({}).config->getNbOptimizationProfiles(), 1) << "one with 1 for open dimensions";
  EXPECT_EQ(make({}, {Profile().add("b*", {1, 2048}), Profile().add("bytes", {8, 2048})})
                .config->getNbOptimizationProfiles(),
            2);
}

TEST_F(Native, TimingCachesAreKeptAndJoined) {
  const fs::path folder = fs::path(testing::TempDir()) / "polygraph_timing_cache";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const fs::path path = folder / "timing.cache";
  engine_bytes_from_network(network_, create_config({.save_timing_cache = path.string()}));
  ASSERT_TRUE(fs::exists(path));
  EXPECT_TRUE(fs::exists(folder / "timing.cache.lock"));
  const auto size = fs::file_size(path);
  // Without a GPU, TensorRT-RTX reads no timing cache: it builds without one, and the older file stays.
  engine_bytes_from_network(network_, create_config({.load_timing_cache = path.string()}));
  const std::string again = message<BackendError>(
      [&] { engine_bytes_from_network(network_, create_config({.save_timing_cache = path.string()})); });
  EXPECT_THAT(again, testing::AnyOf("nothing was thrown", HasSubstr("only where there is a GPU")));
  EXPECT_GE(fs::file_size(path), size);
  engine_bytes_from_network(network_, create_config({.load_timing_cache = (folder / "none.cache").string()}));
  std::ofstream(folder / "bad.cache") << "no timing cache at all, but some text that is long enough";
  const bool has_gpu = again == "nothing was thrown";
  EXPECT_THAT(message<InputError>([&] { make({.load_timing_cache = (folder / "bad.cache").string()}); }),
              HasSubstr(has_gpu ? "bad.cache' is damaged or of another kind" : "nothing was thrown"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace polygraph::trt::test
