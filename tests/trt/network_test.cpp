#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/save.h>
#include <polygraph/trt.h>

#include <fstream>

#include "helpers/message.h"
#include "onnxrt/models.h"
#include "trt/layers.h"
#include "trt/models.h"
#include "trt/narrow_network.h"

namespace polygraph::trt::test {
namespace {

namespace fs = std::filesystem;
using onnxrt::test::ModelBuilder;
using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// x -> Relu -> a -> Sigmoid -> b -> Exp -> y
Bytes chain() {
  ModelBuilder b;
  b.input("x", DataType::float32, {2, 3}).node("Relu", {"x"}, {"a"}).node("Sigmoid", {"a"}, {"b"});
  b.node("Exp", {"b"}, {"y"}).output("y", DataType::float32, {2, 3});
  return onnx::encode_model(b.model());
}

TEST(Network, SaysWhatCannotBeRead) {
  EXPECT_THAT(message<InputError>([] { network_from_onnx_path("/nowhere/m.onnx"); }),
              HasSubstr("/nowhere/m.onnx"));
  const std::string text = "this is not an ONNX model";
  EXPECT_THAT(message<InputError>([&] {
                network_from_onnx_bytes(Bytes(
                    std::vector<std::byte>(reinterpret_cast<const std::byte*>(text.data()),
                                           reinterpret_cast<const std::byte*>(text.data() + text.size()))));
              }),
              HasSubstr("ONNX"));
  ModelBuilder b;
  b.input("x", DataType::float32, {2, 3}).node("Relu", {"x"}, {"a"});
  b.node("NoSuchOperator", {"a"}, {"y"}).output("y", DataType::float32, {2, 3});
  EXPECT_THAT(
      message<BackendError>([&] { network_from_onnx_bytes(onnx::encode_model(b.model())); }),
      AllOf(HasSubstr("with TensorRT-RTX 1.6.1 failed"), HasSubstr("NoSuchOperator"), HasSubstr("  | ")));
}

TEST(ModifyNetworkOutputs, MarksAndUnmarks) {
  const auto outputs = [](OutputOptions options) {
    return names_of(outputs_of(*modify_network_outputs(network_from_onnx_bytes(chain()), options)));
  };
  EXPECT_THAT(outputs({.outputs = {"a"}}), ElementsAre("a"));
  EXPECT_THAT(outputs({.outputs = {"mark", "all"}}), ElementsAre("a", "b", "y"));
  EXPECT_THAT(outputs({.outputs = {"mark-all"}, .exclude_outputs = {"b"}}), ElementsAre("a", "y"));
  EXPECT_THAT(outputs({.mark_layer_types = {"UNARY"}}), ElementsAre("y"));
  EXPECT_THAT(message<InputError>([&] { outputs({.outputs = {"c"}}); }), HasSubstr("'c'"));
  EXPECT_THAT(message<InputError>([&] { outputs({.exclude_outputs = {"y"}}); }),
              HasSubstr("no output would be left"));
  EXPECT_THAT(message<InputError>([&] { outputs({.mark_layer_types = {"UNARYY"}}); }),
              HasSubstr("Did you mean 'UNARY'?"));
}

TEST(SetLayerPrecisions, HoldInAStronglyTypedNetwork) {
  Network network = network_from_onnx_bytes(chain());
  const std::vector<std::string> names = names_of(layers_of(*network));
  set_layer_precisions(network, {{names.at(1), DataType::float32}});
  {
    const NarrowNetwork narrowed(network, nvinfer1::DataType::kHALF);
    EXPECT_EQ(narrowed.narrowed(), 2u);
    EXPECT_EQ(narrowed.kept(), 1u);
    EXPECT_EQ(network->getLayer(0)->getOutput(0)->getType(), nvinfer1::DataType::kHALF);
    EXPECT_EQ(network->getLayer(1)->getOutput(0)->getType(), nvinfer1::DataType::kFLOAT);
  }
  EXPECT_EQ(network->getLayer(0)->getOutput(0)->getType(), nvinfer1::DataType::kFLOAT) << "restored";
  set_layer_precisions(network, {{names.at(1), DataType::bfloat16}});
  {
    const NarrowNetwork narrowed(network, std::nullopt);
    EXPECT_EQ(narrowed.narrowed(), 1u);
    EXPECT_EQ(network->getLayer(1)->getOutput(0)->getType(), nvinfer1::DataType::kBF16);
  }
  EXPECT_THAT(message<InputError>([&] {
                set_layer_precisions(network, {{"nothing", DataType::float32}});
              }),
              HasSubstr("'nothing'"));
  EXPECT_THAT(message<BackendError>([&] {
                set_layer_precisions(network, {{names[0], DataType::int8}});
              }),
              HasSubstr("types of a strongly typed network"));
}

TEST(NarrowNetwork, KeepsWhatDoesNotSurvive) {
  ModelBuilder b;
  Tensor large(DataType::float32, Shape{3});
  for (int i = 0; i < 3; ++i) reinterpret_cast<float*>(large.mutable_data())[i] = 1e6F;
  b.input("x", DataType::float32, {2, 3}).initializer("large", large);
  b.node("Relu", {"x"}, {"a"}).node("Add", {"a", "large"}, {"y"}).output("y", DataType::float32, {2, 3});
  const Network network = network_from_onnx_bytes(onnx::encode_model(b.model()));
  const NarrowNetwork half(network, nvinfer1::DataType::kHALF);
  EXPECT_EQ(half.narrowed(), 1u);
  EXPECT_EQ(half.kept(), 1u) << "1e6 is infinite in float16";
}

// x -> x * x -> mean -> + c -> sqrt -> s; x / s -> d -> max -> y; x -> average -> z
Network normalization() {
  ModelBuilder b;
  Tensor c(DataType::float32, Shape{1});
  c.mutable_values<float>()[0] = 0.5f;
  b.input("x", DataType::float32, {2, 512}).initializer("c", c);
  b.node("Mul", {"x", "x"}, {"square"}).node("ReduceMean", {"square"}, {"mean"});
  b.node("Add", {"mean", "c"}, {"sum"}).node("Sqrt", {"sum"}, {"s"}).node("Div", {"x", "s"}, {"d"});
  b.node("ReduceMax", {"d"}, {"max"}).node("Relu", {"max"}, {"y"}).output("y", DataType::float32, {1, 1});
  b.node("ReduceMean", {"x"}, {"average"})
      .node("Relu", {"average"}, {"z"})
      .output("z", DataType::float32, {1, 1});
  return network_from_onnx_bytes(onnx::encode_model(b.model()));
}

TEST(NarrowNetwork, KeepsSumsThatMayNotFit) {
  Network network = normalization();
  const auto in_float32 = [&] {
    std::vector<std::string> names;
    for (const std::string name : {"square", "mean", "sum", "s", "d", "max", "average"})
      for (const nvinfer1::ILayer* layer : layers_of(*network))
        if (layer->getOutput(0)->getName() == name &&
            layer->getOutput(0)->getType() == nvinfer1::DataType::kFLOAT)
          names.push_back(name);
    return names;
  };
  {
    const NarrowNetwork narrow(network, nvinfer1::DataType::kHALF);
    EXPECT_THAT(in_float32(), ElementsAre("square", "mean", "sum", "s"));
  }
  {
    const NarrowNetwork narrow(network, nvinfer1::DataType::kBF16);
    EXPECT_THAT(in_float32(), ElementsAre()) << "bfloat16 goes as far as float32";
  }
  for (const nvinfer1::ILayer* layer : layers_of(*network))
    if (layer->getType() == nvinfer1::LayerType::kREDUCE)
      set_layer_precisions(network, {{layer->getName(), DataType::float16}});
  const NarrowNetwork narrow(network, nvinfer1::DataType::kHALF);
  EXPECT_THAT(in_float32(), Not(testing::Contains("mean"))) << "what is asked for holds";
}

TEST(NarrowNetwork, ThatCannotBeIsAnError) {
  ModelBuilder b;
  Tensor large(DataType::float32, Shape{3});
  for (int i = 0; i < 3; ++i) reinterpret_cast<float*>(large.mutable_data())[i] = 1e6F;
  b.input("x", DataType::float32, {2, 3}).initializer("large", large);
  b.node("Add", {"x", "large"}, {"y"}).output("y", DataType::float32, {2, 3});
  const Network network = network_from_onnx_bytes(onnx::encode_model(b.model()));
  EXPECT_THAT(
      message<BackendError>([&] { engine_bytes_from_network(network, create_config({.fp16 = true})); }),
      HasSubstr("None of the 1 layers that compute in float32 can compute in float16"));
}

TEST(SetTensorDatatypes, BelongToTheNetworkHere) {
  Network network = network_from_onnx_bytes(chain());
  EXPECT_THAT(message<BackendError>([&] {
                set_tensor_datatypes(network, {{"x", DataType::float16}});
              }),
              HasSubstr("types of a strongly typed network are its own"));
}

TEST(SetTensorFormats, ReachTensorRt) {
  Network network = network_from_onnx_bytes(chain());
  set_tensor_formats(network, {{"x", {nvinfer1::TensorFormat::kLINEAR}}});
  EXPECT_EQ(network->getInput(0)->getAllowedFormats(), 1u);
  EXPECT_THAT(message<UsageError>([&] {
                set_tensor_formats(network, {{"x", {}}});
              }),
              HasSubstr("none for 'x'"));
  EXPECT_THAT(message<InputError>([&] {
                set_tensor_formats(network, {{"q", {nvinfer1::TensorFormat::kLINEAR}}});
              }),
              HasSubstr("'q'"));
}

TEST(NetworkFromOnnxBytes, MarksWhatIsNotFusedAway) {
  const Network network = network_from_onnx_bytes(chain(), {.mark_unfused_tensors_as_debug_tensors = true});
  EXPECT_FALSE(engine_bytes_from_network(network).empty());
}

TEST(MarkDebug, ReachesTensorRt) {
  Network network = network_from_onnx_bytes(chain());
  mark_debug(network, {"a"});
  EXPECT_TRUE(network->isDebugTensor(*network->getLayer(0)->getOutput(0)));
  EXPECT_FALSE(network->isDebugTensor(*network->getLayer(1)->getOutput(0)));
}

TEST(EngineFromBytes, RefusesWhatIsNoPlan) {
  const Bytes plan = engine_bytes_from_network(network_from_onnx_bytes(chain()));
  EXPECT_THAT(message<InputError>([&] { engine_from_bytes(Bytes(plan.span().first(3), plan.keep_alive())); }),
              HasSubstr("is not a TensorRT engine"));
  EXPECT_THAT(message<InputError>(
                  [&] { engine_from_bytes(Bytes(plan.span().first(plan.size() - 1), plan.keep_alive())); }),
              HasSubstr("is cut off"));
  std::vector<std::byte> classic(plan.span().begin(), plan.span().end());
  classic[0] = std::byte{'f'};
  EXPECT_THAT(message<InputError>([&] { engine_from_bytes(Bytes(classic)); }),
              AllOf(HasSubstr("was made by TensorRT, and this is TensorRT-RTX"), HasSubstr("--trt.")));
  EXPECT_THAT(message<InputError>([] { engine_from_path("/nowhere/m.plan"); }), HasSubstr("/nowhere/m.plan"));
}

}  // namespace
}  // namespace polygraph::trt::test
