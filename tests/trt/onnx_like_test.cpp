#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnx/tensor_data.h>
#include <polygraph/onnx/weights.h>
#include <polygraph/trt.h>

#include <map>
#include <string>

#include "helpers/message.h"
#include "trt/models.h"
#include "trt/versions/types.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

nvinfer1::Dims dims(std::initializer_list<std::int64_t> sizes) {
  return to_dims(std::vector<std::int64_t>(sizes));
}

std::map<std::string, onnx::Attribute::Value> attributes_of(const onnx::Node& node) {
  std::map<std::string, onnx::Attribute::Value> values;
  for (const onnx::Attribute& attribute : node.attributes) values.emplace(attribute.name, attribute.value);
  return values;
}

template <class T>
T get(const onnx::Node& node, const std::string& name) {
  return std::get<T>(attributes_of(node).at(name));
}

using Ints = std::vector<std::int64_t>;

TEST(OnnxLikeFromNetwork, HasLayersTensorsAndAttributes) {
  static const float weights[] = {1, 2, 3, 4};
  Network network = create_network();
  network->setName("drawn");
  nvinfer1::ITensor* x = network->addInput("x", nvinfer1::DataType::kFLOAT, dims({1, 4, 6, 6}));
  const nvinfer1::Weights kernel{nvinfer1::DataType::kFLOAT, weights, 4};
  auto* convolution =
      network->addConvolutionNd(*x, 1, dims({1, 1}), kernel, {nvinfer1::DataType::kFLOAT, nullptr, 0});
  convolution->setName("conv");
  convolution->setStrideNd(dims({2, 2}));
  convolution->getOutput(0)->setName("c");
  auto* pooling =
      network->addPoolingNd(*convolution->getOutput(0), nvinfer1::PoolingType::kAVERAGE, dims({2, 2}));
  auto* reduce = network->addReduce(*pooling->getOutput(0), nvinfer1::ReduceOperation::kMAX, 0b1100, true);
  auto* half = network->addCast(*reduce->getOutput(0), nvinfer1::DataType::kHALF);
  half->getOutput(0)->setName("y");
  network->markOutput(*half->getOutput(0));

  const onnx::Model model = onnx_like_from_network(network);
  const onnx::Graph& graph = model.graph;
  EXPECT_EQ(graph.name, "drawn");
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(graph.inputs.at(0).name, "x");
  EXPECT_EQ(onnx::to_string(*graph.outputs.at(0).type), "tensor(float16, shape=(1, 1, 1, 1))");
  EXPECT_EQ(*onnx::find_entry(model.metadata_props, "strongly_typed"), "true");

  const onnx::Node& conv = graph.nodes[0];
  EXPECT_EQ(conv.name, "conv");
  EXPECT_EQ(conv.op_type, "CONVOLUTION");
  EXPECT_THAT(conv.inputs, ElementsAre("x"));
  EXPECT_THAT(conv.outputs, ElementsAre("c"));
  EXPECT_EQ(get<Ints>(conv, "stride_nd"), (Ints{2, 2}));
  EXPECT_EQ(get<std::string_view>(conv, "padding_mode"), "EXPLICIT_ROUND_DOWN");
  EXPECT_FALSE(attributes_of(conv).contains("bias"));
  const auto boxed = get<onnx::Box<onnx::TensorData>>(conv, "kernel");
  const onnx::TensorData& kernel_data = *boxed;
  EXPECT_EQ(static_cast<const void*>(kernel_data.raw_data->data()), static_cast<const void*>(weights));
  EXPECT_EQ(onnx::tensor_of(kernel_data, model).element_as_double(2), 3);

  EXPECT_EQ(get<std::string_view>(graph.nodes[1], "type"), "AVERAGE");
  EXPECT_EQ(get<std::string_view>(graph.nodes[2], "op"), "MAX");
  EXPECT_EQ(get<Ints>(graph.nodes[2], "axes"), (Ints{2, 3}));
  EXPECT_EQ(get<std::string_view>(graph.nodes[3], "to_type"), "float16");
  EXPECT_EQ(graph.value_info.size(), 3u) << "each tensor that is neither input nor output, once";
}

TEST(OnnxLikeFromNetwork, DrawsWhatTheParserMakes) {
  for (const char* name : rapidocr_names) {
    if (!std::filesystem::exists(rapidocr(name))) GTEST_SKIP();
    SCOPED_TRACE(name);
    const Network network = network_from_onnx_path(rapidocr(name));
    const onnx::Model model = onnx_like_from_network(network);
    EXPECT_EQ(model.graph.nodes.size(), static_cast<std::size_t>(network->getNbLayers()));
    const Bytes bytes = onnx::encode_model(model);
    EXPECT_EQ(onnx::load_model_from_bytes(bytes.span()).graph.nodes.size(), model.graph.nodes.size());
  }
}

TEST(OnnxLikeFromNetwork, OutlivesTheNetwork) {
  const onnx::Model model = onnx_like_from_network(NetworkFromOnnxPath(identity()));
  EXPECT_EQ(model.graph.nodes.at(0).op_type, "IDENTITY");
  EXPECT_EQ(OnnxLikeFromNetwork(NetworkFromOnnxPath("m.onnx")).str(),
            R"(OnnxLikeFromNetwork(NetworkFromOnnxPath("m.onnx")))");
}

TEST(SetDecomposableAttentions, ReachesEveryAttention) {
  Network network = create_network();
  std::vector<nvinfer1::ITensor*> inputs;
  for (const char* name : {"q", "k", "v"})
    inputs.push_back(network->addInput(name, nvinfer1::DataType::kHALF, dims({1, 2, 8, 16})));
  nvinfer1::IAttention* attention = network->addAttention(
      *inputs[0], *inputs[1], *inputs[2], nvinfer1::AttentionNormalizationOp::kSOFTMAX, false);
  ASSERT_NE(attention, nullptr);
  network->markOutput(*attention->getOutput(0));
  EXPECT_FALSE(attention->getDecomposable());
  set_decomposable_attentions(network);
  EXPECT_TRUE(attention->getDecomposable());
  EXPECT_EQ(SetDecomposableAttentions(NetworkFromOnnxPath("m.onnx")).str(),
            R"(SetDecomposableAttentions(NetworkFromOnnxPath("m.onnx")))");
  set_decomposable_attentions(network_from_onnx_path(identity()));  // without any
}

TEST(NetworkOptions, MarkUnfusedTensors) {
  const Network network = create_network(NetworkOptions{.mark_unfused_tensors_as_debug_tensors = true});
  EXPECT_TRUE(network->unmarkUnfusedTensorsAsDebugTensors());
}

TEST(PerTensor, IsParsedAtTheLastColon) {
  PerTensor formats;
  parse_option(formats, "scope/x:0:[linear,chw4]");
  parse_option(formats, "y:hwc8");
  EXPECT_EQ(formats.values, (std::map<std::string, std::vector<std::string>>{
                                {"scope/x:0", {"linear", "chw4"}}, {"y", {"hwc8"}}}));
  EXPECT_EQ(options_to_cpp(TensorOptions{.tensor_formats = formats}),
            R"({.tensor_formats = {{{"scope/x:0", {"linear", "chw4"}}, {"y", {"hwc8"}}}}})");
  for (const char* bad : {"", "x", "x:", ":linear", "x:[]"})
    EXPECT_THAT(message<UsageError>([&] { parse_option(formats, bad); }), HasSubstr("TENSOR:VALUE")) << bad;
}

}  // namespace
}  // namespace polygraph::trt::test
