#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/core/error.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <numeric>
#include <thread>

#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Gives y = x + the number of inferences so far; `before` is called with that number.
class Counter final : public Runner {
 public:
  explicit Counter(std::string name, TensorInfo input = {"x", DataType::float32, {2}},
                   std::function<void(int)> before = {})
      : Runner(std::move(name)), input_(std::move(input)), before_(std::move(before)) {}
  ~Counter() override { deactivate(); }
  int count = 0;
  bool measures = false;

 private:
  LayerTimes layer_times_impl() override {
    if (!measures) return {};
    return {measured_, 0.5 * measured_, {{"line\nbreak", "Add", "nobody", measured_, 0.25 * measured_}}};
  }
  void restart_layer_times_impl() override { measured_ = 0; }
  Interface activate_impl() override {
    count = measured_ = 0;
    return {TensorMetadata{input_}, TensorMetadata{{"y", DataType::float32, {2}}}};
  }
  void deactivate_impl() noexcept override {}
  const TensorMap& infer_impl(const FeedDict& feed) override {
    if (before_) before_(count);
    Tensor y(DataType::float32, Shape{2});
    for (std::size_t i = 0; i < 2; ++i)
      y.mutable_values<float>()[i] =
          static_cast<float>(feed[input_.name].element_as_double(static_cast<std::int64_t>(i)) + count);
    ++count;
    ++measured_;
    outputs_.set("y", y);
    return outputs_;
  }

  TensorInfo input_;
  std::function<void(int)> before_;
  int measured_ = 0;
  TensorMap outputs_;
};

std::vector<float> values(const IterationResult& result) {
  const auto span = result.outputs["y"].values<float>();
  return {span.begin(), span.end()};
}

std::unique_ptr<InputData> zeros(std::int64_t iterations) {
  return generated_inputs({.iterations = iterations, .val_range = {{"", {0, 0}}}});
}

TEST(RunStream, RunsAllRunnersOnEachIteration) {
  Counter a("a"), b("b");
  const auto data = zeros(3);
  RunStream stream({&a, &b}, *data);
  EXPECT_TRUE(a.is_active() && b.is_active());
  std::int64_t count = 0;
  while (const Iteration* iteration = stream.next()) {
    EXPECT_EQ(iteration->index, count);
    ASSERT_THAT(iteration->results, SizeIs(2));
    EXPECT_EQ(iteration->results[1].runner_name, "b");
    EXPECT_THAT(values(iteration->results[0]), ElementsAre(count, count));
    ++count;
  }
  EXPECT_EQ(count, 3);
  EXPECT_EQ(stream.next(), nullptr);
}

TEST(RunStream, WarmsUpOnTheFirstInputs) {
  Counter a("a");
  const auto data = zeros(1);
  RunStream stream({&a}, *data, {.warm_up = 4});
  EXPECT_THAT(values(stream.next()->results[0]), ElementsAre(4, 4));
}

TEST(RunStream, RunnersAreDeactivatedAtTheEnd) {
  Counter a("a");
  const auto data = zeros(1);
  { const RunStream stream({&a}, *data); }
  EXPECT_FALSE(a.is_active());
  EXPECT_THAT(message<UsageError>([&] { RunStream({}, *data); }), HasSubstr("no runners"));
}

TEST(RunStream, AdaptsInputsForTheOthers) {
  Counter a("a"), b("b", {"x", DataType::float64, {2}});
  const auto data = generated_inputs({.val_range = {{"", {1, 1}}}});
  RunStream stream({&a, &b}, *data);
  const Iteration* iteration = stream.next();
  EXPECT_THAT(values(iteration->results[1]), ElementsAre(1, 1));
}

TEST(RunSequentially, GivesTheSame) {
  Counter a("a"), b("b");
  const auto data = zeros(3);
  std::vector<Runner*> runners{&a, &b};
  std::vector<std::int64_t> seen;
  const RunResults results =
      run_sequentially(runners, *data, {},
                       [&](std::int64_t i, const FeedDict&, const IterationResult&) { seen.push_back(i); });
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_EQ(results.size(), 2u);
  EXPECT_THAT(values(results["b"][2]), ElementsAre(2, 2));
  EXPECT_THAT(values(results["b"][0]), ElementsAre(0, 0)) << "each is a copy";
}

// Processes of their own.

std::unique_ptr<SubprocessRunner> in_process(std::function<void(int)> before, double seconds = 0) {
  return std::make_unique<SubprocessRunner>(
      "apart",
      [before = std::move(before)] {
        return std::make_unique<Counter>("inner", TensorInfo{"x", DataType::float32, {2}}, before);
      },
      seconds);
}

TEST(SubprocessRunner, GivesWhatTheOtherRunnerGives) {
  const auto runner = in_process({});
  const auto active = runner->activate();
  EXPECT_EQ(runner->input_metadata(), (TensorMetadata{{"x", DataType::float32, {2}}}));
  EXPECT_EQ(runner->output_metadata()[0].name, "y");
  for (const float expected : {3.0f, 4.0f}) {
    const TensorMap& outputs = runner->infer({{"x", Tensor::full(Shape{2}, 3.0f)}});
    EXPECT_THAT(outputs["y"].values<float>(), ElementsAre(expected, expected));
  }
  EXPECT_THAT(message<InputError>([&] { runner->infer({}); }), HasSubstr("'x' is missing"));
}

TEST(RunStream, TellsWhatLayersTookWithoutTheWarmUp) {
  Counter first("first"), silent("silent"), last("last");
  first.measures = last.measures = true;
  const auto data = zeros(3);
  RunStream stream({&first, &silent, &last}, *data, {.warm_up = 2});
  while (stream.next() != nullptr) {
  }
  const std::vector<RunnerLayerTimes> measured = stream.layer_times();
  ASSERT_THAT(measured, SizeIs(2));
  EXPECT_EQ(measured[0].runner_name, "first");
  EXPECT_EQ(measured[1].runner_name, "last");
  EXPECT_EQ(measured[1].times.inferences, 3);
}

TEST(RunSequentially, KeepsWhatLayersTook) {
  Counter first("first"), silent("silent");
  first.measures = true;
  const auto data = zeros(3);
  Runner* const runners[] = {&first, &silent};
  const RunResults results = run_sequentially(runners, *data, {.warm_up = 2});
  ASSERT_THAT(results.layer_times(), SizeIs(1));
  EXPECT_EQ(results.layer_times()[0].runner_name, "first");
  EXPECT_EQ(results.layer_times()[0].times.inferences, 3);
}

TEST(SubprocessRunner, TellsWhatLayersTookThere) {
  SubprocessRunner runner("a", [] {
    auto made = std::make_unique<Counter>("there");
    made->measures = true;
    return made;
  });
  const auto active = runner.activate();
  const FeedDict feed{{"x", Tensor::full(Shape{2}, 1.0f)}};
  runner.infer(feed);
  runner.restart_layer_times();
  for (int i = 0; i < 2; ++i) runner.infer(feed);
  const LayerTimes times = runner.layer_times();
  EXPECT_EQ(times.inferences, 2);
  EXPECT_DOUBLE_EQ(times.seconds, 1);
  ASSERT_THAT(times.layers, SizeIs(1));
  EXPECT_EQ(times.layers[0].name, "line\nbreak");
  EXPECT_EQ(times.layers[0].type, "Add");
  EXPECT_EQ(times.layers[0].ran_by, "nobody");
  EXPECT_EQ(times.layers[0].calls, 2);
  EXPECT_DOUBLE_EQ(times.layers[0].seconds, 0.5);
  runner.infer(feed);
  EXPECT_EQ(runner.layer_times().inferences, 3);
}

TEST(SubprocessRunner, ACrashCostsItsIterationOnly) {
  const auto runner = in_process([](int count) {
    if (count == 1) std::raise(SIGSEGV);
  });
  const auto data = zeros(4);
  RunStream stream({runner.get()}, *data);
  std::vector<std::string> failures;
  while (const Iteration* iteration = stream.next()) failures.push_back(iteration->results[0].failure);
  // A new process begins to count again.
  EXPECT_THAT(failures,
              ElementsAre("", HasSubstr("'apart' crashed (Segmentation fault)"), "", HasSubstr("crashed")));
}

TEST(SubprocessRunner, SoDoesOneThatHangs) {
  const auto runner = in_process(
      [](int count) {
        if (count == 1) std::this_thread::sleep_for(std::chrono::hours(1));
      },
      0.2);
  const auto active = runner->activate();
  const FeedDict feed{{"x", Tensor::full(Shape{2}, 0.0f)}};
  runner->infer(feed);
  EXPECT_THAT(message<RunnerLost>([&] { runner->infer(feed); }), HasSubstr("did not answer within 0.2 s"));
  EXPECT_THAT(runner->infer(feed)["y"].values<float>(), ElementsAre(0, 0));
}

TEST(SubprocessRunner, ErrorsComeThroughAsTheyAre) {
  const auto runner = in_process([](int) { throw InputError("bad shape", "Change it.", {"engine says"}); });
  const auto active = runner->activate();
  const FeedDict feed{{"x", Tensor::full(Shape{2}, 0.0f)}};
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(message<InputError>([&] { runner->infer(feed); }),
                AllOf(HasSubstr("bad shape"), HasSubstr("Change it."), HasSubstr("engine says")));
  SubprocessRunner broken("broken", []() -> std::unique_ptr<Runner> { throw UsageError("no such option"); });
  EXPECT_THAT(message<UsageError>([&] { static_cast<void>(broken.activate()); }),
              HasSubstr("no such option"));
  SubprocessRunner leaving("leaving", []() -> std::unique_ptr<Runner> { ::_exit(3); });
  EXPECT_THAT(message<RunnerLost>([&] { static_cast<void>(leaving.activate()); }),
              HasSubstr("ended with status 3"));
}

TEST(SubprocessRunner, TakesTensorsOfAllKinds) {
  class Echo final : public Runner {
   public:
    Echo() : Runner("echo") {}
    ~Echo() override { deactivate(); }

   private:
    Interface activate_impl() override {
      const TensorMetadata all{{"s", DataType::string, {2}},
                               {"e", DataType::int4, {3}},
                               {"z", DataType::float64, {0, 5}},
                               {"b", DataType::uint8, {Dimension("n")}}};
      return {all, all};
    }
    void deactivate_impl() noexcept override {}
    const TensorMap& infer_impl(const FeedDict& feed) override { return outputs_ = feed; }
    TensorMap outputs_;
  };
  SubprocessRunner runner("apart", [] { return std::make_unique<Echo>(); });
  const auto active = runner.activate();
  Tensor text(DataType::string, Shape{2});
  text.mutable_strings()[1] = std::string("a\0b", 3);
  Tensor large(DataType::uint8, Shape{1 << 20});
  std::iota(large.mutable_values<std::uint8_t>().begin(), large.mutable_values<std::uint8_t>().end(),
            std::uint8_t{0});
  const FeedDict feed{{"s", text},
                      {"e", Tensor::from<std::int64_t>({-8, 7, 1}, Shape{3}).cast(DataType::int4)},
                      {"z", Tensor(DataType::float64, Shape{0, 5})},
                      {"b", large}};
  for (int i = 0; i < 2; ++i) {
    const TensorMap& outputs = runner.infer(feed);
    EXPECT_EQ(outputs["s"].strings()[1], std::string("a\0b", 3));
    EXPECT_EQ(outputs["e"].element_as_double(0), -8);
    EXPECT_EQ(outputs["z"].shape(), (Shape{0, 5}));
    EXPECT_TRUE(std::ranges::equal(outputs["b"].values<std::uint8_t>(), large.values<std::uint8_t>()));
  }
}

}  // namespace
}  // namespace polygraph::compare
