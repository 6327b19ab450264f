#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/log.h>
#include <polygraph/trt/describe.h>
#include <polygraph/trt/loaders.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <string>

namespace polygraph::trt::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

Engine engine_of(const std::string& text) {
  setenv("POLYGRAPH_TENSORRT_RTX", POLYGRAPH_STAND_INS "/libtensorrt_rtx.so", 1);
  setenv("POLYGRAPH_CUDART", POLYGRAPH_STAND_INS "/libcudart.so", 1);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  Runtime runtime;
  std::shared_ptr<nvinfer1::ICudaEngine> engine(runtime->deserializeCudaEngine(bytes.data(), bytes.size()));
  return Engine(std::move(engine), std::move(runtime));
}

constexpr const char* rich =
    "name net\nrefittable\nalias y x\n"
    "input x float32 -1,3\nhost_input s int64 2\noutput y float16 -1,3 packed x\n"
    "profile x 1,3 2,3 4,3 s 1,3 2,3 8,3\nprofile x 3,3 8,3 16,3 s 1,1 1,1 1,1\n"
    "inspector {\"Layers\": [{\"Name\": \"relu\", \"LayerType\": \"kgen\", \"StreamId\": 0, "
    "\"Metadata\": \"[ONNX Layer: relu]\"}]}\n";

TEST(DescribeEngine, TellsWhatTheEngineSays) {
  const EngineDescription told = describe_engine(engine_of(rich));
  EXPECT_EQ(told.name, "net");
  EXPECT_EQ(told.backend, "TensorRT-RTX");
  EXPECT_EQ(told.backend_version, "1.6.1");
  EXPECT_TRUE(told.refittable);
  EXPECT_THAT(told.strongly_typed, Optional(true));
  EXPECT_EQ(told.profiling_verbosity, "detailed");
  EXPECT_EQ(told.engine_capability, "standard");
  EXPECT_EQ(told.hardware_compatibility, "none");
  EXPECT_THAT(told.aux_streams, Optional(2));
  EXPECT_EQ(told.device_memory, 256);
  EXPECT_THAT(told.profile_memory, ElementsAre(128, 128));
  EXPECT_THAT(told.weights, Optional(5000));
  EXPECT_THAT(told.stripped_weights, Optional(40));
  EXPECT_THAT(told.streamable_weights, Optional(3000));
}

TEST(DescribeEngine, ListsInputsOutputsAndProfiles) {
  const EngineDescription told = describe_engine(engine_of(rich));
  ASSERT_EQ(told.tensors.size(), 3U);
  EXPECT_EQ(told.inputs(), (TensorMetadata{{"x", DataType::float32, {-1, 3}}, {"s", DataType::int64, {2}}}));
  EXPECT_EQ(told.outputs(), (TensorMetadata{{"y", DataType::float16, {-1, 3}}}));
  EXPECT_FALSE(told.tensors[0].on_host);
  EXPECT_TRUE(told.tensors[1].on_host);
  EXPECT_EQ(told.tensors[0].format, "");
  EXPECT_EQ(told.tensors[2].format, "four-element vectors");
  EXPECT_EQ(told.tensors[2].aliased_input, "x");
  EXPECT_THAT(
      told.profiles,
      ElementsAre(ElementsAre(ShapeRange{{1, 3}, {2, 3}, {4, 3}}, ShapeRange{{1, 3}, {2, 3}, {8, 3}}),
                  ElementsAre(ShapeRange{{3, 3}, {8, 3}, {16, 3}}, ShapeRange{{1, 1}, {1, 1}, {1, 1}})));
}

TEST(DescribeEngine, ListsLayers) {
  const EngineDescription told = describe_engine(engine_of(rich));
  EXPECT_EQ(told.layer_count, 1U);
  ASSERT_EQ(told.layers.size(), 1U);
  EXPECT_THAT(told.layers[0].onnx_nodes, ElementsAre("relu"));
}

TEST(DescribeEngine, CountsLayersThatAreNotTold) {
  const std::string text = "input x float32 4\noutput y float32 4 relu x\nprofile x 4 4 4\n";
  const EngineDescription silent = describe_engine(engine_of(text + "verbosity none\n"));
  EXPECT_EQ(silent.layer_count, 3U);
  EXPECT_THAT(silent.layers, IsEmpty());
  EXPECT_FALSE(silent.refittable);

  std::string logged;
  set_log_sink([&](Severity, std::string_view line) { logged += line; });
  const EngineDescription uninspected = describe_engine(engine_of(text));
  set_log_sink({});
  EXPECT_EQ(uninspected.layer_count, 3U);
  EXPECT_THAT(logged, testing::HasSubstr("The engine's layers cannot be told: TensorRT cannot inspect"));
}

}  // namespace
}  // namespace polygraph::trt::test
