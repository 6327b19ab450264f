#include "cli/logging_options.h"

#include <gmock/gmock.h>

#include "cli/arguments.h"

namespace polygraph::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

LogOptions resolve(const std::vector<std::string>& arguments) {
  LoggingOptions logging;
  Tool tool{.name = "t", .summary = "T."};
  tool.groups = {logging_group(logging)};
  parse(tool, arguments).apply();
  return logging.resolve();
}

TEST(LoggingOptions, InfoByDefault) {
  const LogOptions options = resolve({});
  EXPECT_EQ(options.level, Severity::info);
  EXPECT_TRUE(options.colors);
  EXPECT_FALSE(options.timestamp);
  EXPECT_FALSE(options.line_info);
  EXPECT_THAT(options.log_file, IsEmpty());
}

TEST(LoggingOptions, VerboseAndQuietStepThroughTheLevels) {
  EXPECT_EQ(resolve({"-v"}).level, Severity::verbose);
  EXPECT_EQ(resolve({"-vv"}).level, Severity::extra_verbose);
  EXPECT_EQ(resolve({"-vvv"}).level, Severity::super_verbose);
  EXPECT_EQ(resolve({"-vvvv"}).level, Severity::ultra_verbose);
  EXPECT_EQ(resolve({"-vvvvvv"}).level, Severity::ultra_verbose);
  EXPECT_EQ(resolve({"-q"}).level, Severity::start);
  EXPECT_EQ(resolve({"-qq"}).level, Severity::finish);
  EXPECT_EQ(resolve({"-qqq"}).level, Severity::warning);
  EXPECT_EQ(resolve({"-qqqq"}).level, Severity::error);
  EXPECT_EQ(resolve({"-qqqqq"}).level, Severity::critical);
  EXPECT_EQ(resolve({"-qqqqqqqq"}).level, Severity::critical);
  EXPECT_EQ(resolve({"-vvq"}).level, Severity::verbose);
}

TEST(LoggingOptions, VerbosityWinsOverVerboseAndQuiet) {
  EXPECT_EQ(resolve({"--verbosity", "warning", "-vvv"}).level, Severity::warning);
  EXPECT_EQ(resolve({"-q", "--verbosity", "VERBOSE"}).level, Severity::verbose);
}

TEST(LoggingOptions, PathsHaveLevelsOfTheirOwn) {
  const LogOptions options = resolve({"--verbosity", "onnx:verbose", "core/log.cpp:ERROR", "-v"});
  EXPECT_EQ(options.level, Severity::verbose) << "paths leave the level of the rest to -v";
  EXPECT_THAT(options.path_levels,
              ElementsAre(Pair("onnx", Severity::verbose), Pair("core/log.cpp", Severity::error)));
  EXPECT_EQ(resolve({"--verbosity", ":error"}).level, Severity::error);
}

TEST(LoggingOptions, SilentWinsOverAll) {
  const LogOptions options = resolve({"--silent", "-vv", "--verbosity", "info", "onnx:verbose"});
  EXPECT_EQ(options.level, Severity::critical);
  EXPECT_THAT(options.path_levels, IsEmpty());
}

TEST(LoggingOptions, FormatAndFile) {
  const LogOptions options = resolve({"--log-format", "timestamp", "no-colors", "--log-file", "x.log"});
  EXPECT_TRUE(options.timestamp);
  EXPECT_FALSE(options.line_info);
  EXPECT_FALSE(options.colors);
  EXPECT_EQ(options.log_file, "x.log");
  EXPECT_TRUE(resolve({"--log-format", "line-info"}).line_info);
}

TEST(LoggingOptions, UnknownLevelIsRefused) {
  try {
    resolve({"--verbosity", "onnx:verbos"});
    FAIL();
  } catch (const CommandLineError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--verbosity: There is no level 'verbos'. Did you mean 'VERBOSE'?"));
  }
}

}  // namespace
}  // namespace polygraph::cli
