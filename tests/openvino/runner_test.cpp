#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>

#include <openvino/op/convert.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <thread>

#include "contract/runner_contract.h"
#include "openvino/count_allocations.h"
#include "openvino/models.h"

namespace polygraph::openvino::test {
namespace {

using polygraph::test::RunnerBackend;
using polygraph::test::RunnerContract;
using testing::ElementsAre;

std::unique_ptr<polygraph::Runner> make_runner(const std::string& model) {
  const auto run = [](Source<Network> network) {
    return std::make_unique<Runner>(EngineFromNetwork(std::move(network)));
  };
  if (model == "identity") return run(NetworkFromOnnxPath(identity_onnx()));
  if (model == "dynamic") return run([] { return identity_network({-1, 3}); });
  if (model == "bounded") return run([] { return identity_network({ov::Dimension(1, 4), 3}); });
  if (model == "big") return run([] { return identity_network({256, 256}); });
  if (model == "two") return run([] { return two_network(); });
  return run(NetworkFromOnnxPath("/nowhere/model.onnx"));
}

}  // namespace
}  // namespace polygraph::openvino::test

namespace polygraph::test {
INSTANTIATE_TEST_SUITE_P(
    OpenVino, RunnerContract,
    testing::Values(RunnerBackend{"openvino", openvino::test::make_runner},
                    RunnerBackend{"openvino_saved",
                                  [](const std::string& model) -> std::unique_ptr<polygraph::Runner> {
                                    if (model == "failing") return openvino::test::make_runner(model);
                                    const auto first = openvino::test::make_runner(model);
                                    const auto active = first->activate();
                                    auto& runner = dynamic_cast<openvino::Runner&>(*first);
                                    return std::make_unique<openvino::Runner>(openvino::EngineFromBytes(
                                        openvino::bytes_from_engine(runner.engine())));
                                  }}),
    name_of);
}  // namespace polygraph::test

namespace polygraph::openvino::test {
namespace {

TEST(Runner, AllocatesNothingOfItsOwnInTheSteadyState) {
  for (const char* model : {"identity", "big", "two", "dynamic", "bounded"}) {
    const auto runner = make_runner(model);
    const auto active = runner->activate();
    FeedDict feed;
    for (const TensorInfo& input : runner->input_metadata())
      feed.set(input.name, Tensor(*input.dtype, input.shape.with_defaults()));
    ov::CompiledModel compiled = dynamic_cast<Runner&>(*runner).engine().native();
    ov::InferRequest bare = compiled.create_infer_request();
    // Each alone: requests that take turns make OpenVINO bind its buffers anew.
    const auto steady = [](const std::function<void()>& infer) {
      for (int i = 0; i < 3; ++i) infer();
      return count_allocations(infer);
    };
    const auto output = compiled.output(0);
    const bool dynamic = output.get_partial_shape().is_dynamic();
    if (dynamic) bare.set_input_tensor(ov::Tensor(ov::element::f32, {1, 3}));
    const std::size_t bare_count = steady([&] {
      bare.infer();
      if (dynamic) bare.get_tensor(output).get_shape();  // OpenVINO allocates to tell the shape
    });
    EXPECT_EQ(steady([&] { runner->infer(feed); }), bare_count) << model;
    // The same from other addresses: small inputs are not bound again.
    FeedDict elsewhere = feed.clone();
    bool odd = false;
    if (std::string_view(model) == "big") continue;
    EXPECT_EQ(steady([&] { runner->infer((odd = !odd) ? elsewhere : feed); }), bare_count) << model;
  }
}

// OpenVINO hands on the memory of an input of dynamic shape that goes straight out; what `infer` returns is
// the runner's all the same.
TEST(Runner, OutputsNeverLieInTheCallersMemory) {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 4});
  const ov::ResultVector results{std::make_shared<ov::op::v0::Result>(x)};
  Runner runner(engine_from_network(Network(std::make_shared<ov::Model>(results, ov::ParameterVector{x}))));
  const auto active = runner.activate();
  const std::string name = runner.input_metadata()[0].name;
  for (const std::int64_t rows : {8192, 8192, 1, 9000, 4096, 3}) {
    FeedDict feed{{name, Tensor::full(Shape{rows, 4}, static_cast<float>(rows))}};
    const Tensor& output = runner.infer(feed).at(0).second;
    ASSERT_EQ(output.shape(), (Shape{rows, 4}));
    EXPECT_NE(output.data(), feed.at(0).second.data());
    std::ranges::fill(feed.at(0).second.mutable_values<float>(), -1.0f);
    EXPECT_THAT(output.values<float>(), testing::Each(static_cast<float>(rows)));
  }
}

TEST(Runner, RunsAsynchronously) {
  Runner runner(EngineFromNetwork([] { return identity_network({-1, 3}); }));
  const auto active = runner.activate();
  std::vector<PendingInference> pending;
  for (int i = 1; i <= 8; ++i)
    pending.push_back(runner.infer_async({{"x", Tensor::full(Shape{i, 3}, static_cast<float>(i))}}));
  for (int i = 8; i >= 1; --i) {
    const TensorMap& outputs = pending[static_cast<std::size_t>(i - 1)].get();
    EXPECT_EQ(outputs["y"].shape(), (Shape{i, 3}));
    for (const float value : outputs["y"].values<float>()) EXPECT_EQ(value, static_cast<float>(i));
    EXPECT_TRUE(pending[static_cast<std::size_t>(i - 1)].is_ready());
  }
  EXPECT_EQ(&pending[0].get(), &pending[0].get()) << "get() can be called again";
}

TEST(Runner, ChecksAsynchronousFeeds) {
  Runner runner(EngineFromNetwork([] { return identity_network(); }));
  EXPECT_THROW(runner.infer_async({}), UsageError);
  const auto active = runner.activate();
  EXPECT_THROW(runner.infer_async({}), InputError);
}

TEST(Runner, PendingInferenceOutlivesTheRunner) {
  auto runner = std::make_unique<Runner>(EngineFromNetwork([] { return identity_network(); }));
  auto active = std::make_unique<Activation>(runner->activate());
  PendingInference pending = runner->infer_async({{"x", Tensor::full(Shape{1, 1, 2, 2}, 3.0f)}});
  active.reset();
  runner.reset();
  EXPECT_THAT(pending.get()["y"].values<float>(), ElementsAre(3, 3, 3, 3));
}

TEST(Runner, DropsAPendingInferenceNobodyWaitsFor) {
  Runner runner(EngineFromNetwork([] { return dense_network(4, 64, 256); }));
  const auto active = runner.activate();
  for (int i = 0; i < 4; ++i) runner.infer_async({{"x", Tensor::full(Shape{64, 256}, 1.0f)}});
}

TEST(Runner, SeveralShareOneEngineInSeveralThreads) {
  const Engine engine = engine_from_network(dense_network(2, 16, 32));
  const auto result = [&](float value) {
    Runner runner(engine);
    const auto active = runner.activate();
    Tensor output = runner.infer({{"x", Tensor::full(Shape{16, 32}, value)}})["y"].clone();
    return output.values<float>()[5];
  };
  const float expected[] = {result(0), result(1), result(2), result(3)};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) ASSERT_EQ(result(static_cast<float>(t)), expected[t]);
    });
}

TEST(Runner, HandlesEveryTypeThatOpenVinoRuns) {
  for (const DataType dtype : {DataType::float64, DataType::float16, DataType::bfloat16, DataType::int64,
                               DataType::int32, DataType::int8, DataType::uint8, DataType::boolean,
                               DataType::uint64, DataType::int16, DataType::uint16, DataType::uint32}) {
    const Tensor ramp = Tensor::from({0.0f, 1.0f, 1.0f, 0.0f, 1.0f, 1.0f}, Shape{2, 3}).cast(dtype);
    const auto type = [&] {
      switch (dtype) {
        case DataType::float64:
          return ov::element::f64;
        case DataType::float16:
          return ov::element::f16;
        case DataType::bfloat16:
          return ov::element::bf16;
        case DataType::int64:
          return ov::element::i64;
        case DataType::int32:
          return ov::element::i32;
        case DataType::int16:
          return ov::element::i16;
        case DataType::int8:
          return ov::element::i8;
        case DataType::uint64:
          return ov::element::u64;
        case DataType::uint32:
          return ov::element::u32;
        case DataType::uint16:
          return ov::element::u16;
        case DataType::uint8:
          return ov::element::u8;
        default:
          return ov::element::boolean;
      }
    }();
    const auto x = std::make_shared<ov::op::v0::Parameter>(type, ov::PartialShape{2, 3});
    x->output(0).set_names({"x"});
    const auto y = std::make_shared<ov::op::v16::Identity>(x);
    y->output(0).set_names({"y"});
    Network network(std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<ov::op::v0::Result>(y)},
                                                ov::ParameterVector{x}));
    Runner runner(EngineFromNetwork{network});
    const auto active = runner.activate();
    EXPECT_EQ(runner.input_metadata()[0].dtype, dtype);
    const Tensor& output = runner.infer({{"x", ramp}})["y"];
    EXPECT_EQ(output.dtype(), dtype) << "no silent widening";
    for (std::int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(output.element_as_double(i), ramp.element_as_double(i))
          << to_string(dtype) << " element " << i;
  }
}

TEST(Runner, MeasuresLayersOfAnEngineBuiltForIt) {
  const FeedDict feed{{"x", Tensor::full(Shape{64, 256}, 0.5f)}};
  for (const bool profiling : {true, false}) {
    Runner runner(EngineFromNetwork([] { return dense_network(4, 64, 256); },
                                    CreateConfig({.threads = 1, .profiling = profiling})));
    const auto active = runner.activate();
    EXPECT_EQ(runner.layer_times().inferences, 0) << "before the first";
    double seconds = 0;
    for (int i = 0; i < 8; ++i) {
      if (i == 3) runner.restart_layer_times();
      runner.infer(feed);
      if (i >= 3) seconds += runner.last_inference_time();
    }
    const LayerTimes times = runner.layer_times();
    EXPECT_EQ(times.inferences, profiling ? 5 : 0);
    if (!profiling) continue;
    ASSERT_FALSE(times.layers.empty());
    for (const LayerTime& layer : times.layers) {
      EXPECT_FALSE(layer.type.empty()) << layer.name;
      EXPECT_FALSE(layer.ran_by.empty()) << layer.name;
      EXPECT_EQ(layer.calls, 5);
    }
    EXPECT_LE(times.seconds, seconds);
    // Averages are whole microseconds: of eight inferences, one for each layer may be missing or too much.
    EXPECT_LE(times.layer_seconds(), times.seconds + 8e-6 * static_cast<double>(times.layers.size()));
    EXPECT_GT(times.layer_seconds(), 0);
    // Measuring goes on.
    runner.infer(feed);
    EXPECT_EQ(runner.layer_times().inferences, 6);
  }
}

TEST(Runner, MeasuresLayersOfAnEngineOfSeveralStreams) {
  Runner runner(EngineFromNetwork([] { return dense_network(2, 64, 256); },
                                  CreateConfig({.threads = 2, .streams = 2, .profiling = true})));
  const auto active = runner.activate();
  for (int i = 0; i < 6; ++i) {
    if (i == 2) runner.restart_layer_times();
    runner.infer({{"x", Tensor::full(Shape{64, 256}, 0.5f)}});
  }
  const LayerTimes times = runner.layer_times();
  EXPECT_EQ(times.inferences, 4);
  EXPECT_GT(times.layer_seconds(), 0);
}

// Texts longer than what std::string keeps in the object itself: each has memory of its own.
TEST(Runner, HandsOnTexts) {
  onnx::Model model;
  model.ir_version = 8;
  model.opset_imports.emplace_back().version = 17;
  model.graph.name = "texts";
  const auto value = [](std::string_view name, std::initializer_list<std::int64_t> dims) {
    onnx::ValueInfo info;
    info.name = name;
    info.type.make().kind = onnx::Type::Kind::tensor;
    info.type->element_type = onnx::element_type_of(DataType::string);
    for (const std::int64_t size : dims) info.type->shape.make().dims.emplace_back().value = size;
    return info;
  };
  for (const auto& dims : {std::initializer_list<std::int64_t>{2, 2}, {}}) {
    onnx::Model copy = model;
    copy.graph.inputs.push_back(value("x", dims));
    onnx::Node& node = copy.graph.nodes.emplace_back();
    node.op_type = "Identity";
    node.inputs = {"x"};
    node.outputs = {"y"};
    copy.graph.outputs.push_back(value("y", dims));
    if (dims.size() == 0) {
      copy.graph.inputs[0].type->shape.make();
      copy.graph.outputs[0].type->shape.make();
    }
    Tensor texts(DataType::string, Shape(dims));
    for (std::string& text : texts.mutable_strings()) text = "a text that is longer than fifteen letters";
    Runner runner(EngineFromNetwork(NetworkFromOnnxBytes(onnx::encode_model(copy))));
    const auto active = runner.activate();
    for (int i = 0; i < 3; ++i) {
      const Tensor& output = runner.infer({{"x", texts}})["y"];
      EXPECT_EQ(output.shape(), texts.shape());
      EXPECT_THAT(output.strings(), testing::ElementsAreArray(texts.strings()));
    }
  }
}

}  // namespace
}  // namespace polygraph::openvino::test
