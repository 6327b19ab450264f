#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/log_format.h"
#include "core/progress_line.h"

namespace polygraph {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StrEq;

std::source_location place_in_the_library();

using Message = std::pair<Severity, std::string>;

// Collects messages with a sink, and leaves the log as it was at the start of the program.
class Log : public testing::Test {
 protected:
  Log() {
    ::unsetenv("NO_COLOR");
    set_log_options({});
  }
  ~Log() override {
    set_log_sink({});
    set_log_options({});
    fs::remove_all(folder_);
  }

  void collect() {
    set_log_sink(
        [this](Severity severity, std::string_view text) { messages_.emplace_back(severity, text); });
  }
  static std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  // What goes to stderr during `work`.
  template <class Work>
  static std::string stderr_of(Work work) {
    testing::internal::CaptureStderr();
    work();
    return testing::internal::GetCapturedStderr();
  }

  std::vector<Message> messages_;
  fs::path folder_ = fs::temp_directory_path() / ("polygraph-log-" + std::to_string(::getpid()));
};

TEST_F(Log, LettersAreThoseOfPolygraphy) {
  set_log_options({.level = Severity::ultra_verbose});
  const std::string text = stderr_of([] {
    for (const Severity severity : {Severity::ultra_verbose, Severity::super_verbose, Severity::extra_verbose,
                                    Severity::verbose, Severity::info, Severity::start, Severity::finish,
                                    Severity::warning, Severity::error, Severity::critical})
      log_text(severity, "x");
  });
  EXPECT_EQ(text, "[U] x\n[S] x\n[X] x\n[V] x\n[I] x\n[I] x\n[I] x\n[W] x\n[E] x\n[!] x\n");
}

TEST_F(Log, ANumberBetweenTwoLevelsTakesTheLetterOfTheLower) {
  EXPECT_EQ(stderr_of([] { log_text(static_cast<Severity>(35), "x"); }), "[W] x\n");
}

TEST_F(Log, ContinuationLinesAreIndentedToThePrefix) {
  EXPECT_EQ(stderr_of([] { log_text(Severity::info, "a\n  b\n\nc\n"); }), "[I] a\n      b\n    \n    c\n");
  EXPECT_EQ(stderr_of([] { log_text(Severity::info, ""); }), "[I] \n");
}

TEST_F(Log, TimeAndPlaceAreInThePrefixIfAskedFor) {
  set_log_options({.timestamp = true, .line_info = true});
  const int line = __LINE__ + 1;
  const std::string text = stderr_of([] { log_text(Severity::warning, "a\nb"); });
  const std::string place = "[tests/core/log_test.cpp:" + std::to_string(line) + "] ";
  EXPECT_THAT(text, ContainsRegex("^\\[W\\] \\([0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\) \\[tests"));
  EXPECT_THAT(text, testing::EndsWith(place + "a\n" + std::string(4 + 11 + place.size(), ' ') + "b\n"));
}

TEST_F(Log, FmtFunctionsKeepThePlaceOfTheCall) {
  set_log_options({.line_info = true});
  const int line = __LINE__ + 1;
  const std::string text = stderr_of([] { log_info("{:.1f} s", 2.0); });
  EXPECT_EQ(text, "[I] [tests/core/log_test.cpp:" + std::to_string(line) + "] 2.0 s\n");
}

TEST_F(Log, LevelsBelowTheSetOneAreNotShown) {
  collect();
  set_log_options({.level = Severity::warning});
  EXPECT_FALSE(log_enabled(Severity::finish));
  EXPECT_TRUE(log_enabled(Severity::warning));
  log_text(Severity::finish, "no");
  log_text(Severity::warning, "yes");
  EXPECT_THAT(messages_, ElementsAre(Message(Severity::warning, "yes")));
}

TEST_F(Log, TheDefaultLevelIsInfo) {
  EXPECT_TRUE(log_enabled(Severity::info));
  EXPECT_FALSE(log_enabled(Severity::verbose));
}

TEST_F(Log, TheLongestPathOfWholeComponentsDecides) {
  const char* const here = "tests/core/log_test.cpp";
  const auto shown = [](std::vector<std::pair<std::string, Severity>> levels) {
    set_log_options({.level = Severity::info, .path_levels = std::move(levels)});
    return log_enabled(Severity::verbose);
  };
  EXPECT_FALSE(shown({}));
  EXPECT_TRUE(shown({{"tests", Severity::verbose}}));
  EXPECT_TRUE(shown({{"/tests//core/", Severity::verbose}}));
  EXPECT_TRUE(shown({{here, Severity::verbose}}));
  EXPECT_FALSE(shown({{"tests/co", Severity::verbose}}));
  EXPECT_FALSE(shown({{"core", Severity::verbose}}));
  EXPECT_FALSE(shown({{"tests/core/log_test.cpp/x", Severity::verbose}}));
  EXPECT_FALSE(shown({{"tests", Severity::verbose}, {"tests/core", Severity::error}}));
  EXPECT_TRUE(shown({{"tests/core", Severity::verbose}, {"tests", Severity::error}}));
  EXPECT_TRUE(shown({{"tests", Severity::error}, {"tests", Severity::verbose}}));
  EXPECT_TRUE(shown({{"", Severity::verbose}}));
}

TEST_F(Log, APathCanBeQuieterThanTheRest) {
  set_log_options({.level = Severity::info, .path_levels = {{"tests", Severity::error}}});
  EXPECT_FALSE(log_enabled(Severity::info));
  EXPECT_TRUE(log_enabled(Severity::error));
}

TEST_F(Log, FilesOfTheLibraryAreNamedFromTheirRoom) {
  collect();
  set_log_options({.level = Severity::info, .path_levels = {{"core/log_test_place.cpp", Severity::verbose}}});
  const std::source_location place = place_in_the_library();
  ASSERT_STREQ(place.file_name(), "src/core/log_test_place.cpp");
  EXPECT_TRUE(log_enabled(Severity::verbose, place));
  EXPECT_FALSE(log_enabled(Severity::verbose));
  set_log_sink({});
  set_log_options({.line_info = true});
  EXPECT_EQ(stderr_of([&] { log_text(Severity::info, "x", place); }), "[I] [core/log_test_place.cpp:7] x\n");
}

TEST_F(Log, OnceIsOncePerTextAndNotUsedUpByAHiddenOne) {
  collect();
  const std::string text = "once " + std::to_string(::getpid());
  log_once(Severity::verbose, text);  // hidden
  log_once(Severity::info, text);
  log_once(Severity::warning, text);
  log_once(Severity::info, text + " other");
  EXPECT_THAT(messages_,
              ElementsAre(Message(Severity::info, text), Message(Severity::info, text + " other")));
}

TEST_F(Log, TheSinkGetsThePlainTextInsteadOfStderr) {
  collect();
  EXPECT_EQ(stderr_of([] { log_text(Severity::error, "a\nb"); }), "");
  EXPECT_THAT(messages_, ElementsAre(Message(Severity::error, "a\nb")));
  set_log_sink({});
  EXPECT_EQ(stderr_of([] { log_text(Severity::error, "a"); }), "[E] a\n");
}

TEST_F(Log, NamesOfLevelsAreReadInAnyCase) {
  EXPECT_EQ(parse_severity("VERBOSE"), Severity::verbose);
  EXPECT_EQ(parse_severity("ultra_Verbose"), Severity::ultra_verbose);
  EXPECT_EQ(parse_severity("super_verbose"), Severity::super_verbose);
  EXPECT_EQ(parse_severity("extra_verbose"), Severity::extra_verbose);
  EXPECT_EQ(parse_severity("start"), Severity::start);
  EXPECT_EQ(parse_severity("finish"), Severity::finish);
  EXPECT_EQ(parse_severity("info"), Severity::info);
  EXPECT_EQ(parse_severity("warning"), Severity::warning);
  EXPECT_EQ(parse_severity("error"), Severity::error);
  EXPECT_EQ(parse_severity("critical"), Severity::critical);
  EXPECT_EQ(parse_severity("verb"), std::nullopt);
  EXPECT_EQ(parse_severity(""), std::nullopt);
}

TEST_F(Log, TheFileGetsEveryLineToo) {
  const fs::path path = folder_ / "x" / "log.txt";
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "older";
  collect();
  set_log_options({.log_file = path.string()});
  log_text(Severity::warning, "a\nb");
  EXPECT_EQ(text_of(path), "[W] a\n    b\n");
  set_log_options({.level = Severity::error, .log_file = path.string()});  // the same file goes on
  log_text(Severity::warning, "hidden");
  log_text(Severity::error, "c");
  EXPECT_EQ(text_of(path), "[W] a\n    b\n[E] c\n");
  set_log_options({});
  log_text(Severity::error, "elsewhere");
  EXPECT_EQ(text_of(path), "[W] a\n    b\n[E] c\n");
}

TEST_F(Log, AFileThatCannotBeOpenedIsAnErrorAndChangesNothing) {
  fs::create_directories(folder_);
  EXPECT_THAT(
      [&] { set_log_options({.level = Severity::error, .log_file = folder_.string()}); },
      testing::ThrowsMessage<InputError>(HasSubstr("Cannot write the log file '" + folder_.string() + "'")));
  EXPECT_TRUE(log_enabled(Severity::info));
}

TEST_F(Log, AFileThatCanNoLongerBeWrittenIsGivenUpWithOneWarning) {
  set_log_options({.log_file = "/dev/full"});
  const std::string text = stderr_of([] {
    log_text(Severity::info, "a");
    log_text(Severity::info, "b");
  });
  EXPECT_EQ(text, "[W] Log file '/dev/full' ends here: No space left on device.\n[I] a\n[I] b\n");
}

TEST_F(Log, ManyThreadsLogWhileTheOptionsChange) {
  fs::create_directories(folder_);
  std::atomic<int> received{0};
  std::atomic<bool> stop{false};
  set_log_sink([&](Severity, std::string_view text) { received += text == "message 7"; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([] {
      for (int n = 0; n < 300; ++n) log_info("message {}", 7);
    });
  std::thread changer([&] {
    for (int n = 0; !stop; ++n)
      set_log_options({.path_levels = {{"core", n % 2 == 0 ? Severity::verbose : Severity::error}},
                       .timestamp = n % 2 == 0,
                       .log_file = n % 3 == 0 ? "" : (folder_ / "log").string()});
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  changer.join();
  EXPECT_EQ(received, 900);  // the path of this file has no level of its own
}

TEST_F(Log, LinesOfSeveralThreadsAreNotMixed) {
  const std::string text = stderr_of([] {
    std::vector<std::thread> threads;
    for (char c = 'a'; c < 'd'; ++c)
      threads.emplace_back([c] {
        for (int n = 0; n < 50; ++n) log_text(Severity::info, std::string(100, c));
      });
    for (std::thread& thread : threads) thread.join();
  });
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    ASSERT_EQ(line, "[I] " + std::string(100, line.at(4)));
  EXPECT_EQ(count, 150);
}

// Runs `work` in a child whose stderr is a terminal of 60 columns; returns what the terminal was sent.
template <class Work>
std::string terminal_output(Work work) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
    throw std::runtime_error("no terminal");
  const winsize size{24, 60, 0, 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  const pid_t child = ::fork();
  if (child == 0) {
    const int side = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
    ::dup2(side, STDERR_FILENO);
    ::setenv("TERM", "xterm", 1);
    work();
    ::_exit(0);
  }
  std::string output;
  char buffer[4096];
  // The child has no other end open once it is gone, and reading fails then.
  const int keep_open = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  std::atomic<bool> ended{false};
  std::thread waiter([&] {
    ::waitpid(child, nullptr, 0);
    ended = true;
    ::close(keep_open);
  });
  while (true) {
    const ssize_t count = ::read(terminal, buffer, sizeof buffer);
    if (count <= 0) break;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  waiter.join();
  ::close(terminal);
  return output;
}

TEST_F(Log, ColoursAreThoseOfPolygraphyOnATerminal) {
  const std::string output = terminal_output([] {
    set_log_options({.level = Severity::verbose});
    for (const Severity severity : {Severity::verbose, Severity::info, Severity::start, Severity::finish,
                                    Severity::warning, Severity::error, Severity::critical})
      log_text(severity, "x");
  });
  EXPECT_EQ(output,
            "\x1b[95m[V] x\x1b[0m\r\n[I] x\r\n\x1b[96m[I] x\x1b[0m\r\n\x1b[92m[I] x\x1b[0m\r\n"
            "\x1b[93m[W] x\x1b[0m\r\n\x1b[91m[E] x\x1b[0m\r\n\x1b[91m[!] x\x1b[0m\r\n");
}

TEST_F(Log, ColourIsLeftOutWhereItIsNotWanted) {
  const auto error = [] { log_text(Severity::error, "x"); };
  EXPECT_EQ(terminal_output([&] {
              set_log_options({.colors = false});
              error();
            }),
            "[E] x\r\n");
  EXPECT_EQ(terminal_output([&] {
              ::setenv("NO_COLOR", "1", 1);
              set_log_options({});
              error();
            }),
            "[E] x\r\n");
  EXPECT_EQ(terminal_output([&] {
              ::setenv("NO_COLOR", "", 1);
              set_log_options({});
              error();
            }),
            "\x1b[91m[E] x\x1b[0m\r\n");
  EXPECT_EQ(terminal_output([&] {
              ::setenv("TERM", "dumb", 1);
              error();
            }),
            "[E] x\r\n");
}

TEST_F(Log, TheFileHasNoColourEvenIfTheTerminalHas) {
  fs::create_directories(folder_);
  const fs::path path = folder_ / "log";
  const std::string output = terminal_output([&] {
    set_log_options({.log_file = path.string()});
    log_text(Severity::error, "x");
  });
  EXPECT_THAT(output, HasSubstr("\x1b[91m"));
  EXPECT_EQ(text_of(path), "[E] x\n");
}

TEST_F(Log, ShortWorkShowsNoProgress) {
  EXPECT_EQ(terminal_output([] {
              Progress progress("Reading", 100);
              progress.advance(50);
              std::this_thread::sleep_for(milliseconds(300));
            }),
            "");
}

TEST_F(Log, LongWorkShowsABarThatDisappearsAndLinesAboveIt) {
  const std::string output = terminal_output([] {
    Progress progress("Reading", 100);
    progress.advance(20);
    progress.advance(22);
    std::this_thread::sleep_for(milliseconds(1250));
    log_text(Severity::info, "a line");
    std::this_thread::sleep_for(milliseconds(150));
  });
  const std::string bar = "Reading  42% [################                        ] 1 s";
  EXPECT_THAT(output, testing::StartsWith("\r\x1b[K" + bar));
  EXPECT_THAT(output, HasSubstr("\r\x1b[K[I] a line\r\n" + bar));
  EXPECT_THAT(output, testing::EndsWith("\r\x1b[K"));
}

TEST_F(Log, OfSeveralProgressesOneIsShown) {
  const std::string output = terminal_output([] {
    Progress outer("Outer");
    std::this_thread::sleep_for(milliseconds(200));
    Progress inner("Inner");
    std::this_thread::sleep_for(milliseconds(1300));
  });
  EXPECT_THAT(output, AllOf(HasSubstr("Outer ... 1 s"), Not(HasSubstr("Inner"))));
}

TEST_F(Log, AHigherLevelShowsNoProgress) {
  EXPECT_EQ(terminal_output([] {
              set_log_options({.level = Severity::start});
              Progress progress("Reading");
              std::this_thread::sleep_for(milliseconds(1200));
            }),
            "");
}

TEST_F(Log, WithoutATerminalProgressStartsNoThread) {
  const auto threads = [] {
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  };
  const std::string text = stderr_of([&] {
    const auto before = threads();
    Progress progress("Reading", 10);
    progress.advance(5);
    EXPECT_EQ(threads(), before);
  });
  EXPECT_THAT(text, IsEmpty());
}

TEST(ProgressLine, FitsTheWidth) {
  using std::chrono::seconds;
  EXPECT_EQ(progress_line("Building", 0, 0, seconds(5), 80), "Building ... 5 s");
  EXPECT_EQ(progress_line("Building", 0, 0, seconds(5), 12), "Buil ... 5 s");
  EXPECT_EQ(progress_line("Building", 0, 0, seconds(5), 3), " ..");
  EXPECT_EQ(progress_line("Reading", 1, 2, seconds(5), 34), "Reading  50% [#######        ] 5 s");
  EXPECT_EQ(progress_line("Reading", 1, 2, seconds(5), 24), "Reading  50% 5 s");  // no room for a bar
  for (std::size_t width = 0; width < 100; ++width)
    ASSERT_LE(progress_line("Reading a file", 1, 2, seconds(5), width).size(), width);
}

TEST(ProgressLine, CutsBetweenCodePoints) {
  EXPECT_EQ(progress_line("\xC3\xA9\xC3\xA9\xC3\xA9", 0, 0, std::chrono::seconds(1), 10),
            "\xC3\xA9\xC3\xA9 ... 1 s");
}

TEST(ProgressLine, CountsToTheTotalAndNotBeyond) {
  using std::chrono::seconds;
  EXPECT_THAT(progress_line("a", 0, 10, seconds(0), 80), StrEq("a   0% [" + std::string(40, ' ') + "] 0 s"));
  EXPECT_THAT(progress_line("a", 10, 10, seconds(0), 80), StrEq("a 100% [" + std::string(40, '#') + "] 0 s"));
  EXPECT_THAT(progress_line("a", 25, 10, seconds(0), 80), StrEq("a 100% [" + std::string(40, '#') + "] 0 s"));
}

TEST(ProgressLine, TellsTheTimeInTheUnitThatFits) {
  using std::chrono::seconds;
  EXPECT_EQ(progress_line("a", 0, 0, seconds(59), 80), "a ... 59 s");
  EXPECT_EQ(progress_line("a", 0, 0, seconds(65), 80), "a ... 1:05 min");
  EXPECT_EQ(progress_line("a", 0, 0, seconds(3661), 80), "a ... 1:01:01 h");
}

// At the end of the file, since the rest of it is named by this line.
std::source_location place_in_the_library() {
#line 7 "src/core/log_test_place.cpp"
  return std::source_location::current();
}

}  // namespace
}  // namespace polygraph
