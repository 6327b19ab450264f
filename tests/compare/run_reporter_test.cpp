#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "compare/temporary_folder.h"
#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::HasSubstr;
using testing::Not;

IterationResult result(const std::string& runner, float value) {
  return {{{"y", Tensor::full(Shape{2}, value)}}, 0.5, runner};
}

const FeedDict inputs{{"x", Tensor::full(Shape{1}, 1.0f)}};

class Reporter : public testing::Test {
 protected:
  RunReporter reporter(RunReporterOptions options = {}, std::vector<PostprocessFunction> postprocess = {}) {
    return RunReporter({SimpleCompareFunc()}, std::move(options), std::move(postprocess),
                       [this](std::string_view more) { text_ += more; });
  }
  std::string text_;
};

TEST_F(Reporter, TellsWhatRunAndWhetherItPassed) {
  RunReporter report = reporter({.command = "polygraph run"});
  EXPECT_TRUE(report.add(inputs, {result("a", 1), result("b", 1)}));
  EXPECT_TRUE(report.add(inputs, {result("a", 2), result("b", 2)}));
  EXPECT_TRUE(report.finish(1.5));
  EXPECT_THAT(text_, HasSubstr("---- Inference Input(s) ----\n{x [dtype=float32, shape=(1,)]}\n"));
  EXPECT_THAT(text_, HasSubstr("Accuracy Comparison | a vs. b\nIteration: 0\n"));
  EXPECT_THAT(text_, Not(HasSubstr("Iteration: 1\n")));
  EXPECT_THAT(text_, HasSubstr("a | Completed 2 iteration(s) in 1000 ms | Average inference time: 500 ms"));
  EXPECT_THAT(text_, HasSubstr("Accuracy Summary | a vs. b | Passed: 2/2 iterations | Pass Rate: 100.00%\n"));
  EXPECT_THAT(text_, HasSubstr("PASSED | Runtime: 1.500s | Command: polygraph run\n"));
  EXPECT_TRUE(report.report().passed);
  EXPECT_EQ(report.report().iterations, 2);
}

TEST_F(Reporter, TellsTheFirstTenFailuresInFullAndAllIfVerbose) {
  for (const bool verbose : {false, true}) {
    text_.clear();
    RunReporter report = reporter({.verbose = verbose});
    for (int i = 0; i < 12; ++i) EXPECT_TRUE(report.add(inputs, {result("a", 1), result("b", 2)}));
    EXPECT_FALSE(report.finish());
    EXPECT_THAT(text_, HasSubstr("Iteration: 9\n"));
    EXPECT_EQ(text_.find("Iteration: 11\n") != std::string::npos, verbose);
    EXPECT_THAT(text_, HasSubstr("Passed: 0/12 iterations"));
  }
}

LayerTimes many_layers() {
  LayerTimes times{.inferences = 4, .seconds = 0.1};
  for (int i = 1; i <= 12; ++i)
    times.layers.push_back({"layer " + std::to_string(i), i % 2 ? "Odd" : "Even", "cpu", 4, 0.001 * i});
  times.layers[11].name = std::string(70, 'x') + "\nend";
  return times;
}

TEST_F(Reporter, TellsWhatLayersTookTheLongestFirst) {
  RunReporter report = reporter();
  report.add(inputs, {result("a", 1), result("b", 1)});
  report.add_layer_times({{"b", many_layers()}});
  report.finish();
  const std::string longest = "..." + std::string(50, 'x') + "\\x0aend";
  EXPECT_THAT(text_, HasSubstr("b | Layer Times | 12 layers took 19.5 ms of the 25 ms of an inference, on "
                               "average of 4\n"));
  EXPECT_THAT(text_, HasSubstr("    " + longest +
                               "  Even  cpu         4     3.0000  15.4%\n"
                               "    layer 11 "));
  EXPECT_THAT(text_, HasSubstr("    ... and 2 more layers (-v shows all)\n"
                               "    Type  Layers  Calls  Mean (ms)  Share\n"
                               "    Even       6     24    10.5000  53.8%\n"
                               "    Odd        6     24     9.0000  46.2%\n"));
  EXPECT_THAT(text_, Not(HasSubstr("layer 2 ")));
  EXPECT_THAT(text_, Not(HasSubstr("a | Layer Times")));
}

TEST_F(Reporter, TellsAllLayersIfVerbose) {
  RunReporter report = reporter({.verbose = true});
  report.add(inputs, {result("a", 1), result("b", 1)});
  LayerTimes untyped = many_layers();
  for (LayerTime& layer : untyped.layers) layer.type = layer.ran_by = {};
  report.add_layer_times({{"a", many_layers()}, {"b", untyped}});
  report.finish();
  EXPECT_THAT(text_, HasSubstr("    " + std::string(70, 'x') + "\\x0aend  Even  cpu "));
  EXPECT_THAT(text_, HasSubstr("    layer 1 "));
  EXPECT_THAT(text_, Not(HasSubstr("more layers")));
  EXPECT_THAT(text_, HasSubstr("    layer 11" + std::string(69, ' ') + "      4     2.7500  14.1%\n"))
      << "columns without any text are left out";
}

TEST_F(Reporter, StopsAtTheFirstFailureIfAsked) {
  RunReporter report = reporter({.fail_fast = true});
  EXPECT_TRUE(report.add(inputs, {result("a", 1), result("b", 1)}));
  EXPECT_FALSE(report.add(inputs, {result("a", 1), result("b", 2)}));
  EXPECT_FALSE(report.finish());
}

TEST_F(Reporter, ALostRunnerFails) {
  RunReporter report = reporter();
  EXPECT_TRUE(report.add(inputs, {result("a", 1), {{}, std::nullopt, "b", "The process of 'b' crashed."}}));
  EXPECT_FALSE(report.finish());
  EXPECT_THAT(text_, HasSubstr("FAILED | The process of 'b' crashed.\n"));
}

TEST_F(Reporter, ValidatesBeforeOutputsAreChanged) {
  const auto clean = [](IterationResult each) {
    each.outputs.set("y", Tensor::full(Shape{2}, 0.0f));
    return each;
  };
  RunReporter report = reporter({.validate = true}, {clean});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  report.add(inputs, {result("a", nan), result("b", 1)});
  report.add(inputs, {result("a", nan), result("b", 1)});
  EXPECT_FALSE(report.finish());
  EXPECT_THAT(text_, HasSubstr("Passed: 2/2 iterations"));
  EXPECT_THAT(text_, HasSubstr("FAILED | Output Validation | a | NaN Detected"));
  EXPECT_THAT(text_, HasSubstr("(in 2 iterations, first in 0)"));
}

TEST_F(Reporter, SavesAndLoads) {
  const TemporaryFolder folder;
  {
    RunReporter report = reporter({.save_inputs = folder / "in.npz",
                                   .save_outputs = folder / "out.json",
                                   .save_input_blob = folder / "raw",
                                   .save_accuracy_results = folder / "accuracy.json",
                                   .json = (folder / "report.json").string(),
                                   .junit = folder / "report.xml",
                                   .model = "m.onnx"});
    report.add(inputs, {result("a", 1), result("b", 1)});
    report.add(inputs, {result("a", 2), result("b", 2)});
    EXPECT_TRUE(report.finish());
  }
  EXPECT_EQ(load_feeds(folder / "in.npz").size(), 2u);
  EXPECT_EQ(std::filesystem::file_size(folder / "raw/0000000001/x.bin"), 4u);
  EXPECT_TRUE(AccuracyResults::load(folder / "accuracy.json").passed());
  EXPECT_TRUE(std::filesystem::exists(folder / "report.xml"));
  std::ostringstream json;
  json << std::ifstream(folder / "report.json").rdbuf();
  EXPECT_THAT(json.str(), HasSubstr("\"model\": \"m.onnx\",\n  \"passed\": true,\n  \"iterations\": 2"));

  RunReporter more = reporter({.load_outputs = {folder / "out.json"}});
  more.add(inputs, {result("a", 1)});
  EXPECT_THAT(message<InputError>([&] { more.finish(); }), HasSubstr("are more than the 1 iteration(s)"));

  RunReporter fewer = reporter({.load_outputs = {folder / "out.json"}});
  fewer.add(inputs, {result("a", 1)});
  fewer.add(inputs, {result("a", 2)});
  EXPECT_THAT(message<InputError>([&] { fewer.add(inputs, {result("a", 2)}); }),
              HasSubstr("are 2 iteration(s), and more were run"));

  text_.clear();
  RunReporter alone = reporter({.load_outputs = {folder / "out.json"}});
  alone.add_loaded();
  EXPECT_TRUE(alone.finish());
  EXPECT_THAT(text_, HasSubstr("a vs. b | Passed: 2/2 iterations"));

  text_.clear();
  RunReporter named = reporter({.load_outputs = {folder / "out.json"}});
  named.add(inputs, {result("a", 1)});
  named.add(inputs, {result("a", 2)});
  EXPECT_TRUE(named.finish());
  EXPECT_THAT(text_, HasSubstr("Accuracy Summary | a vs. a (loaded)"));
}

TEST_F(Reporter, JsonCanTakeThePlaceOfTheText) {
  RunReporter report = reporter({.json = "-"});
  report.add(inputs, {result("a", 1), result("b", 1)});
  EXPECT_TRUE(report.finish());
  EXPECT_EQ(text_.front(), '{');
  EXPECT_THAT(text_, Not(HasSubstr("Accuracy")));
}

TEST_F(Reporter, ReportsWhatRanSequentially) {
  RunResults results;
  results.add("a", {result("a", 1), result("a", 2)});
  results.add("b", {result("b", 1), result("b", 3)});
  const auto data = generated_inputs({.iterations = 2});
  data->open({{"x", DataType::float32, {1}}});
  RunReporter report = reporter();
  report.add_all(std::move(results), *data);
  EXPECT_FALSE(report.finish());
  EXPECT_THAT(text_, HasSubstr("Passed: 1/2 iterations"));
}

TEST_F(Reporter, NothingIsNoSuccess) {
  RunReporter report = reporter();
  EXPECT_THAT(message<InputError>([&] { report.finish(); }), HasSubstr("Nothing was run"));
}

// What generated programs are made of.
TEST(Expressions, OfComparing) {
  EXPECT_EQ(CompareFunction(SimpleCompareFunc()).str(), "SimpleCompareFunc()");
  EXPECT_EQ(CompareFunction(
                SimpleCompareFunc({.atol = {{"a\"", 0.5}, {"", 1}}, .check_error_stat = ErrorStat::max}))
                .str(),
            R"(SimpleCompareFunc({.atol = {{"", 1.0}, {"a\"", 0.5}}, .check_error_stat = ErrorStat::max}))");
  EXPECT_EQ(CompareFunction(L2CompareFunc({.l2_threshold = 2})).str(),
            "L2CompareFunc({.l2_threshold = 2.0})");
  EXPECT_EQ(CompareFunction(IndicesCompareFunc({.index_tolerance = 2})).str(),
            "IndicesCompareFunc({.index_tolerance = 2})");
  EXPECT_EQ(CompareFunction([](const auto&, const auto&) { return OutputResults(); }).str(), "");
  EXPECT_EQ(TopKPostprocessFunc(TopK{5}).str(), "TopKPostprocessFunc(TopK{5})");
  EXPECT_EQ(TopKPostprocessFunc({{"y", {2, 0}}}).str(), R"(TopKPostprocessFunc({{"y", TopK{2, 0}}}))");
  EXPECT_EQ(options_to_cpp(RunOptions{.warm_up = 2}), "{.warm_up = 2}");
}

TEST(Expressions, OfInputs) {
  EXPECT_EQ(generated_inputs()->str(), "generated_inputs()");
  EXPECT_EQ(loaded_inputs({"a.json", "b"})->str(), R"(loaded_inputs({"a.json", "b"}))");
  const long double infinity = std::numeric_limits<long double>::infinity();
  EXPECT_EQ(generated_inputs({.seed = 3,
                              .val_range = {{"x", {-1, 18446744073709551615.0L}}, {"y", {0.1L, infinity}}},
                              .input_metadata = {{"x", DataType::int8, {2, 3}}}})
                ->str(),
            R"(generated_inputs({.seed = 3, .val_range = {{"x", {-1.0L, 1.8446744073709551615e+19L}}, )"
            R"({"y", {0.1L, std::numeric_limits<long double>::infinity()}}}, )"
            R"(.input_metadata = {{"x", DataType::int8, PartialShape{2, 3}}}}))");
}

class Quiet final : public Runner {
 public:
  explicit Quiet(std::string text) : Runner("quiet"), text_(std::move(text)) {}
  std::string str() const override { return text_; }

 private:
  Interface activate_impl() override { return {}; }
  void deactivate_impl() noexcept override {}
  const TensorMap& infer_impl(const FeedDict&) override { return outputs_; }
  std::string text_;
  TensorMap outputs_;
};

TEST(Expressions, OfASubprocess) {
  const SubprocessRunner runner(
      "a", [] { return std::make_unique<Quiet>("Quiet(\"x\")"); }, 2);
  EXPECT_EQ(
      runner.str(),
      R"(SubprocessRunner("a", [&] { return std::unique_ptr<polygraph::Runner>(new Quiet("x")); }, 2.0))");
  EXPECT_EQ(SubprocessRunner("a", [] { return std::make_unique<Quiet>(""); }).str(), "");
}

}  // namespace
}  // namespace polygraph::compare
