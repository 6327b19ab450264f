#include <polygraph/core/error.h>
#include <polygraph/core/runner.h>

#include "contract/runner_contract.h"

namespace polygraph::test {
namespace {

// A runner without an engine: hands its inputs through.
class HandThrough final : public Runner {
 public:
  HandThrough(TensorMetadata inputs, std::vector<std::string> outputs)
      : Runner("hand-through"), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}
  ~HandThrough() override { deactivate(); }

 private:
  Interface activate_impl() override {
    if (inputs_.empty()) throw InputError("no model");
    TensorMetadata outputs;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      outputs.add({outputs_[i], inputs_[i].dtype, inputs_[i].shape});
    return {inputs_, outputs};
  }
  void deactivate_impl() noexcept override { results_ = {}; }
  const TensorMap& infer_impl(const FeedDict& feed) override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) results_.set(outputs_[i], feed[inputs_[i].name].clone());
    return results_;
  }

  TensorMetadata inputs_;
  std::vector<std::string> outputs_;
  TensorMap results_;
};

std::unique_ptr<Runner> make_hand_through(const std::string& model) {
  const auto one = [](PartialShape shape) {
    return std::make_unique<HandThrough>(TensorMetadata{{"x", DataType::float32, std::move(shape)}},
                                         std::vector<std::string>{"y"});
  };
  if (model == "identity") return one({1, 1, 2, 2});
  if (model == "dynamic") return one({-1, 3});
  if (model == "bounded") return one({Dimension(1, 4), 3});
  if (model == "big") return one({256, 256});
  if (model == "two")
    return std::make_unique<HandThrough>(
        TensorMetadata{{"a", DataType::float32, PartialShape{2}}, {"b", DataType::int64, PartialShape{2}}},
        std::vector<std::string>{"c", "d"});
  return std::make_unique<HandThrough>(TensorMetadata{}, std::vector<std::string>{});
}

TEST(Runner, MeasuresNoLayersUnlessItCan) {
  const auto runner = make_hand_through("identity");
  EXPECT_THROW(runner->layer_times(), UsageError);
  EXPECT_THROW(runner->restart_layer_times(), UsageError);
  const auto active = runner->activate();
  runner->infer({{"x", Tensor(DataType::float32, Shape{1, 1, 2, 2})}});
  runner->restart_layer_times();
  EXPECT_EQ(runner->layer_times().inferences, 0);
}

INSTANTIATE_TEST_SUITE_P(StandIn, RunnerContract,
                         testing::Values(RunnerBackend{"hand_through", make_hand_through}), name_of);

}  // namespace
}  // namespace polygraph::test
