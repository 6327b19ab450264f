#include "trt/engine_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include "helpers/message.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

// As TensorRT 8.5 writes it.
constexpr const char* of_8_5 = R"({"Layers": [{
  "Name": "Reformatting CopyNode for Input Tensor 0 to conv1 + relu1",
  "LayerType": "Reformat",
  "Inputs": [{"Name": "x", "Location": "Device", "Dimensions": [1,3,8,8], "Format/Datatype": "Row major linear FP32"}],
  "Outputs": [{"Name": "Reformatted Input Tensor 0 to conv1 + relu1", "Location": "Device", "Dimensions": [1,3,8,8],
    "Format/Datatype": "Channel major FP16 format where channel % 4 == 0"}],
  "ParameterType": "Reformat",
  "Origin": "REFORMAT",
  "TacticValue": "0x0"
},{
  "Name": "conv1 + relu1",
  "LayerType": "CaskConvolution",
  "Inputs": [{"Name": "Reformatted Input Tensor 0 to conv1 + relu1", "Location": "Device", "Dimensions": [1,3,8,8],
    "Format/Datatype": "Channel major FP16 format where channel % 4 == 0"}],
  "Outputs": [{"Name": "y", "Location": "Device", "Dimensions": [-1,4,8,8], "Format/Datatype": "N/A due to dynamic shapes"}],
  "ParameterType": "Convolution",
  "Kernel": [3,3],
  "Weights": {"Type": "Half", "Count": 108},
  "HasReLU": 1,
  "TacticName": "sm80_xmma_fprop_implicit_gemm",
  "TacticValue": "0x11bde0e1d9f2f35d"
},{
  "Name": "conv1 + relu1 [profile 1]",
  "LayerType": "CaskConvolution",
  "Inputs": [],
  "Outputs": []
}],
"Bindings": ["x", "y"]
})";

TEST(ParseLayers, OfTensorRt8) {
  const auto layers = parse_layers(of_8_5);
  ASSERT_EQ(layers.size(), 3U);

  const DescribedLayer& reformat = layers[0];
  EXPECT_EQ(reformat.type, "Reformat");
  EXPECT_EQ(reformat.origin, "REFORMAT");
  EXPECT_EQ(reformat.tactic, "0x0");
  EXPECT_EQ(reformat.kernel, "");
  EXPECT_EQ(reformat.precision, "float16");
  EXPECT_EQ(reformat.stream, std::nullopt);
  EXPECT_THAT(reformat.onnx_nodes, IsEmpty());
  EXPECT_THAT(reformat.input_formats, ElementsAre("Row major linear FP32"));
  EXPECT_EQ(reformat.inputs[0], (TensorInfo{"x", DataType::float32, {1, 3, 8, 8}}));
  EXPECT_THAT(reformat.attributes, ElementsAre(Pair("ParameterType", "Reformat")));

  const DescribedLayer& conv = layers[1];
  EXPECT_EQ(conv.kernel, "sm80_xmma_fprop_implicit_gemm");
  EXPECT_EQ(conv.tactic, "0x11bde0e1d9f2f35d");
  EXPECT_EQ(conv.origin, "");
  EXPECT_EQ(conv.precision, "") << "its output's type depends on shapes";
  EXPECT_THAT(conv.output_formats, ElementsAre(""));
  EXPECT_EQ(conv.outputs[0], (TensorInfo{"y", std::nullopt, {-1, 4, 8, 8}}));
  EXPECT_THAT(conv.attributes,
              ElementsAre(Pair("ParameterType", "Convolution"), Pair("Kernel", "[3,3]"),
                          Pair("Weights", R"({"Type":"Half","Count":108})"), Pair("HasReLU", "1")));

  EXPECT_EQ(layers[0].profile, 0);
  EXPECT_EQ(layers[1].profile, 0);
  EXPECT_EQ(layers[2].profile, 1);
  EXPECT_EQ(layers[2].name, "conv1 + relu1 [profile 1]");
}

// As TensorRT 10, 11 and TensorRT-RTX write it.
constexpr const char* of_10 = R"({"Layers": [{
  "Name": "__myl_CastMulRelu_myl0_0",
  "LayerType": "kgen",
  "Inputs": [{"Name": "x", "Dimensions": [2,3], "Format/Datatype": "Float"},
             {"Name": "__mye9", "Dimensions": ["E0",3], "Format/Datatype": "BFloat16"}],
  "Outputs": [{"Name": "y", "Dimensions": [2,3], "Format/Datatype": "FP8"}],
  "TacticName": "__myl_CastMulRelu_0x8dec7d0e",
  "StreamId": 1,
  "Metadata": "[ONNX Layer: node [1]]\u001f[ONNX Layer: relu]\u001e[ONNX Layer: mul]"
},{
  "Name": "script",
  "LayerType": "gemm",
  "Inputs": [{"Name": "a", "Dimensions": [4], "Format": "Row major linear", "Datatype": "UInt8"}],
  "Outputs": [{"Name": "b", "Format/Datatype": "Int4"}],
  "StreamId": 0,
  "Metadata": "[ONNX Layer: gemm] of the function f"
}],
"Bindings": ["x", "y"]
})";

TEST(ParseLayers, OfTensorRt10AndLater) {
  const auto layers = parse_layers(of_10);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].kernel, "__myl_CastMulRelu_0x8dec7d0e");
  EXPECT_EQ(layers[0].tactic, "");
  EXPECT_THAT(layers[0].stream, Optional(1));
  EXPECT_THAT(layers[0].onnx_nodes, ElementsAre("node [1]", "relu", "mul"));
  EXPECT_THAT(layers[0].attributes, IsEmpty());
  EXPECT_EQ(layers[0].precision, "float8e4m3fn");
  EXPECT_EQ(layers[0].inputs[0].dtype, DataType::float32);
  EXPECT_EQ(layers[0].inputs[1], (TensorInfo{"__mye9", DataType::bfloat16, {-1, 3}}));

  EXPECT_THAT(layers[1].onnx_nodes, IsEmpty());
  EXPECT_THAT(layers[1].attributes, ElementsAre(Pair("Metadata", "[ONNX Layer: gemm] of the function f")));
  EXPECT_EQ(layers[1].inputs[0].dtype, DataType::uint8);
  EXPECT_THAT(layers[1].input_formats, ElementsAre("Row major linear"));
  EXPECT_EQ(layers[1].outputs[0].dtype, DataType::int4);
  EXPECT_FALSE(layers[1].outputs[0].shape.has_rank());
}

TEST(ParseLayers, NamesAlone) {
  const auto layers = parse_layers(R"({"Layers": ["conv1 + relu1", "fc [profile 2]"], "Bindings": ["x"]})");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "conv1 + relu1");
  EXPECT_EQ(layers[0].type, "");
  EXPECT_EQ(layers[1].profile, 2);
}

TEST(ParseLayers, TakesControlCharactersAsTheyAre) {
  const auto layers = parse_layers(
      "{\"Layers\": [{\"Name\": \"a\", \"Metadata\": \"[ONNX Layer: b]\x1f[ONNX Layer: c]\"}]}\n");
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_THAT(layers[0].onnx_nodes, ElementsAre("b", "c"));
}

TEST(ParseLayers, OfWhatIsNotAsItIsKnown) {
  for (const char* text : {"", "{", "[]", "{}", R"({"Layers": 3})", R"({"Layers": []})"})
    EXPECT_THAT(parse_layers(text), IsEmpty()) << text;
  const auto layers = parse_layers(
      R"({"Layers": [1, null, {"Name": 7, "Inputs": {"Name": "x"}, "Outputs": [3, {"Dimensions": 4}], "StreamId": "main"}]})");
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[2].name, "7");
  EXPECT_THAT(layers[2].inputs, IsEmpty());
  EXPECT_EQ(layers[2].outputs.size(), 1U);
  EXPECT_EQ(layers[2].output_formats.size(), 1U);
  EXPECT_THAT(layers[2].attributes, ElementsAre(Pair("StreamId", "main")));
  EXPECT_EQ(
      parse_layers(R"({"Layers": ["a [profile 99999999999]", "b [profile ", "c [profile -3]"]})")[2].profile,
      0);
}

TEST(ParseMetadata, ListsTheNodes) {
  EXPECT_THAT(parse_metadata(""), Optional(IsEmpty()));
  EXPECT_THAT(parse_metadata("[ONNX Layer: a]"), Optional(ElementsAre("a")));
  EXPECT_THAT(parse_metadata("[ONNX Layer: a][ONNX Layer: b]"), Optional(ElementsAre("a", "b")));
  EXPECT_THAT(parse_metadata("[ONNX Layer: a[0]]\x1f\x1e[ONNX Layer: ]\x1f"),
              Optional(ElementsAre("a[0]", "")));
  for (const char* other : {"a", "[ONNX Layer: a", "[ONNX Layer: a] b", "[ONNX Layer: \x1f", "[ONNX Layer: "})
    EXPECT_EQ(parse_metadata(other), std::nullopt) << other;
}

TEST(ParseLayers, TellsProfilesByTensorsToo) {
  const auto layers = parse_layers(R"({"Layers": [
    {"Name": "__mye23_0_myl0_0", "LayerType": "shape_call", "Inputs": [], "Outputs": []},
    {"Name": "relu_0", "Inputs": [{"Name": "x"}], "Outputs": [{"Name": "y"}]},
    {"Name": "__mye23_0_myl1_0", "LayerType": "shape_call", "Inputs": [], "Outputs": []},
    {"Name": "relu_1", "Inputs": [{"Name": "x [profile 1]"}], "Outputs": [{"Name": "y [profile 1]"}]}]})");
  std::vector<int> profiles;
  for (const DescribedLayer& layer : layers) profiles.push_back(layer.profile);
  EXPECT_THAT(profiles, ElementsAre(0, 0, 1, 1));
}

DescribedLayer layer(std::string name, std::optional<DataType> dtype) {
  DescribedLayer layer;
  layer.name = std::move(name);
  layer.outputs.push_back({"y", dtype, {}});
  if (dtype) layer.precision = to_string(*dtype);
  return layer;
}

TEST(CheckPrecision, MissesATypeThatNoLayerShows) {
  const auto half = DataType::float16;
  const DescribedLayer wide = layer("conv", DataType::float32);
  check_precision({wide, layer("gemm", half)}, half, true);
  check_precision({}, half, true);
  EXPECT_THAT(message<BackendError>([&] { check_precision({wide}, half, true); }),
              HasSubstr("was to compute in float16, and none of its 1 layers does"));
  EXPECT_EQ(message<BackendError>([&] { check_precision({wide}, half, false); }), "nothing was thrown");
}

TEST(CheckPrecision, SaysNothingOfLayersThatAreCompiledOfSeveral) {
  for (const char* name : {"{ForeignNode[a...b]}", "__myl_CastMeanCast_myl0_0"})
    check_precision({layer("conv", DataType::float32), layer(name, DataType::float32)}, DataType::float16,
                    true);
  check_precision({layer("named", std::nullopt)}, DataType::float16, true);
}

}  // namespace
}  // namespace polygraph::trt::test
