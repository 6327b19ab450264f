#include "trt/build_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/trt.h>

#include <atomic>

#include "helpers/message.h"
#include "trt/models.h"
#include "trt/remedies.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(BuildPhases, AddUpFromTheOutermostInwards) {
  BuildPhases phases;
  EXPECT_EQ(phases.current(), "");
  phases.start("build", "", 4);
  phases.start("clone", "build", 2);
  EXPECT_EQ(phases.current(), "clone");
  EXPECT_DOUBLE_EQ(phases.done(), 0);
  phases.complete_step("clone", 0);
  EXPECT_DOUBLE_EQ(phases.done(), 1.0 / 8);
  phases.complete_step("clone", 1);
  phases.finish("clone");
  EXPECT_EQ(phases.current(), "");
  phases.complete_step("build", 0);
  EXPECT_DOUBLE_EQ(phases.done(), 1.0 / 4);
  phases.start("time", "build", 1);
  phases.start("reformat", "time", 2);
  phases.complete_step("reformat", 0);
  EXPECT_DOUBLE_EQ(phases.done(), 3.0 / 8);
  phases.complete_step("build", 3);
  EXPECT_DOUBLE_EQ(phases.done(), 1);
}

TEST(BuildPhases, NeverGoBackUntilAllHaveEnded) {
  BuildPhases phases;
  phases.start("build", "", 2);
  phases.start("part", "build", 2);
  phases.complete_step("part", 1);
  const double before = phases.done();
  phases.finish("part");
  phases.start("part", "build", 10);
  phases.complete_step("part", 0);
  EXPECT_DOUBLE_EQ(phases.done(), before);
  phases.finish("part");
  phases.finish("build");
  phases.start("build again", "", 2);
  EXPECT_DOUBLE_EQ(phases.done(), 0);
}

TEST(BuildPhases, TakeWhatNobodyExpects) {
  BuildPhases phases;
  phases.finish("nothing");
  phases.complete_step("nothing", 3);
  phases.start("empty", "nobody", 0);
  phases.complete_step("empty", 7);
  EXPECT_DOUBLE_EQ(phases.done(), 1);
}

// A monitor of the user's, that ends a build after some steps.
struct Monitor final : nvinfer1::IProgressMonitor {
  explicit Monitor(int allowed) : left(allowed) {}
  void phaseStart(const char*, const char*, std::int32_t) noexcept override {}
  bool stepComplete(const char*, std::int32_t) noexcept override { return --left >= 0; }
  void phaseFinish(const char*) noexcept override {}
  std::atomic<int> left;
};

TEST(Build, IsWatchedAndCancelledByAMonitorOfTheUsers) {
  const auto build = [](Monitor& monitor) {
    return engine_bytes_from_network(
        network_from_onnx_path(identity()),
        postprocess_config(create_config(), [&](nvinfer1::IBuilderConfig& config, const Network&) {
          config.setProgressMonitor(&monitor);
        }));
  };
  Monitor patient(1000000);
  EXPECT_GT(build(patient).size(), 0u);
  EXPECT_LT(patient.left, 1000000);
  Monitor impatient(2);
  EXPECT_THAT(message<BackendError>([&] { build(impatient); }),
              AllOf(HasSubstr("was cancelled."), HasSubstr("progress monitor"), Not(HasSubstr("failed"))));
}

TEST(Build, SaysWhatToDoAboutMissingMemory) {
  const auto remedy = [](std::string text) { return build_remedy(std::vector{std::move(text)}); };
  EXPECT_THAT(remedy("[defaultAllocator.cpp] Error Code 2: OutOfMemory (Requested size was 9 bytes.)"),
              AllOf(HasSubstr("End what else uses the GPU's memory"), HasSubstr("memory_pool_limits")));
  EXPECT_THAT(remedy("Could not find any implementation for node conv."), HasSubstr("another precision"));
  EXPECT_THAT(remedy("Unable to load library: libcudnn.so.8"), HasSubstr("Install the cuDNN"));
  EXPECT_THAT(remedy("something else"), HasSubstr("-vvv"));
}

}  // namespace
}  // namespace polygraph::trt::test
