#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnxrt.h>

#include <thread>

#include "contract/runner_contract.h"
#include "helpers/message.h"
#include "onnxrt/models.h"
#include "openvino/count_allocations.h"

namespace polygraph::onnxrt::test {
namespace {

using polygraph::test::message;
using polygraph::test::RunnerBackend;
using polygraph::test::RunnerContract;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<polygraph::Runner> run(ModelSource model) {
  return std::make_unique<Runner>(SessionFromOnnx(std::move(model), {.intra_op_threads = 1}));
}

std::unique_ptr<polygraph::Runner> from_model(const std::string& name) {
  if (name == "failing") return run("/nowhere/model.onnx");
  return run([name] { return contract_model(name); });
}

std::unique_ptr<polygraph::Runner> from_bytes(const std::string& name) {
  if (name == "failing") return run([]() -> Bytes { throw InputError("no bytes"); });
  return run(onnx::encode_model(contract_model(name)));
}

std::unique_ptr<polygraph::Runner> from_file(const std::string& name) {
  if (name == "failing") return run("/nowhere/model.onnx");
  const auto path = std::filesystem::path(testing::TempDir()) / ("polygraph_onnxrt_" + name + ".onnx");
  onnx::save_model(contract_model(name), path);
  return run(path);
}

}  // namespace
}  // namespace polygraph::onnxrt::test

namespace polygraph::test {
INSTANTIATE_TEST_SUITE_P(OnnxRuntime, RunnerContract,
                         testing::Values(RunnerBackend{"onnxrt_model", onnxrt::test::from_model, false},
                                         RunnerBackend{"onnxrt_bytes", onnxrt::test::from_bytes, false},
                                         RunnerBackend{"onnxrt_file", onnxrt::test::from_file, false}),
                         name_of);
}  // namespace polygraph::test

namespace polygraph::onnxrt::test {
namespace {

Tensor ramp(DataType dtype) {
  return Tensor::from({0.0f, 1.0f, 1.0f, 0.0f, 1.0f, 1.0f}, Shape{2, 3}).cast(dtype);
}

TEST(Runner, HandlesEveryTypeThatOnnxRuntimeRuns) {
  for (const DataType dtype :
       {DataType::float32, DataType::float64, DataType::float16, DataType::bfloat16, DataType::float8e4m3fn,
        DataType::float8e4m3fnuz, DataType::float8e5m2, DataType::float8e5m2fnuz, DataType::int64,
        DataType::int32, DataType::int16, DataType::int8, DataType::uint64, DataType::uint32,
        DataType::uint16, DataType::uint8, DataType::boolean, DataType::string}) {
    SCOPED_TRACE(to_string(dtype));
    ModelBuilder builder(19, 9);
    builder.input("x", dtype, {2, 3}).node("Identity", {"x"}, {"y"}).output("y");
    Runner runner(SessionFromOnnx(builder.model()));
    const auto active = runner.activate();
    EXPECT_EQ(runner.input_metadata()[0].dtype, dtype);
    EXPECT_EQ(runner.output_metadata()[0].dtype, dtype) << "no silent widening";
    const Tensor input = ramp(dtype);
    const Tensor& output = runner.infer({{"x", input}})["y"];
    ASSERT_EQ(output.dtype(), dtype);
    for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(output.element_as_text(i), input.element_as_text(i));
  }
}

TEST(Runner, HandlesFourBits) {
  for (const DataType dtype : {DataType::int4, DataType::uint4}) {
    SCOPED_TRACE(to_string(dtype));
    ModelBuilder builder(21, 10);
    builder.input("x", dtype, {5}).input("scale", DataType::float32, {});
    builder.node("DequantizeLinear", {"x", "scale"}, {"y"}).output("y");
    builder.node("QuantizeLinear", {"y", "scale", "zero"}, {"z"}).output("z");
    builder.initializer("zero", Tensor(dtype, Shape{}));
    Runner runner(SessionFromOnnx(builder.model()));
    const auto active = runner.activate();
    const Tensor input = Tensor::from({1.0f, 2.0f, 3.0f, 7.0f, 5.0f}, Shape{5}).cast(dtype);
    const TensorMap& outputs = runner.infer({{"x", input}, {"scale", Tensor::full(Shape{}, 0.5f)}});
    EXPECT_THAT(outputs["y"].values<float>(), ElementsAre(0.5, 1, 1.5, 3.5, 2.5));
    EXPECT_EQ(outputs["z"].dtype(), dtype);
    EXPECT_EQ(outputs["z"].str(), input.str());
  }
}

TEST(Runner, PassesTextsOfAnyLength) {
  ModelBuilder builder;
  builder.input("x", DataType::string, {-1}).node("Identity", {"x"}, {"y"}).output("y");
  Runner runner(SessionFromOnnx(builder.model()));
  const auto active = runner.activate();
  for (const std::size_t count : {3, 0, 1}) {
    Tensor texts(DataType::string, Shape{static_cast<std::int64_t>(count)});
    for (std::size_t i = 0; i < count; ++i) texts.mutable_strings()[i] = std::string(i * 1000, 'a') + "ü";
    const Tensor& output = runner.infer({{"x", texts}})["y"];
    EXPECT_THAT(std::vector(output.strings().begin(), output.strings().end()),
                testing::ElementsAreArray(texts.strings()));
  }
}

TEST(Runner, TellsNamedOpenAndUnknownDimensions) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {-1, 3}).node("Relu", {"x"}, {"y"}).output("y");
  onnx::ValueInfo& free = builder.model().graph.inputs.emplace_back();
  free.name = "free";
  free.type.make().kind = onnx::Type::Kind::tensor;
  free.type->element_type = onnx::element_type_of(DataType::int64);
  builder.node("Identity", {"free"}, {"z"}).output("z");
  builder.input("scalar", DataType::float32, {}).node("Identity", {"scalar"}, {"s"});
  builder.output("s", DataType::float32, {});
  Runner runner(SessionFromOnnx(builder.model()));
  const auto active = runner.activate();
  EXPECT_EQ(runner.input_metadata().str(),
            "{x [dtype=float32, shape=('batch', 3)],\n free [dtype=int64],\n"
            " scalar [dtype=float32, shape=()]}");
  EXPECT_EQ(runner.output_metadata().str(),
            "{y [dtype=float32, shape=('batch', 3)],\n z [dtype=int64],\n"
            " s [dtype=float32, shape=()]}");
  for (const Shape& shape : {Shape{}, Shape{2}, Shape{1, 2}})
    EXPECT_EQ(runner
                  .infer({{"x", Tensor(DataType::float32, Shape{1, 3})},
                          {"free", Tensor(DataType::int64, shape)},
                          {"scalar", Tensor::full(Shape{}, 2.5f)}})["z"]
                  .shape(),
              shape);
}

TEST(Runner, AllocatesNothingOfItsOwnInTheSteadyState) {
  for (const char* model : {"identity", "big", "two", "dynamic"}) {
    const auto runner = from_model(model);
    const auto active = runner->activate();
    FeedDict feed;
    for (const TensorInfo& input : runner->input_metadata())
      feed.set(input.name, Tensor(*input.dtype, input.shape.with_defaults()));
    const Session& session = dynamic_cast<Runner&>(*runner).session();
    const auto steady = [](const std::function<void()>& infer) {
      for (int i = 0; i < 3; ++i) infer();
      return count_allocations(infer);
    };
    // What a run and asking for the shapes of its outputs costs inside ONNX Runtime, see bench/onnxrt_infer.
    const std::size_t first = steady([&] { runner->infer(feed); });
    EXPECT_EQ(steady([&] { runner->infer(feed); }), first) << model;
    FeedDict elsewhere = feed.clone();
    bool odd = false;
    if (std::string_view(model) == "big") continue;  // small inputs are not bound again
    EXPECT_EQ(steady([&] { runner->infer((odd = !odd) ? elsewhere : feed); }), first) << model;
    EXPECT_EQ(session.model_name(), "the model in memory");
  }
}

TEST(Runner, OutputsNeverLieInTheCallersMemory) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {-1, 4}).output("x", DataType::float32, {-1, 4});
  builder.node("Identity", {"x"}, {"y"}).output("y", DataType::float32, {-1, 4});
  Runner runner(SessionFromOnnx(builder.model()));
  const auto active = runner.activate();
  for (const std::int64_t rows : {8192, 8192, 1, 9000, 4096, 3}) {
    FeedDict feed{{"x", Tensor::full(Shape{rows, 4}, static_cast<float>(rows))}};
    const TensorMap& outputs = runner.infer(feed);
    const TensorMap once = runner.session().run(feed);
    std::ranges::fill(feed.at(0).second.mutable_values<float>(), -1.0f);
    for (const TensorMap* map : {&outputs, &once})
      for (const auto& [name, output] : *map) {
        ASSERT_EQ(output.shape(), (Shape{rows, 4})) << name;
        EXPECT_THAT(output.values<float>(), testing::Each(static_cast<float>(rows))) << name;
      }
  }
}

TEST(Runner, RefusesValuesThatAreNoTensors) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {2}).node("SequenceConstruct", {"x", "x"}, {"s"}).output("s");
  Runner runner(SessionFromOnnx(builder.model()));
  const auto active = runner.activate();
  EXPECT_EQ(runner.session().output_kinds()[0], ValueKind::sequence);
  EXPECT_EQ(runner.output_metadata().str(), "{s}");
  EXPECT_THAT(message<BackendError>([&] {
                runner.infer({{"x", Tensor(DataType::float32, Shape{2})}});
              }),
              HasSubstr("the output 's' is a sequence"));
}

TEST(Runner, GoesOnAfterAFailedInference) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {-1}).input("shape", DataType::int64, {1});
  builder.node("Reshape", {"x", "shape"}, {"y"}).output("y");
  Runner runner(SessionFromOnnx(builder.model()));
  const auto active = runner.activate();
  const auto feed = [](std::int64_t size) {
    return FeedDict{{"x", Tensor(DataType::float32, Shape{4})}, {"shape", Tensor::full(Shape{1}, size)}};
  };
  EXPECT_EQ(runner.infer(feed(4))["y"].shape(), (Shape{4}));
  const std::string text = message<BackendError>([&] { runner.infer(feed(3)); });
  EXPECT_THAT(text, HasSubstr("Running the model in memory with ONNX Runtime failed"));
  EXPECT_THAT(text, HasSubstr("Reshape"));
  EXPECT_EQ(runner.infer(feed(-1))["y"].shape(), (Shape{4}));
}

TEST(Session, RunsInSeveralThreads) {
  const Session session = session_from_onnx(contract_model("dynamic"), SessionOptions{.intra_op_threads = 1});
  std::vector<std::jthread> threads;
  for (int t = 1; t <= 4; ++t)
    threads.emplace_back([&session, t] {
      for (int i = 0; i < 50; ++i) {
        const TensorMap kept = session.run({{"x", Tensor::full(Shape{t, 3}, static_cast<float>(t * i))}});
        EXPECT_THAT(kept["y"].values<float>(), testing::Each(static_cast<float>(t * i)));
      }
    });
}

TEST(Session, OutputsOutliveIt) {
  TensorMap outputs;
  {
    const Session session = session_from_onnx(contract_model("two"));
    outputs = session.run(
        {{"a", Tensor::from({1.0f, 2.0f}, Shape{2})}, {"b", Tensor::from<std::int64_t>({3, 4}, Shape{2})}});
  }
  EXPECT_THAT(outputs["d"].values<std::int64_t>(), ElementsAre(3, 4));
  EXPECT_THAT(message<InputError>([] { session_from_onnx(contract_model("two")).run({}); }),
              HasSubstr("the input 'a' is missing"));
}

}  // namespace
}  // namespace polygraph::onnxrt::test
