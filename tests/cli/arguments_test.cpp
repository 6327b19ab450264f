#include "cli/arguments.h"

#include <gmock/gmock.h>

#include <random>

namespace polygraph::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Strings = std::vector<std::string>;

// Writes down what is applied, as "name=value,value".
class ArgumentsTest : public ::testing::Test {
 protected:
  Option option(Strings names, Arity arity = Arity::none, std::vector<Choice> choices = {}) {
    const std::string name = names.back();
    return {.names = std::move(names),
            .help = "Help of " + name + ".",
            .arity = arity,
            .choices = std::move(choices),
            .apply = [this, name](Values values) {
              std::string line = name;
              for (const std::string& value : values) line += (line == name ? "=" : ",") + value;
              applied_.push_back(line);
            }};
  }

  Option repeated(Option option) {
    option.repeat = Repeat::each;
    return option;
  }

  Tool model_tool() {
    Tool tool{.name = "model", .summary = "Show a model."};
    tool.positionals = {option({"model_file"}, Arity::one)};
    tool.groups = {
        {.options = {option({"--show"}, Arity::one_or_more, {{"layers"}, {"attrs"}, {"weights"}}),
                     option({"--shape-inference", "--do-shape-inference"}),
                     option({"--json"}, Arity::optional), option({"-o", "--output"}, Arity::one),
                     option({"--val-range"}, Arity::one_or_more),
                     option({"--tactic-sources"}, Arity::zero_or_more)}},
        {.title = "Runners", .options = {repeated(option({"--trt"})), repeated(option({"--onnxrt"}))}},
        {.title = "Logging",
         .options = {repeated(option({"-v", "--verbose"})), repeated(option({"-q", "--quiet"}))}},
    };
    return tool;
  }

  Tool root() {
    Tool tool{.name = "polygraph", .summary = "The program."};
    tool.groups = {{.options = {option({"--version"})}}};
    tool.groups[0].options[0].run_instead = [] { return ExitCode::passed; };
    tool.subtools = {{"model", "Show a model.", [this] { return model_tool(); }},
                     {"data", "Show data.", [this] { return data_tool(); }}};
    return tool;
  }

  Tool data_tool() {
    Tool tool{.name = "data", .summary = "Show data."};
    tool.positionals = {option({"first"}, Arity::one), option({"others"}, Arity::zero_or_more),
                        option({"last"}, Arity::one)};
    return tool;
  }

  Strings apply(Tool tool, const Strings& arguments) {
    applied_.clear();
    parse(std::move(tool), arguments).apply();
    return applied_;
  }
  Strings model(const Strings& arguments) { return apply(model_tool(), arguments); }

  std::string error(Tool tool, const Strings& arguments) {
    try {
      apply(std::move(tool), arguments);
    } catch (const CommandLineError& e) {
      usage_ = e.usage();
      EXPECT_EQ(e.exit_code(), ExitCode::usage);
      return e.what();
    }
    ADD_FAILURE() << "accepted";
    return {};
  }
  std::string model_error(const Strings& arguments) { return error(model_tool(), arguments); }

  Strings applied_;
  std::string usage_;
};

TEST_F(ArgumentsTest, ValueFollowsOrIsAttached) {
  EXPECT_THAT(model({"m", "--output", "f"}), ElementsAre("--output=f", "model_file=m"));
  EXPECT_THAT(model({"m", "--output=f"}), ElementsAre("--output=f", "model_file=m"));
  EXPECT_THAT(model({"m", "-of"}), ElementsAre("--output=f", "model_file=m"));
  EXPECT_THAT(model({"m", "-o=f"}), ElementsAre("--output=f", "model_file=m"));
  EXPECT_THAT(model({"m", "-o", "f"}), ElementsAre("--output=f", "model_file=m"));
}

TEST_F(ArgumentsTest, AttachedValueMayBeEmptyOrHoldAnEqualsSignOrDash) {
  EXPECT_THAT(model({"m", "--output="}), ElementsAre("--output=", "model_file=m"));
  EXPECT_THAT(model({"m", "--output=a=b"}), ElementsAre("--output=a=b", "model_file=m"));
  EXPECT_THAT(model({"m", "--output=--json"}), ElementsAre("--output=--json", "model_file=m"));
}

TEST_F(ArgumentsTest, ShortFlagsCombine) {
  EXPECT_THAT(model({"m", "-vvq"}), ElementsAre("--verbose", "--verbose", "--quiet", "model_file=m"));
  EXPECT_THAT(model({"m", "-vo", "f"}), ElementsAre("--verbose", "--output=f", "model_file=m"));
}

TEST_F(ArgumentsTest, LongOptionsMayBeAbbreviated) {
  EXPECT_THAT(model({"m", "--out", "f"}), ElementsAre("--output=f", "model_file=m"));
  EXPECT_THAT(model({"m", "--sho=attrs"}), ElementsAre("--show=attrs", "model_file=m"));
  // The last name of the option is reported, whichever is written.
  EXPECT_THAT(model({"m", "--sha"}), ElementsAre("--do-shape-inference", "model_file=m"));
}

TEST_F(ArgumentsTest, AmbiguousAbbreviationNamesTheCandidates) {
  EXPECT_THAT(model_error({"m", "--sh", "attrs"}),
              HasSubstr("Ambiguous option '--sh': it could be --show, --shape-inference."));
}

TEST_F(ArgumentsTest, ExactNameWinsOverLongerOnes) {
  Tool tool{.name = "t", .summary = "T."};
  tool.groups = {{.options = {option({"--shapes"}), option({"--shape"}), option({"--shape-x"})}}};
  EXPECT_THAT(apply(tool, {"--shape"}), ElementsAre("--shape"));
}

TEST_F(ArgumentsTest, TwoNamesOfOneOptionAreNotAmbiguous) {
  Tool tool{.name = "t", .summary = "T."};
  tool.groups = {{.options = {option({"--display", "--display-as"})}}};
  EXPECT_THAT(apply(tool, {"--dis"}), ElementsAre("--display-as"));
}

TEST_F(ArgumentsTest, ManyValuesEndAtTheNextOption) {
  EXPECT_THAT(model({"m", "--show", "layers", "attrs", "-v"}),
              ElementsAre("--show=layers,attrs", "--verbose", "model_file=m"));
}

TEST_F(ArgumentsTest, DoubleDashEndsOptions) {
  EXPECT_THAT(model({"--show", "layers", "--", "m"}), ElementsAre("--show=layers", "model_file=m"));
  EXPECT_THAT(model({"--", "--show"}), ElementsAre("model_file=--show"));
}

TEST_F(ArgumentsTest, NegativeNumbersAndDashAreValues) {
  EXPECT_THAT(model({"m", "--val-range", "-1", "-.5", "-1e-5", "-inf"}),
              ElementsAre("--val-range=-1,-.5,-1e-5,-inf", "model_file=m"));
  EXPECT_THAT(model({"-", "--json", "-"}), ElementsAre("--json=-", "model_file=-"));
}

TEST_F(ArgumentsTest, OptionalValues) {
  EXPECT_THAT(model({"m", "--json"}), ElementsAre("--json", "model_file=m"));
  EXPECT_THAT(model({"m", "--json", "f"}), ElementsAre("--json=f", "model_file=m"));
  EXPECT_THAT(model({"m", "--tactic-sources"}), ElementsAre("--tactic-sources", "model_file=m"));
  EXPECT_THAT(model({"m", "--tactic-sources", "a", "b"}),
              ElementsAre("--tactic-sources=a,b", "model_file=m"));
}

TEST_F(ArgumentsTest, LastOfRepeatedOptionsCountsUnlessEachDoes) {
  EXPECT_THAT(model({"m", "--output=a", "--output=b"}), ElementsAre("--output=b", "model_file=m"));
  EXPECT_THAT(model({"m", "-v", "-v"}), ElementsAre("--verbose", "--verbose", "model_file=m"));
}

TEST_F(ArgumentsTest, OrderOfOptionsIsKept) {
  EXPECT_THAT(model({"m", "--onnxrt", "--trt", "--onnxrt"}),
              ElementsAre("--onnxrt", "--trt", "--onnxrt", "model_file=m"));
}

TEST_F(ArgumentsTest, ChoicesIgnoreCaseAndAreNormalised) {
  EXPECT_THAT(model({"m", "--show", "LAYERS"}), ElementsAre("--show=layers", "model_file=m"));
}

TEST_F(ArgumentsTest, InvalidChoiceSaysWhatIsAllowed) {
  const std::string message = model_error({"m", "--show", "layer"});
  EXPECT_THAT(message, HasSubstr("Invalid value 'layer' for --show."));
  EXPECT_THAT(message, HasSubstr("Did you mean 'layers'?"));
  EXPECT_THAT(message, HasSubstr("Allowed: layers, attrs, weights."));
}

TEST_F(ArgumentsTest, PositionalTakenByAnOptionIsExplained) {
  EXPECT_THAT(model_error({"--show", "layers", "m.onnx"}),
              HasSubstr("If 'm.onnx' is the MODEL_FILE, put it before the options or after '--'."));
  EXPECT_THAT(model_error({"--json", "m.onnx"}), HasSubstr("'m.onnx' was read as a value of --json."));
}

TEST_F(ArgumentsTest, MissingValue) {
  EXPECT_THAT(model_error({"m", "--output"}), HasSubstr("Option --output needs a value: '--output OUTPUT'."));
  EXPECT_THAT(model_error({"m", "--output", "-v"}), HasSubstr("Option --output needs a value"));
  EXPECT_THAT(model_error({"m", "--show", "--", "x"}), HasSubstr("Option --show needs a value"));
  // A value that only looks like an option.
  EXPECT_THAT(model_error({"m", "--output", "-weird"}), HasSubstr("write --output=-weird."));
}

TEST_F(ArgumentsTest, FlagsTakeNoValue) {
  EXPECT_THAT(model_error({"m", "--quiet=1"}), HasSubstr("Option --quiet takes no value."));
  EXPECT_THAT(model_error({"m", "-q=1"}), HasSubstr("Option --quiet takes no value."));
  EXPECT_THAT(model_error({"m", "--help=1"}), HasSubstr("Option --help takes no value."));
}

TEST_F(ArgumentsTest, UnknownOptionSuggestsTheNearest) {
  const std::string message = model_error({"m", "--ouptut", "f"});
  EXPECT_THAT(message, HasSubstr("Unknown option '--ouptut' for 'model'."));
  EXPECT_THAT(message, HasSubstr("Did you mean '--output'?"));
  EXPECT_EQ(usage_, "usage: model [options] MODEL_FILE");
  EXPECT_THAT(model_error({"m", "-x"}), HasSubstr("Unknown option '-x'"));
  EXPECT_THAT(model_error({"m", "-vx"}), HasSubstr("Unknown option '-x'"));
  EXPECT_THAT(model_error({"m", "--=f"}), HasSubstr("Unknown option '--'"));
}

TEST_F(ArgumentsTest, MissingAndExtraPositionals) {
  EXPECT_THAT(model_error({}), HasSubstr("'model' needs MODEL_FILE."));
  EXPECT_THAT(model_error({"a", "b"}), HasSubstr("Unexpected argument 'b' for 'model'."));
}

TEST_F(ArgumentsTest, PositionalsShareTheirValues) {
  EXPECT_THAT(apply(data_tool(), {"a", "b"}), ElementsAre("first=a", "others", "last=b"));
  EXPECT_THAT(apply(data_tool(), {"a", "b", "c", "d"}), ElementsAre("first=a", "others=b,c", "last=d"));
  EXPECT_THAT(error(data_tool(), {"a"}), HasSubstr("needs LAST"));
}

TEST_F(ArgumentsTest, RestTakesOptionsOfOthers) {
  Tool tool{.name = "debug", .summary = "Debug."};
  tool.groups = {{.options = {option({"--check"}, Arity::rest), option({"-v", "--verbose"})}}};
  EXPECT_THAT(apply(tool, {"-v", "--check", "polygraph", "run", "-v", "--", "x"}),
              ElementsAre("--verbose", "--check=polygraph,run,-v,--,x"));
  tool.groups[0].options.erase(tool.groups[0].options.begin());
  tool.positionals = {option({"model"}, Arity::one), option({"command"}, Arity::rest)};
  EXPECT_THAT(apply(tool, {"m", "-v", "run", "-v", "--fast"}),
              ElementsAre("--verbose", "model=m", "command=run,-v,--fast"));
}

TEST_F(ArgumentsTest, RequiredOption) {
  Tool tool{.name = "convert", .summary = "Convert."};
  Option output = option({"-o", "--output"}, Arity::one);
  output.required = true;
  tool.groups = {{.options = {output}}};
  EXPECT_THAT(error(tool, {}), HasSubstr("Option --output is required: '--output OUTPUT'."));
  EXPECT_EQ(usage_, "usage: convert [options] --output OUTPUT");
  EXPECT_THAT(apply(tool, {"-o", "x"}), ElementsAre("--output=x"));
}

TEST_F(ArgumentsTest, RefusedValueIsReportedWithTheOption) {
  Tool tool{.name = "t", .summary = "T."};
  tool.groups = {{.options = {{.names = {"-n", "--threads"}, .arity = Arity::one, .apply = [](Values) {
                                 throw UsageError("'x' is not a number.", "Give a number.");
                               }}}}};
  const std::string message = error(tool, {"-n", "x"});
  EXPECT_THAT(message, HasSubstr("-n, --threads: 'x' is not a number."));
  EXPECT_THAT(message, HasSubstr("Give a number."));
}

TEST_F(ArgumentsTest, SubtoolsAreChosenByName) {
  const Command command = parse(root(), Strings{"model", "m", "-v"});
  EXPECT_EQ(command.name(), "polygraph model");
  ASSERT_EQ(command.tools().size(), 2u);
  EXPECT_THAT(error(root(), {"modle", "m"}),
              HasSubstr("Unknown tool 'modle' for 'polygraph'. Did you mean 'model'?"));
  EXPECT_EQ(usage_, "usage: polygraph [options] TOOL ...");
  EXPECT_THAT(error(root(), {}), HasSubstr("No tool given for 'polygraph'. Available: model, data."));
}

TEST_F(ArgumentsTest, TablesAreMadeOnlyForTheChosenTool) {
  Tool tool = root();
  bool made = false;
  tool.subtools.push_back({"other", "Other.", [&made] {
                             made = true;
                             return Tool{.name = "other"};
                           }});
  parse(tool, Strings{"model", "m"});
  EXPECT_FALSE(made);
  parse(tool, Strings{"other"});
  EXPECT_TRUE(made);
}

TEST_F(ArgumentsTest, HelpEndsTheCommandLine) {
  const Command command = parse(root(), Strings{"model", "-vh", "--unknown"});
  EXPECT_TRUE(command.wants_help());
  EXPECT_EQ(command.name(), "polygraph model");
  EXPECT_TRUE(parse(root(), Strings{"--help"}).wants_help());
  EXPECT_TRUE(parse(root(), Strings{"--he"}).wants_help());
  // What stands before it has to be right.
  EXPECT_THAT(error(root(), {"model", "--unknown", "-h"}), HasSubstr("Unknown option '--unknown'"));
}

TEST_F(ArgumentsTest, OptionThatRunsInsteadEndsTheCommandLine) {
  const Command command = parse(root(), Strings{"--version", "nonsense"});
  ASSERT_NE(command.instead(), nullptr);
  EXPECT_EQ(command.instead()->name(), "--version");
  EXPECT_EQ(parse(root(), Strings{"model", "m"}).instead(), nullptr);
}

TEST_F(ArgumentsTest, NothingIsAppliedBeforeTheWholeLineIsUnderstood) {
  model_error({"m", "-v", "--unknown"});
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ArgumentsTest, EmptyArgumentIsAValue) {
  EXPECT_THAT(model({""}), ElementsAre("model_file="));
}

TEST_F(ArgumentsTest, EveryLineIsUnderstoodOrRefused) {
  const Strings words = {"model",   "data",    "m",  "-",     "--",       "-v",     "-vq",    "-o",
                         "-of",     "-o=",     "-h", "--h",   "--s",      "--show", "layers", "--json",
                         "--json=", "--out=x", "-1", "",      "-=",       "--=",    "-v=",    "--trt=1",
                         "=",       "--val",   "-x", "--tac", "--versio", "-vo"};
  std::mt19937 random(1);
  int understood = 0;
  for (int i = 0; i < 20'000; ++i) {
    Strings line;
    for (std::size_t n = random() % 7; n > 0; --n) line.push_back(words[random() % words.size()]);
    try {
      parse(root(), line).apply();
      ++understood;
    } catch (const CommandLineError& error) {
      EXPECT_THAT(error.usage(), ::testing::StartsWith("usage: polygraph"));
      EXPECT_THAT(error.problem(), Not(IsEmpty()));
    }
  }
  EXPECT_GT(understood, 100);
}

}  // namespace
}  // namespace polygraph::cli
