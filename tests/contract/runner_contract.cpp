#include "contract/runner_contract.h"

#include <gmock/gmock.h>
#include <polygraph/core/error.h>

#include <thread>

#include "helpers/message.h"

namespace polygraph::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

const Tensor ramp = Tensor::from({1.0f, 2.0f, 3.0f, 4.0f}, Shape{1, 1, 2, 2});

}  // namespace

TEST_P(RunnerContract, RunsAnIdentity) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  const TensorMap& outputs = runner->infer({{"x", ramp}});
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs["y"].shape(), (Shape{1, 1, 2, 2}));
  EXPECT_THAT(floats(outputs["y"]), ElementsAre(1, 2, 3, 4));
  EXPECT_GT(runner->last_inference_time(), 0);
  EXPECT_LT(runner->last_inference_time(), 10);
}

TEST_P(RunnerContract, TellsItsInputsAndOutputs) {
  const auto runner = make("two");
  const auto active = runner->activate();
  EXPECT_EQ(runner->input_metadata().str(), "{a [dtype=float32, shape=(2,)],\n b [dtype=int64, shape=(2,)]}");
  EXPECT_EQ(runner->output_metadata().str(),
            "{c [dtype=float32, shape=(2,)],\n d [dtype=int64, shape=(2,)]}");
}

TEST_P(RunnerContract, IsActiveWithinTheScope) {
  const auto runner = make("identity");
  EXPECT_FALSE(runner->is_active());
  {
    const auto active = runner->activate();
    EXPECT_TRUE(runner->is_active());
  }
  EXPECT_FALSE(runner->is_active());
  const auto again = runner->activate();
  EXPECT_THAT(floats(runner->infer({{"x", ramp}})["y"]), ElementsAre(1, 2, 3, 4));
  runner->deactivate();
  EXPECT_FALSE(runner->is_active());
}

TEST_P(RunnerContract, RefusesToWorkWhileInactiveOrActiveTwice) {
  const auto runner = make("identity");
  EXPECT_THAT(message<UsageError>([&] { runner->infer({{"x", ramp}}); }), HasSubstr("not active"));
  EXPECT_THAT(message<UsageError>([&] { runner->input_metadata(); }), HasSubstr("activate()"));
  EXPECT_THROW(runner->output_metadata(), UsageError);
  const auto active = runner->activate();
  EXPECT_THAT(message<UsageError>([&] { const auto twice = runner->activate(); }),
              HasSubstr("active already"));
  EXPECT_TRUE(runner->is_active());
}

TEST_P(RunnerContract, StaysInactiveWhenItsLoaderFails) {
  const auto runner = make("failing");
  EXPECT_THROW({ const auto active = runner->activate(); }, InputError);
  EXPECT_FALSE(runner->is_active());
}

TEST_P(RunnerContract, RefusesWrongNames) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  EXPECT_THAT(message<InputError>([&] { runner->infer({}); }), HasSubstr("the input 'x' is missing"));
  EXPECT_THAT(message<InputError>([&] {
                runner->infer({{"X", ramp}});
              }),
              HasSubstr("Feed x [dtype=float32, shape=(1, 1, 2, 2)]"));
  EXPECT_THAT(message<InputError>([&] {
                runner->infer({{"x", ramp}, {"xx", ramp}});
              }),
              HasSubstr("there is no input 'xx'"));
}

TEST_P(RunnerContract, RefusesWrongTypes) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  const std::string text = message<InputError>([&] {
    runner->infer({{"x", Tensor(DataType::float64, Shape{1, 1, 2, 2})}});
  });
  EXPECT_THAT(text, HasSubstr("'x' is float32, and a tensor of float64 was given"));
  EXPECT_THAT(text, HasSubstr("cast(DataType::float32)"));
}

TEST_P(RunnerContract, RefusesWrongShapes) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  EXPECT_THAT(message<InputError>([&] {
                runner->infer({{"x", Tensor(DataType::float32, Shape{4})}});
              }),
              HasSubstr("shape (1, 1, 2, 2), and a tensor of shape (4,) was given (rank 1 instead of 4)"));
  EXPECT_THAT(message<InputError>([&] {
                runner->infer({{"x", Tensor(DataType::float32, Shape{1, 1, 2, 3})}});
              }),
              HasSubstr("(1, 1, 2, 3)"));
  EXPECT_THAT(floats(runner->infer({{"x", ramp}})["y"]), ElementsAre(1, 2, 3, 4))
      << "it works on after an error";
}

TEST_P(RunnerContract, RefusesAShapeOutOfBounds) {
  if (!GetParam().has_bounds) GTEST_SKIP() << "models of this engine have no bounds";
  const auto runner = make("bounded");
  const auto active = runner->activate();
  EXPECT_EQ(runner->infer({{"x", Tensor(DataType::float32, Shape{4, 3})}})["y"].shape(), (Shape{4, 3}));
  EXPECT_THAT(message<InputError>([&] {
                runner->infer({{"x", Tensor(DataType::float32, Shape{5, 3})}});
              }),
              HasSubstr("(1..4, 3)"));
}

TEST_P(RunnerContract, RefusesATensorThatIsNotContiguous) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  std::vector<float> memory(8);
  const Tensor strided =
      Tensor::strided_view(memory.data(), DataType::float32, Shape{1, 1, 2, 2}, {32, 32, 16, 8});
  EXPECT_THAT(message<InputError>([&] { runner->infer({{"x", strided}}); }), HasSubstr("contiguous()"));
  EXPECT_EQ(runner->infer({{"x", strided.contiguous()}})["y"].shape(), (Shape{1, 1, 2, 2}));
}

TEST_P(RunnerContract, ReadsFromReadOnlyMemory) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  static const float memory[] = {5, 6, 7, 8};
  const Tensor view = Tensor::view(static_cast<const void*>(memory), DataType::float32, Shape{1, 1, 2, 2});
  EXPECT_THAT(floats(runner->infer({{"x", view}})["y"]), ElementsAre(5, 6, 7, 8));
}

TEST_P(RunnerContract, TakesInputsInAnyOrder) {
  const auto runner = make("two");
  const auto active = runner->activate();
  const TensorMap& outputs = runner->infer(
      {{"b", Tensor::from<std::int64_t>({3, 4}, Shape{2})}, {"a", Tensor::from({1.0f, 2.0f}, Shape{2})}});
  EXPECT_EQ(outputs.at(0).first, "c");
  EXPECT_THAT(floats(outputs["c"]), ElementsAre(1, 2));
  EXPECT_THAT(outputs["d"].values<std::int64_t>(), ElementsAre(3, 4));
}

TEST_P(RunnerContract, FollowsShapesThatChange) {
  const auto runner = make("dynamic");
  const auto active = runner->activate();
  for (const std::int64_t batch : {2, 1, 5, 5, 0, 3}) {
    const Tensor input = Tensor::full(Shape{batch, 3}, static_cast<float>(batch));
    const Tensor& output = runner->infer({{"x", input}})["y"];
    EXPECT_EQ(output.shape(), (Shape{batch, 3}));
    for (const float value : output.values<float>()) EXPECT_EQ(value, static_cast<float>(batch));
  }
}

TEST_P(RunnerContract, SeesNewValuesInTheSameMemoryAndNewMemory) {
  for (const char* model : {"identity", "big"}) {
    const auto runner = make(model);
    const auto active = runner->activate();
    Tensor first(DataType::float32, runner->input_metadata()[0].shape.with_defaults());
    Tensor second = Tensor::full(first.shape(), 2.0f);
    EXPECT_EQ(runner->infer({{"x", first}})["y"].values<float>().back(), 0);
    EXPECT_EQ(runner->infer({{"x", second}})["y"].values<float>().back(), 2);
    first.mutable_values<float>().back() = 3;
    EXPECT_EQ(runner->infer({{"x", first}})["y"].values<float>().back(), 3);
    first.mutable_values<float>().back() = 4;
    EXPECT_EQ(runner->infer({{"x", first}})["y"].values<float>().back(), 4);
  }
}

TEST_P(RunnerContract, KeepsClonedOutputs) {
  const auto runner = make("identity");
  const auto active = runner->activate();
  const TensorMap kept = runner->infer({{"x", ramp}}).clone();
  runner->infer({{"x", Tensor::full(Shape{1, 1, 2, 2}, 9.0f)}});
  EXPECT_THAT(floats(kept["y"]), ElementsAre(1, 2, 3, 4));
}

TEST_P(RunnerContract, SeveralRunInSeveralThreads) {
  std::vector<std::unique_ptr<Runner>> runners;
  for (int i = 0; i < 4; ++i) runners.push_back(make("identity"));
  std::vector<std::jthread> threads;
  for (auto& runner : runners)
    threads.emplace_back([&runner] {
      const auto active = runner->activate();
      for (int k = 0; k < 50; ++k) {
        const Tensor input = Tensor::full(Shape{1, 1, 2, 2}, static_cast<float>(k));
        ASSERT_EQ(runner->infer({{"x", input}})["y"].values<float>()[0], static_cast<float>(k));
      }
    });
}

}  // namespace polygraph::test
