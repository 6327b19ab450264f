#include "cli/help.h"

#include <gmock/gmock.h>

namespace polygraph::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Tool sample() {
  Tool tool{.name = "model",
            .summary = "Show a model.",
            .description = "More about it.",
            .examples = {{"polygraph model m.onnx", "The inputs and outputs."}}};
  tool.positionals = {{.names = {"model_file"}, .help = "The model.", .arity = Arity::one}};
  tool.groups = {
      {.options = {{.names = {"--show"},
                    .help = "Show more.",
                    .arity = Arity::one_or_more,
                    .choices = {{"layers", "The nodes."}, {"attrs", "The attributes."}}},
                   {.names = {"-o", "--output"}, .metavar = "FILE", .help = "Where to.", .arity = Arity::one},
                   {.names = {"--level"},
                    .help = "How much.",
                    .arity = Arity::one,
                    .choices = {{"low"}, {"high"}},
                    .default_text = "low"}}},
      {.title = "Logging",
       .description = "About messages.",
       .options = {{.names = {"-v"}, .help = "Log more."}}},
  };
  return tool;
}

TEST(Help, WholeText) {
  EXPECT_EQ(help_text("polygraph model", sample(), {.width = 60, .bold = false}), R"(Example:
  polygraph model m.onnx
      The inputs and outputs.

usage: polygraph model [options] MODEL_FILE

Show a model.

More about it.

Arguments:
  MODEL_FILE              The model.

Options:
  -h, --help              Show this help and exit.
  --show {layers,attrs}...
                          Show more.
                          layers  The nodes.
                          attrs   The attributes.
  -o, --output FILE       Where to.
  --level {low,high}      How much. Default: low.

Logging:
  About messages.

  -v                      Log more.
)");
}

TEST(Help, HeadingsAreBoldOnRequest) {
  const std::string text = help_text("polygraph model", sample(), {.width = 60, .bold = true});
  EXPECT_THAT(text, StartsWith("\x1b[1mExample\x1b[0m:"));
}

TEST(Help, SubtoolsAreListedWithTheirSummaries) {
  Tool tool{.name = "inspect", .summary = "Look."};
  tool.subtools = {{"model", "Show a model.", sample}};
  const std::string text = help_text("polygraph inspect", tool, {.width = 60, .bold = false});
  EXPECT_THAT(text, StartsWith("usage: polygraph inspect [options] TOOL ..."));
  EXPECT_THAT(text, HasSubstr("Tools:\n  model                   Show a model.\n"));
}

TEST(Help, LongListsOfChoicesAreListedBelow) {
  Tool tool{.name = "t", .summary = "T."};
  tool.groups = {
      {.options = {{.names = {"--compare"},
                    .help = "How to compare.",
                    .arity = Arity::one,
                    .choices = {{"simple"}, {"indices"}, {"cosine_similarity"}, {"quality_metrics"}}}}}};
  const std::string text = help_text("t", tool, {.width = 100, .bold = false});
  EXPECT_THAT(text, HasSubstr("--compare COMPARE       How to compare.\n"));
  EXPECT_THAT(text, HasSubstr("One of simple, indices, cosine_similarity, quality_metrics."));
}

TEST(Invocation, ShowsHowManyValues) {
  const auto with = [](Arity arity) {
    return invocation({.names = {"-x", "--long"}, .metavar = "V", .arity = arity});
  };
  EXPECT_EQ(with(Arity::none), "-x, --long");
  EXPECT_EQ(with(Arity::one), "-x, --long V");
  EXPECT_EQ(with(Arity::optional), "-x, --long [V]");
  EXPECT_EQ(with(Arity::one_or_more), "-x, --long V...");
  EXPECT_EQ(with(Arity::zero_or_more), "-x, --long [V...]");
  EXPECT_EQ(with(Arity::rest), "-x, --long [V...]");
}

}  // namespace
}  // namespace polygraph::cli
