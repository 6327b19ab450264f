#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <polygraph/trt/loaders.h>
#include <polygraph/trt/runner.h>

#include <cstdlib>
#include <thread>

#include "contract/runner_contract.h"
#include "helpers/message.h"
#include "openvino/count_allocations.h"
#include "trt_runner/stand_in/loaded.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using polygraph::test::RunnerContract;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Before anything is opened.
[[maybe_unused]] const bool stand_ins_named = [] {
  setenv("POLYGRAPH_TENSORRT_RTX", POLYGRAPH_STAND_INS "/libtensorrt_rtx.so", 1);
  setenv("POLYGRAPH_CUDART", POLYGRAPH_STAND_INS "/libcudart.so", 1);
  return true;
}();

Engine engine_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  Runtime runtime;
  std::shared_ptr<nvinfer1::ICudaEngine> engine(runtime->deserializeCudaEngine(bytes.data(), bytes.size()));
  return Engine(std::move(engine), std::move(runtime));
}

constexpr const char* relu = "input x float32 4\noutput y float32 4 relu x\nprofile x 4 4 4\n";
constexpr const char* dynamic =
    "input x float32 -1,3\noutput y float32 -1,3 relu x\nprofile x 1,3 2,3 4,3\nprofile x 3,3 8,3 16,3\n";
constexpr const char* big =
    "input x float32 512,512\noutput y float32 512,512 relu x\nprofile x 512,512 512,512 512,512\n";

Tensor floats(std::initializer_list<float> values) {
  return Tensor::from(values, Shape{static_cast<std::int64_t>(values.size())});
}

std::vector<float> values_of(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

Source<Engine> model(const std::string& name) {
  if (name == "failing") return []() -> Engine { throw InputError("There is no such engine."); };
  std::string text;
  if (name == "identity")
    text = "input x float32 1,1,2,2\noutput y float32 1,1,2,2 copy x\nprofile x 1,1,2,2 1,1,2,2 1,1,2,2\n";
  if (name == "dynamic")
    text = "input x float32 -1,3\noutput y float32 -1,3 copy x\nprofile x 0,3 2,3 64,3\n";
  if (name == "bounded") text = "input x float32 -1,3\noutput y float32 -1,3 copy x\nprofile x 1,3 2,3 4,3\n";
  if (name == "two")
    text =
        "input a float32 2\ninput b int64 2\noutput c float32 2 copy a\noutput d int64 2 copy b\n"
        "profile a 2 2 2 b 2 2 2\n";
  if (name == "big")
    text = "input x float32 256,256\noutput y float32 256,256 copy x\nprofile x 256,256 256,256 256,256\n";
  return [text] { return engine_of(text); };
}

TEST(Engine, IsSerializedIntoMemoryThatOutlivesIt) {
  Bytes buffer;
  {
    const Engine engine = engine_of(relu);
    buffer = buffer_from_engine(engine);
    EXPECT_EQ(bytes_from_engine(engine).size(), buffer.size());
  }
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(buffer.data()), buffer.size()), relu);
  EXPECT_THAT(message<BackendError>([] { buffer_from_engine(engine_of("unserializable")); }),
              HasSubstr("Serializing the engine failed"));
  EXPECT_EQ(BufferFromEngine(EngineFromPath("m.plan")).str(),
            R"(BufferFromEngine(EngineFromPath("m.plan")))");
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(TensorRt, RunnerContract,
                         testing::Values(polygraph::test::RunnerBackend{
                             "trt",
                             [](const std::string& name) { return std::make_unique<Runner>(model(name)); }}),
                         polygraph::test::name_of);

class TrtRunner : public testing::Test {
 protected:
  void SetUp() override { cuda().launches = cuda().captures = 0; }
  void TearDown() override {
    cuda().mallocs_left = -1;
    cuda().host_allocs_left = -1;
    cuda().gone = cudaErrorInvalidResourceHandle;
    cuda().forbid_capture_on = nullptr;
    cuda().refuse_capture = false;
    cuda().fail_wait = 0;
    EXPECT_EQ(cuda().device_blocks, 0);
    EXPECT_EQ(cuda().pinned_blocks, 0);
    EXPECT_EQ(cuda().streams, 0);
    EXPECT_EQ(cuda().events, 0);
    EXPECT_EQ(cuda().graphs, 0);
  }
};

TEST_F(TrtRunner, RecordsAGraphAtTheSecondInference) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  for (int i = 0; i < 4; ++i) {
    const float f = static_cast<float>(i);
    EXPECT_THAT(values_of(runner.infer({{"x", floats({f, -f, f + 1, -1})}})["y"]),
                ElementsAre(f, 0, f + 1, 0));
    EXPECT_EQ(runner.last_was_graph(), i > 0);
  }
  EXPECT_EQ(cuda().captures, 1);
  EXPECT_EQ(cuda().launches, 3);
}

TEST_F(TrtRunner, LetsTheEngineWriteSmallOutputsToTheHost) {
  for (const std::size_t limit : {16, 15}) {
    Runner runner(engine_of(relu), {.cuda_graphs = CudaGraphs::off, .direct_output_limit = limit});
    const auto active = runner.activate();
    const int before = cuda().copies_out;
    EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -2, 3, -4})}})["y"]), ElementsAre(1, 0, 3, 0));
    EXPECT_EQ(cuda().copies_out - before, limit < 16 ? 1 : 0);
    // What stays on the device is not written to the host.
    const DeviceTensor x = DeviceTensor::from_host(floats({5, -6, 7, -8}));
    EXPECT_THAT(values_of(runner.infer_on_device({{"x", x}})["y"].to_host()), ElementsAre(5, 0, 7, 0));
    EXPECT_THAT(values_of(runner.infer({{"x", floats({-1, 2, -3, 4})}})["y"]), ElementsAre(0, 2, 0, 4));
  }
}

TEST_F(TrtRunner, AddsDebugTensorsToTheOutputs) {
  Runner runner(engine_of(relu), {.debug_tensors = true});
  const auto active = runner.activate();
  for (int i = 0; i < 3; ++i) {
    const float f = static_cast<float>(i);
    const TensorMap& outputs = runner.infer({{"x", floats({f, -f, 3, -4})}});
    EXPECT_THAT(outputs.names(), ElementsAre("y", "before_y"));
    EXPECT_THAT(values_of(outputs["y"]), ElementsAre(f, 0, 3, 0));
    EXPECT_THAT(values_of(outputs["before_y"]), ElementsAre(f, -f, 3, -4));
    EXPECT_FALSE(runner.last_was_graph());
  }
  Runner without(engine_of(relu));
  const auto also_active = without.activate();
  EXPECT_THAT(without.infer({{"x", floats({1, 2, 3, 4})}}).names(), ElementsAre("y"));
}

TEST_F(TrtRunner, RecordsAgainWhenShapesChange) {
  Runner runner(engine_of(dynamic));
  const auto active = runner.activate();
  for (const std::int64_t n : {2, 2, 2, 1, 1, 1, 2, 2})
    EXPECT_EQ(runner.infer({{"x", Tensor::full(Shape{n, 3}, 1.0f)}})["y"].shape(), (Shape{n, 3}));
  EXPECT_EQ(cuda().captures, 3);
  EXPECT_EQ(cuda().launches, 5);
}

TEST_F(TrtRunner, RecordsNoGraphIfItIsToldNotTo) {
  Runner runner(engine_of(relu), {.cuda_graphs = CudaGraphs::off});
  const auto active = runner.activate();
  for (int i = 0; i < 4; ++i) runner.infer({{"x", floats({1, 2, 3, 4})}});
  EXPECT_EQ(cuda().captures, 0);
  EXPECT_FALSE(runner.last_was_graph());
}

TEST_F(TrtRunner, RunsWithoutAGraphWhereNoneCanBeRecorded) {
  for (const bool refused_by_cuda : {true, false}) {
    std::string log;
    set_log_sink([&](Severity, std::string_view text) { log += text; });
    set_log_options({.level = Severity::verbose});
    cuda().refuse_capture = refused_by_cuda;
    Runner runner(engine_of(
        refused_by_cuda ? relu : "input x float32 4\noutput y float32 4 uncapturable x\nprofile x 4 4 4\n"));
    const auto active = runner.activate();
    for (int i = 0; i < 4; ++i) {
      const float f = static_cast<float>(i);
      EXPECT_THAT(values_of(runner.infer({{"x", floats({f, 1, 2, 3})}})["y"]), ElementsAre(f, 1, 2, 3));
      EXPECT_FALSE(runner.last_was_graph());
    }
    set_log_sink({});
    set_log_options({});
    EXPECT_THAT(log, HasSubstr("No CUDA graph: recording failed"));
    EXPECT_EQ(log.find("No CUDA graph"), log.rfind("No CUDA graph")) << "it is tried once";
  }
}

TEST_F(TrtRunner, TakesLargeInputsFromAnyMemory) {
  Runner runner(engine_of(big));
  const auto active = runner.activate();
  const Shape shape{512, 512};
  std::vector<Tensor> inputs{pinned_tensor(DataType::float32, shape), Tensor(DataType::float32, shape),
                             pinned_tensor(DataType::float32, shape)};
  for (std::size_t i = 0; i < 30; ++i) {
    Tensor& x = inputs[i < 6 ? 0 : i < 12 ? 1 : i % 3];
    for (float& value : x.mutable_values<float>()) value = static_cast<float>(i);
    const auto y = runner.infer({{"x", x}})["y"].values<float>();
    EXPECT_EQ(y.front(), static_cast<float>(i));
    EXPECT_EQ(y.back(), static_cast<float>(i));
  }
  EXPECT_GE(cuda().launches, 26);
  EXPECT_LE(cuda().captures, 2) << "changing addresses do not record again and again";
}

TEST_F(TrtRunner, ChoosesTheProfileByTheShapes) {
  Runner runner(engine_of(dynamic));
  const auto active = runner.activate();
  EXPECT_EQ(runner.input_metadata().str(), "{x [dtype=float32, shape=(1..16, 3)]}");
  auto profile_for = [&](std::int64_t n) {
    runner.infer({{"x", Tensor(DataType::float32, Shape{n, 3})}});
    return runner.active_profile();
  };
  EXPECT_EQ(profile_for(1), 0);
  EXPECT_EQ(profile_for(8), 1);
  EXPECT_EQ(profile_for(3), 0) << "both fit; it is nearer to 2 than to 8";
  EXPECT_EQ(profile_for(16), 1);
}

TEST_F(TrtRunner, RefusesShapesOutOfRangeWithTheRanges) {
  Runner runner(engine_of(dynamic));
  const auto active = runner.activate();
  EXPECT_THAT(message<InputError>([&] {
                runner.infer({{"x", Tensor(DataType::float32, Shape{17, 3})}});
              }),
              AllOf(HasSubstr("(17, 3)"), HasSubstr("profile 0: min (1, 3), opt (2, 3), max (4, 3)"),
                    HasSubstr("profile 1: min (3, 3), opt (8, 3), max (16, 3)")));
  EXPECT_THAT(message<InputError>([&] {
                runner.infer({{"x", Tensor(DataType::float32, Shape{17, 3})}}, false);
              }),
              HasSubstr("no optimization profile accepts the shapes"));
  Runner first(engine_of(dynamic), {.optimization_profile = 0});
  const auto first_active = first.activate();
  EXPECT_THAT(message<InputError>([&] {
                first.infer({{"x", Tensor(DataType::float32, Shape{5, 3})}});
              }),
              AllOf(HasSubstr("max (4, 3)"), Not(HasSubstr("profile 1"))));
  EXPECT_THAT(message<UsageError>([] {
                Runner runner_of(engine_of(dynamic), {.optimization_profile = 2});
                const auto scope = runner_of.activate();
              }),
              AllOf(HasSubstr("no optimization profile 2"), HasSubstr("0 to 1")));
}

TEST_F(TrtRunner, RefusesShapesThatFitOnlyInDifferentProfiles) {
  Runner runner(
      engine_of("input a float32 -1\ninput b float32 -1\noutput y float32 -1 copy a\n"
                "profile a 1 1 2 b 1 1 2\nprofile a 3 3 4 b 3 3 4\n"));
  const auto active = runner.activate();
  EXPECT_THAT(message<InputError>([&] {
                runner.infer(
                    {{"a", Tensor(DataType::float32, Shape{1})}, {"b", Tensor(DataType::float32, Shape{4})}});
              }),
              HasSubstr("accepts the shapes together"));
}

TEST_F(TrtRunner, FollowsOutputsOfWhichTheSizeDependsOnTheData) {
  Runner runner(engine_of("input x float32 4\noutput y int64 1,-1 nonzero x\nprofile x 4 4 4\n"));
  const auto active = runner.activate();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(runner.infer({{"x", floats({0, 1, 0, 2})}})["y"].values<std::int64_t>(), ElementsAre(1, 3));
    EXPECT_EQ(runner.infer({{"x", floats({0, 0, 0, 0})}})["y"].shape(), (Shape{1, 0}));
    EXPECT_THAT(runner.infer({{"x", floats({1, 1, 0, 2})}})["y"].values<std::int64_t>(),
                ElementsAre(0, 1, 3));
  }
  EXPECT_EQ(cuda().captures, 0);
}

TEST_F(TrtRunner, ReadsShapesFromInputs) {
  Runner runner(
      engine_of("input x float32 1,3\nhost_input s int64 2\noutput y float32 -1,-1 expand x s\n"
                "profile x 1,3 1,3 1,3 s 1,3 2,3 8,3\n"));
  const auto active = runner.activate();
  const Tensor x = Tensor::from({1.0f, 2.0f, 3.0f}, Shape{1, 3});
  auto infer = [&](std::int64_t n) -> const Tensor& {
    return runner.infer({{"x", x}, {"s", Tensor::from<std::int64_t>({n, 3}, Shape{2})}})["y"];
  };
  for (const std::int64_t n : {1, 2, 2, 2, 8, 3}) EXPECT_EQ(infer(n).shape(), (Shape{n, 3}));
  EXPECT_THAT(values_of(infer(2)), ElementsAre(1, 2, 3, 1, 2, 3));
  EXPECT_THAT(message<InputError>([&] { infer(9); }),
              AllOf(HasSubstr("'s' has the values (9, 3)"), HasSubstr("max (8, 3)")));
  EXPECT_THAT(message<InputError>([&] {
                runner.infer_on_device(
                    {{"x", DeviceTensor::from_host(x)}, {"s", DeviceTensor(DataType::int64, Shape{2})}});
              }),
              HasSubstr("on the host"));
}

TEST_F(TrtRunner, RunsOnDeviceTensors) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  const DeviceTensor x = DeviceTensor::from_host(floats({1, -1, 2, -2}));
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(values_of(runner.infer_on_device({{"x", x}})["y"].to_host()), ElementsAre(1, 0, 2, 0));
  EXPECT_TRUE(runner.last_was_graph());
  const DeviceTensor y(DataType::float32, Shape{4});
  EXPECT_EQ(runner.infer_on_device({{"x", x}}, {}, {{"y", y}})["y"].data(), y.data());
  EXPECT_THAT(values_of(y.to_host()), ElementsAre(1, 0, 2, 0));
  // The host's way and back, in both orders.
  EXPECT_THAT(values_of(runner.infer_on_device({}, {{"x", floats({5, -5, 6, -6})}})["y"].to_host()),
              ElementsAre(5, 0, 6, 0));
  EXPECT_THAT(values_of(runner.infer({{"x", floats({7, -7, 8, -8})}})["y"]), ElementsAre(7, 0, 8, 0));
  EXPECT_THAT(values_of(runner.infer_on_device({{"x", x}})["y"].to_host()), ElementsAre(1, 0, 2, 0));
}

TEST_F(TrtRunner, RefusesWrongMemory) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  const DeviceTensor x = DeviceTensor::from_host(floats({1, -1, 2, -2}));
  alignas(256) float memory[4] = {};
  auto infer = [&](const DeviceTensorMap& inputs, const DeviceTensorMap& outputs = {}) {
    return message<InputError>([&] { runner.infer_on_device(inputs, {}, outputs); });
  };
  EXPECT_THAT(infer({{"x", DeviceTensor::view(memory, DataType::float32, Shape{4})}}),
              AllOf(HasSubstr("'x'"), HasSubstr("not on a GPU")));
  const DeviceTensor room(DataType::float32, Shape{64});
  EXPECT_THAT(infer({{"x", DeviceTensor::view(static_cast<std::byte*>(room.data()) + 16, DataType::float32,
                                              Shape{4})}}),
              HasSubstr("256"));
  EXPECT_THAT(infer({{"x", x}}, {{"y", DeviceTensor(DataType::float32, Shape{3})}}), HasSubstr("(3,)"));
  EXPECT_THAT(infer({{"x", DeviceTensor(DataType::int64, Shape{4})}}), HasSubstr("int64"));
  EXPECT_THAT(infer({}), HasSubstr("'x' is missing"));
  EXPECT_THAT(values_of(runner.infer_on_device({{"x", x}})["y"].to_host()), ElementsAre(1, 0, 2, 0));
}

TEST_F(TrtRunner, ExchangesTensorsByDlpack) {
  int deleted = 0;
  {
    const DeviceTensor x = DeviceTensor::from_host(floats({1, 2}));
    dlpack::ManagedTensor* const managed = x.to_dlpack();
    EXPECT_EQ(managed->tensor.device.type, 2);
    EXPECT_EQ(managed->tensor.dtype.code, 2);
    EXPECT_EQ(managed->tensor.dtype.bits, 32);
    const DeviceTensor back = DeviceTensor::from_dlpack(managed);
    EXPECT_EQ(back.data(), x.data());
    EXPECT_EQ(back.shape(), (Shape{2}));

    std::int64_t shape[] = {2, 3};
    std::int64_t strides[] = {1, 2};
    dlpack::ManagedTensor foreign{
        {x.data(), {2, 0}, 2, {2, 32, 1}, shape, strides, 0}, &deleted, [](dlpack::ManagedTensor* self) {
          ++*static_cast<int*>(self->manager_context);
        }};
    EXPECT_THAT(message<InputError>([&] { DeviceTensor::from_dlpack(&foreign); }), HasSubstr("row-major"));
    foreign.tensor.strides = nullptr;
    foreign.tensor.device.type = 1;
    EXPECT_THAT(message<InputError>([&] { DeviceTensor::from_dlpack(&foreign); }), HasSubstr("not on a GPU"));
    foreign.tensor.device.type = 2;
    foreign.tensor.dtype.lanes = 4;
    EXPECT_THAT(message<InputError>([&] { DeviceTensor::from_dlpack(&foreign); }), HasSubstr("4 lanes"));
    EXPECT_EQ(deleted, 0);
    foreign.tensor.dtype.lanes = 1;
    { const DeviceTensor taken = DeviceTensor::from_dlpack(&foreign); }
    EXPECT_EQ(deleted, 1);
  }
}

TEST_F(TrtRunner, HasSeveralInferencesInFlight) {
  Runner runner(engine_of(relu));
  std::optional<PendingInference> last;
  {
    const auto active = runner.activate();
    for (int round = 0; round < 4; ++round) {
      std::vector<PendingInference> pending;
      for (int i = 0; i < 5; ++i) {
        const float f = static_cast<float>(round * 5 + i);
        pending.push_back(runner.infer_async({{"x", floats({f, -f, 1, -1})}}));
      }
      for (std::size_t i = 5; i-- > 0;) {
        const float f = static_cast<float>(round * 5) + static_cast<float>(i);
        EXPECT_THAT(values_of(pending[i].get()["y"]), ElementsAre(f, 0, 1, 0));
        EXPECT_TRUE(pending[i].is_ready());
      }
    }
    EXPECT_EQ(cuda().streams, 6) << "what ran once runs again";
    last.emplace(runner.infer_async({{"x", floats({9, 9, 9, 9})}}));
  }
  EXPECT_THAT(values_of(last->get()["y"]), ElementsAre(9, 9, 9, 9)) << "it outlives the activation";
  last.reset();
}

TEST_F(TrtRunner, SharesAnEngineBetweenThreads) {
  std::optional<Engine> engine = engine_of(dynamic);
  std::vector<std::unique_ptr<Runner>> runners;
  for (int i = 0; i < 4; ++i) runners.push_back(std::make_unique<Runner>(*engine));
  engine.reset();
  std::vector<std::jthread> threads;
  for (auto& runner : runners)
    threads.emplace_back([&runner] {
      const auto active = runner->activate();
      for (int i = 0; i < 100; ++i) {
        const std::int64_t n = 1 + i / 10 % 16;
        const Tensor& y = runner->infer({{"x", Tensor::full(Shape{n, 3}, static_cast<float>(i))}})["y"];
        ASSERT_EQ(y.shape(), (Shape{n, 3}));
        ASSERT_EQ(y.values<float>().back(), static_cast<float>(i));
      }
    });
}

TEST_F(TrtRunner, WaitsAndMeasuresAsAsked) {
  for (const Wait wait : {Wait::automatic, Wait::spin, Wait::block})
    for (const bool own_stream : {true, false}) {
      RunnerOptions options{.wait = wait, .time_on_gpu = true};
      if (!own_stream) options.stream = Stream::create();
      Runner runner(engine_of(relu), options);
      const auto active = runner.activate();
      for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -1, 2, -2})}})["y"]), ElementsAre(1, 0, 2, 0));
        EXPECT_GT(runner.last_gpu_time(), 0);
      }
      EXPECT_TRUE(own_stream || runner.stream() == *options.stream);
    }
}

TEST_F(TrtRunner, RecordsNothingOnTheCallersStream) {
  for (const bool default_stream : {true, false}) {
    const Stream theirs = default_stream ? Stream() : Stream::create();
    cuda().forbid_capture_on = theirs.native();
    cuda().captures = 0;
    Runner runner(engine_of(relu), {.stream = theirs});
    const auto active = runner.activate();
    for (int i = 0; i < 3; ++i)
      EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -1, 2, -2})}})["y"]), ElementsAre(1, 0, 2, 0));
    EXPECT_TRUE(runner.last_was_graph());
    EXPECT_EQ(cuda().captures, 1);
  }
}

TEST_F(TrtRunner, MeasuresLayers) {
  Runner runner(engine_of(relu), {.time_layers = true});
  const auto active = runner.activate();
  for (int i = 0; i < 3; ++i) runner.infer({{"x", floats({1, -1, 2, -2})}});
  ASSERT_EQ(runner.last_layer_times().size(), 1u);
  EXPECT_EQ(runner.last_layer_times()[0].name, "y");
  EXPECT_DOUBLE_EQ(runner.last_layer_times()[0].seconds, 0.5e-3);
  EXPECT_FALSE(runner.last_was_graph());
  EXPECT_THAT(message<UsageError>([&] { runner.last_gpu_time(); }), HasSubstr("time_on_gpu"));
}

TEST_F(TrtRunner, SumsUpWhatLayersTook) {
  Runner runner(engine_of(relu), {.time_layers = true});
  const auto active = runner.activate();
  const auto infer = [&] { runner.infer({{"x", floats({1, -1, 2, -2})}}); };
  infer();
  runner.restart_layer_times();
  EXPECT_EQ(runner.layer_times().inferences, 0);
  for (int i = 0; i < 3; ++i) infer();
  const LayerTimes times = runner.layer_times();
  EXPECT_EQ(times.inferences, 3);
  EXPECT_GT(times.seconds, 0);
  ASSERT_EQ(times.layers.size(), 1u);
  EXPECT_EQ(times.layers[0].name, "y");
  EXPECT_EQ(times.layers[0].calls, 3);
  EXPECT_DOUBLE_EQ(times.layers[0].seconds, 1.5e-3);
  Runner without(engine_of(relu));
  const auto active_too = without.activate();
  without.infer({{"x", floats({1, -1, 2, -2})}});
  EXPECT_EQ(without.layer_times().inferences, 0);
}

TEST_F(TrtRunner, AllocatesByStrategy) {
  for (const auto strategy : {AllocationStrategy::profile, AllocationStrategy::runtime}) {
    Runner runner(engine_of(dynamic), {.allocation_strategy = strategy});
    const auto active = runner.activate();
    for (const std::int64_t n : {1, 1, 1, 8, 8})
      EXPECT_EQ(runner.infer({{"x", Tensor::full(Shape{n, 3}, 1.0f)}})["y"].shape(), (Shape{n, 3}));
  }
}

TEST_F(TrtRunner, SetsTheBudgetForWeights) {
  Runner runner(engine_of(relu), {.weight_streaming_budget = 500});
  const auto active = runner.activate();
  EXPECT_EQ(runner.engine()->getWeightStreamingBudgetV2(), 500);
  // The stand-in has 3000 bytes that can be streamed.
  Runner share(engine_of(relu), {.weight_streaming_budget = WeightBudget::of_percent(25)});
  const auto share_active = share.activate();
  EXPECT_EQ(share.engine()->getWeightStreamingBudgetV2(), 750);
  auto refusal = [](WeightBudget budget) {
    Runner other(engine_of(relu), {.weight_streaming_budget = budget});
    const auto scope = other.activate();
  };
  EXPECT_THAT(message<UsageError>([&] { refusal(WeightBudget::of_percent(101)); }),
              HasSubstr("0 to 100 percent"));
  EXPECT_THAT(message<BackendError>([&] { refusal(2000); }), HasSubstr("weight_streaming"));
  EXPECT_THAT(message<UsageError>([&] { refusal(-3); }), HasSubstr("-2 for all"));
}

TEST(WeightBudget, IsBytesOrAShare) {
  const auto parsed = [](std::string_view text) {
    WeightBudget budget;
    parse_option(budget, text);
    return budget;
  };
  EXPECT_EQ(parsed("0"), WeightBudget(0));
  EXPECT_EQ(parsed("2K"), WeightBudget(2048));
  EXPECT_EQ(parsed("1.5M"), WeightBudget(1536 * 1024));
  EXPECT_EQ(parsed("-1"), WeightBudget());
  EXPECT_EQ(parsed("-2"), WeightBudget(-2));
  EXPECT_EQ(parsed("12.5%"), WeightBudget::of_percent(12.5));
  for (const char* bad : {"", "%", "K", "-3", "-1K", "-1%", "101%", "5X", "5MB", "many", "nan", "1e30"})
    EXPECT_THAT(message<UsageError>([&] { parsed(bad); }), HasSubstr("is no budget")) << bad;
  const Runner runner(EngineFromPath("m.plan"), {.weight_streaming_budget = WeightBudget::of_percent(50)});
  EXPECT_THAT(runner.str(), HasSubstr("{.weight_streaming_budget = WeightBudget::of_percent(50.0)}"));
}

// Raw memory becomes visible by copying it between a tensor in vectors of four and a row-major one.
constexpr const char* packs =
    "input x float32:chw4 1,3,1,2\noutput y float32 8 raw x\nprofile x 1,3,1,2 1,3,1,2 1,3,1,2\n";
constexpr const char* unpacks = "input x float32 8\noutput y float32:chw4 1,3,1,2 raw x\nprofile x 8 8 8\n";

Tensor planes() {
  return Tensor::from({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, Shape{1, 3, 1, 2});
}

TEST_F(TrtRunner, PacksInputsOfVectorisedFormats) {
  Runner runner(engine_of(packs));
  const auto active = runner.activate();
  for (int i = 0; i < 4; ++i)
    EXPECT_THAT(values_of(runner.infer({{"x", planes()}})["y"]), ElementsAre(1, 3, 5, 0, 2, 4, 6, 0));
  EXPECT_TRUE(runner.last_was_graph());
  EXPECT_THAT(values_of(runner.infer_async({{"x", planes()}}).get()["y"]),
              ElementsAre(1, 3, 5, 0, 2, 4, 6, 0));
}

TEST_F(TrtRunner, UnpacksOutputsOfVectorisedFormats) {
  const Tensor raw = floats({1, 3, 5, 0, 2, 4, 6, 0});
  for (const std::size_t direct : {std::size_t{0}, std::size_t{1024}}) {
    Runner runner(engine_of(unpacks), {.direct_output_limit = direct});
    const auto active = runner.activate();
    for (int i = 0; i < 3; ++i) {
      const Tensor& y = runner.infer({{"x", raw}})["y"];
      EXPECT_EQ(y.shape(), (Shape{1, 3, 1, 2}));
      EXPECT_THAT(values_of(y), ElementsAre(1, 2, 3, 4, 5, 6));
    }
  }
}

TEST_F(TrtRunner, LeavesVectorisedFormatsOnTheDeviceAsTheyAre) {
  Runner runner(engine_of(unpacks));
  const auto active = runner.activate();
  const DeviceTensor raw = DeviceTensor::from_host(floats({1, 3, 5, 0, 2, 4, 6, 0}));
  const DeviceTensor& y = runner.infer_on_device({{"x", raw}})["y"];
  EXPECT_EQ(y.nbytes(), 24U);
  EXPECT_EQ(y.capacity(), 32U) << "three channels take as much as four";
  EXPECT_THAT(message<InputError>([&] {
                runner.infer_on_device({{"x", raw}}, {}, {{"y", DeviceTensor(DataType::float32, y.shape())}});
              }),
              HasSubstr("padded takes 32 bytes; the tensor has 24"));
  const DeviceTensor own(DataType::float32, Shape{1, 3, 1, 2}, 32);
  runner.infer_on_device({{"x", raw}}, {}, {{"y", own}});
  EXPECT_THAT(values_of(DeviceTensor::view(own.data(), DataType::float32, Shape{8}).to_host()),
              ElementsAre(1, 3, 5, 0, 2, 4, 6, 0));

  Runner packed(engine_of(packs));
  const auto packed_active = packed.activate();
  EXPECT_THAT(message<InputError>([&] {
                packed.infer_on_device({{"x", DeviceTensor(DataType::float32, Shape{1, 3, 1, 2})}});
              }),
              HasSubstr("Binding 'x'"));
  EXPECT_THAT(values_of(packed.infer_on_device({{"x", own}})["y"].to_host()),
              ElementsAre(1, 3, 5, 0, 2, 4, 6, 0));
}

TEST_F(TrtRunner, KeepsAStreamThatComesWithItsOwner) {
  auto owner = std::make_shared<Stream>(Stream::create());
  const std::weak_ptr<Stream> watch = owner;
  {
    Runner runner(engine_of(relu), {.stream = Stream::view(owner->native(), owner)});
    owner.reset();
    const auto active = runner.activate();
    EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -2, 3, -4})}})["y"]), ElementsAre(1, 0, 3, 0));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST_F(TrtRunner, TellsWhatFailsWhileRunning) {
  Runner runner(engine_of("input x float32 4\noutput y float32 4 fail x\nprofile x 4 4 4\n"));
  const auto active = runner.activate();
  EXPECT_THAT(message<BackendError>([&] {
                runner.infer({{"x", floats({1, 2, 3, 4})}});
              }),
              HasSubstr("the stand-in was told to fail"));
}

TEST_F(TrtRunner, TellsOfFailuresOfTheGpuAndWorksOnWhereThatIsPossible) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  runner.infer({{"x", floats({1, 2, 3, 4})}});
  cuda().fail_wait = cudaErrorIllegalAddress;
  EXPECT_THAT(message<BackendError>([&] {
                runner.infer({{"x", floats({1, 2, 3, 4})}});
              }),
              AllOf(HasSubstr("cudaErrorIllegalAddress"), HasSubstr("compute-sanitizer")));
  EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -2, 3, 4})}})["y"]), ElementsAre(1, 0, 3, 4));
}

TEST_F(TrtRunner, TellsOfMissingMemoryAndWorksOnOnceThereIsSome) {
  for (int left = 0; left < 2; ++left) {
    Runner runner(engine_of(relu), {.direct_output_limit = 0});
    const auto active = runner.activate();
    cuda().mallocs_left = left;
    EXPECT_THAT(message<BackendError>([&] {
                  runner.infer({{"x", floats({1, 2, 3, 4})}});
                }),
                AllOf(HasSubstr("cudaErrorMemoryAllocation"), HasSubstr("16 bytes"), HasSubstr("1 of 8 MiB"),
                      HasSubstr("smaller batches")));
    cuda().mallocs_left = -1;
    EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -2, 3, 4})}})["y"]), ElementsAre(1, 0, 3, 4));
  }
}

TEST_F(TrtRunner, TellsOfMissingMemoryOfTheHost) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  cuda().host_allocs_left = 0;
  EXPECT_THAT(message<BackendError>([&] {
                runner.infer({{"x", floats({1, 2, 3, 4})}});
              }),
              AllOf(HasSubstr("cudaHostAlloc of 16 bytes"), HasSubstr("can be pinned"),
                    Not(HasSubstr("of the GPU are free"))));
  cuda().host_allocs_left = -1;
  EXPECT_THAT(values_of(runner.infer({{"x", floats({1, -2, 3, 4})}})["y"]), ElementsAre(1, 0, 3, 4));
  Runner other(engine_of("input x float32 4\noutput y float32 4 unstartable x\nprofile x 4 4 4\n"));
  EXPECT_THAT(message<BackendError>([&] { const auto scope = other.activate(); }),
              AllOf(HasSubstr("Making an execution context"), HasSubstr("GPU memory is short")));
}

TEST_F(TrtRunner, SaysThatTheCallersStreamIsGone) {
  struct Case {
    bool graph;
    Wait wait;
    int error;
  };
  for (const Case& how : {Case{true, Wait::automatic, cudaErrorInvalidResourceHandle},
                          {false, Wait::block, cudaErrorContextIsDestroyed},
                          {false, Wait::spin, cudaErrorInvalidResourceHandle}}) {
    cuda().gone = how.error;
    std::optional<Stream> theirs = Stream::create();
    const Stream view = Stream::view(theirs->native());
    const RunnerOptions options{
        .cuda_graphs = how.graph ? CudaGraphs::automatic : CudaGraphs::off, .wait = how.wait, .stream = view};
    const auto is_gone =
        AllOf(HasSubstr("the stream that the runner was given is no longer there"),
              HasSubstr(how.error == cudaErrorContextIsDestroyed ? "cudaErrorContextIsDestroyed"
                                                                 : "cudaErrorInvalidResourceHandle"),
              HasSubstr("Deactivate the runner before"));
    Runner runner(engine_of(relu), options);
    Runner late(engine_of(relu), options);
    {
      const auto active = runner.activate();
      for (int i = 0; i < 3; ++i) runner.infer({{"x", floats({1, -1, 2, -2})}});
      theirs.reset();
      for (int i = 0; i < 2; ++i)
        EXPECT_THAT(message<UsageError>([&] { runner.infer({{"x", floats({1, -1, 2, -2})}}); }), is_gone);
    }
    EXPECT_THAT(message<UsageError>([&] { const auto active = late.activate(); }), is_gone);
  }
}

TEST_F(TrtRunner, SaysThatTheCallersStreamIsGoneWhileItWaits) {
  std::optional<Stream> theirs = Stream::create();
  Runner runner(engine_of(relu), {.cuda_graphs = CudaGraphs::off, .stream = Stream::view(theirs->native())});
  const auto active = runner.activate();
  const DeviceTensor x = DeviceTensor::from_host(floats({1, -1, 2, -2}));
  runner.submit_on_device({{"x", x}});
  theirs.reset();
  EXPECT_THAT(message<UsageError>([&] {
                runner.infer_on_device({{"x", x}});
              }),
              HasSubstr("the stream that the runner was given is no longer there"));
}

constexpr const char* counter =
    "input x float32 4\ninput z float32 4\noutput y float32 4 increment x\noutput w float32 4 relu z\n"
    "profile x 4 4 4 z 4 4 4\n";

TEST_F(TrtRunner, WritesOutputsOverInputsInACopy) {
  for (const std::size_t limit : {0, 16})
    for (const bool graph : {true, false}) {
      Runner runner(engine_of(counter), {.cuda_graphs = graph ? CudaGraphs::automatic : CudaGraphs::off,
                                         .direct_output_limit = limit});
      const auto active = runner.activate();
      const Tensor pinned = pinned_tensor(DataType::float32, Shape{4});
      for (int i = 0; i < 5; ++i) {
        const Tensor x = i % 2 == 0 ? floats({1, 2, 3, 4}) : pinned;
        if (i % 2 != 0) std::ranges::fill(Tensor(x).mutable_values<float>(), 7.0f);
        const std::vector<float> before = values_of(x);
        const TensorMap& outputs = runner.infer({{"x", x}, {"z", floats({-1, 1, -2, 2})}});
        std::vector<float> expected = before;
        for (float& value : expected) value += 1;
        EXPECT_EQ(values_of(outputs["y"]), expected);
        EXPECT_THAT(values_of(outputs["w"]), ElementsAre(0, 1, 0, 2));
        EXPECT_EQ(values_of(x), before) << "what is fed does not change";
        EXPECT_EQ(runner.last_was_graph(), graph && i > 0);
      }
    }
}

TEST_F(TrtRunner, WritesOutputsOverInputsOnTheDevice) {
  Runner runner(engine_of(counter));
  const auto active = runner.activate();
  const DeviceTensor x = DeviceTensor::from_host(floats({1, 2, 3, 4}));
  const DeviceTensor z = DeviceTensor::from_host(floats({-1, 1, -2, 2}));
  const DeviceTensorMap inputs{{"x", x}, {"z", z}};
  for (float i = 1; i < 5; ++i) {
    const DeviceTensorMap& outputs =
        runner.infer_on_device(inputs, {}, i > 2 ? DeviceTensorMap{{"y", x}} : DeviceTensorMap{});
    EXPECT_EQ(outputs["y"].data(), x.data());
    EXPECT_THAT(values_of(x.to_host()), ElementsAre(1 + i, 2 + i, 3 + i, 4 + i));
    EXPECT_THAT(values_of(outputs["w"].to_host()), ElementsAre(0, 1, 0, 2));
  }
  const DeviceTensor other(DataType::float32, Shape{4});
  EXPECT_THAT(message<UsageError>([&] {
                runner.infer_on_device(inputs, {}, {{"y", other}});
              }),
              AllOf(HasSubstr("it writes the output 'y' over the input 'x'"),
                    HasSubstr("or give the memory of 'x'")));
  // Another cache; one that comes from the host; and back to the host's way.
  const DeviceTensor second = DeviceTensor::from_host(floats({10, 10, 10, 10}));
  EXPECT_EQ(runner.infer_on_device({{"x", second}, {"z", z}})["y"].data(), second.data());
  EXPECT_THAT(values_of(second.to_host()), ElementsAre(11, 11, 11, 11));
  const DeviceTensorMap& mixed = runner.infer_on_device({{"z", z}}, {{"x", floats({0, 0, 0, 0})}});
  EXPECT_THAT(values_of(mixed["y"].to_host()), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(values_of(runner.infer({{"x", floats({2, 2, 2, 2})}, {"z", floats({0, 0, 0, 0})}})["y"]),
              ElementsAre(3, 3, 3, 3));
  EXPECT_THAT(values_of(second.to_host()), ElementsAre(11, 11, 11, 11));
}

TEST_F(TrtRunner, WritesOutputsOverInputsOfEveryInferenceInFlight) {
  Runner runner(engine_of(counter));
  const auto active = runner.activate();
  std::vector<PendingInference> pending;
  for (float i = 0; i < 3; ++i)
    pending.push_back(runner.infer_async({{"x", floats({i, i, i, i})}, {"z", floats({1, 1, 1, 1})}}));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_THAT(values_of(pending[i].get()["y"]), testing::Each(static_cast<float>(i) + 1));
}

TEST_F(TrtRunner, AllocatesNothingOnceShapesRepeat) {
  for (const bool graph : {true, false}) {
    Runner runner(engine_of(relu), {.cuda_graphs = graph ? CudaGraphs::automatic : CudaGraphs::off});
    const auto active = runner.activate();
    const FeedDict feed{{"x", floats({1, 2, 3, 4})}};
    for (int i = 0; i < 3; ++i) runner.infer(feed);
    EXPECT_EQ(count_allocations([&] {
                for (int i = 0; i < 100; ++i) runner.infer(feed);
              }),
              0u);
  }
}

TEST_F(TrtRunner, RefusesASecondThread) {
  Runner runner(engine_of(relu));
  const auto active = runner.activate();
  const FeedDict feed{{"x", floats({1, 2, 3, 4})}};
  cuda().hold = true;
  std::jthread first([&] { runner.infer(feed, false); });
  while (!cuda().is_held) std::this_thread::yield();
  EXPECT_THAT(message<UsageError>([&] { runner.infer(feed, false); }), HasSubstr("another thread"));
  cuda().hold = false;
  first.join();
  EXPECT_NO_THROW(runner.infer(feed, false));
}

}  // namespace polygraph::trt::test
