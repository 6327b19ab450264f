#include "cli/interrupt.h"

#include <gtest/gtest.h>
#include <polygraph/core/files.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

namespace polygraph::cli {
namespace {

[[noreturn]] void wait_for_signal(int signal) {
  watch_for_interrupts();
  kill(getpid(), signal);
  sleep(10);
  _exit(99);
}

class InterruptTest : public ::testing::Test {
 protected:
  InterruptTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(InterruptTest, SigintEndsWith130) {
  EXPECT_EXIT(wait_for_signal(SIGINT), ::testing::ExitedWithCode(130), "^\\[!\\] Interrupted\n$");
}

TEST_F(InterruptTest, SigtermEndsWith143) {
  EXPECT_EXIT(wait_for_signal(SIGTERM), ::testing::ExitedWithCode(143), "^\\[!\\] Terminated\n$");
}

TEST_F(InterruptTest, SaysNothingAfterTheLastWords) {
  EXPECT_EXIT(
      {
        end_silently_when_interrupted();
        wait_for_signal(SIGTERM);
      },
      ::testing::ExitedWithCode(143), "^$");
}

TEST_F(InterruptTest, SignalThatTheParentIgnoresStaysIgnored) {
  EXPECT_EXIT(
      {
        signal(SIGINT, SIG_IGN);
        watch_for_interrupts();
        kill(getpid(), SIGINT);
        usleep(50'000);
        _exit(7);
      },
      ::testing::ExitedWithCode(7), "^$");
}

TEST_F(InterruptTest, UnfinishedFilesAreRemoved) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "polygraph-interrupt-test";
  std::filesystem::remove_all(folder);
  EXPECT_EXIT(
      {
        AtomicFile file(folder / "model.engine");
        file.write("half of it");
        wait_for_signal(SIGINT);
      },
      ::testing::ExitedWithCode(130), "Interrupted");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace polygraph::cli
