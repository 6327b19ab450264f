#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/trt.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "core/plan.h"
#include "helpers/message.h"
#include "trt/build_config.h"
#include "trt/engine_layers.h"
#include "trt/layers.h"
#include "trt/models.h"
#include "trt/narrow_network.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::HasSubstr;

// Types of all tensors that layers of these kinds compute.
std::map<nvinfer1::DataType, int> types_computed(const Network& network, const std::string& kind) {
  std::map<nvinfer1::DataType, int> counts;
  for (nvinfer1::ILayer* layer : layers_of(*network))
    if (layer_type_name(layer->getType()) == kind) ++counts[layer->getOutput(0)->getType()];
  return counts;
}

std::vector<std::string> fingerprint(const Network& network) {
  std::vector<std::string> lines;
  for (nvinfer1::ILayer* layer : layers_of(*network)) {
    // Casts that nothing uses are left behind.
    if (std::string_view(layer->getName()).starts_with("polygraph cast")) continue;
    std::string line = layer->getName();
    for (int i = 0; i < layer->getNbInputs(); ++i)
      if (layer->getInput(i)) line += std::string(" ") + layer->getInput(i)->getName();
    line += " ->";
    for (int i = 0; i < layer->getNbOutputs(); ++i)
      line += std::string(" ") + layer->getOutput(i)->getName() + ":" +
              std::to_string(static_cast<int>(layer->getOutput(i)->getType()));
    lines.push_back(line);
  }
  for (const auto& list : {names_of(inputs_of(*network)), names_of(outputs_of(*network))})
    lines.insert(lines.end(), list.begin(), list.end());
  return lines;
}

void expect_plan(const Bytes& plan) {
  const auto header = read_plan_header(plan.span());
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->rtx);
  EXPECT_EQ(header->version, Library().version());
  EXPECT_EQ(header->size, plan.size());
}

TEST(Build, MakesAPlanOfIdentity) {
  const Network network = network_from_onnx_path(identity());
  expect_plan(engine_bytes_from_network(network));
  expect_plan(engine_bytes_from_network(network, create_config({.fp16 = true})));
  expect_plan(engine_bytes_from_network(network, create_config({.bf16 = true})));
}

TEST(Build, TakesANativelyEditedNetwork) {
  Network network = network_from_onnx_path(identity());
  nvinfer1::ITensor* const last = network->getOutput(0);
  network->unmarkOutput(*last);
  nvinfer1::IIdentityLayer* const identity = network->addIdentity(*last);
  identity->getOutput(0)->setName("twice");
  network->markOutput(*identity->getOutput(0));
  {
    const NarrowNetwork narrowed(network, nvinfer1::DataType::kHALF);
    EXPECT_EQ(types_computed(network, "IDENTITY"),
              (std::map<nvinfer1::DataType, int>{{nvinfer1::DataType::kHALF, 2}}));
    EXPECT_STREQ(network->getOutput(0)->getName(), "twice");
    EXPECT_EQ(network->getOutput(0)->getType(), nvinfer1::DataType::kFLOAT);
  }
  expect_plan(engine_bytes_from_network(network, create_config({.fp16 = true})));
}

class RealModel : public testing::TestWithParam<std::string> {
 protected:
  RealModel() {
    const bool is_magika = GetParam() == "magika";
    path_ = is_magika ? magika() : rapidocr(GetParam());
    profile_ = is_magika ? magika_profile() : rapidocr_profile(GetParam());
  }
  void SetUp() override {
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there: `make test` fetches it";
  }
  std::filesystem::path path_;
  Profile profile_;
};

TEST_P(RealModel, IsBuiltInEachType) {
  const Network network = network_from_onnx_path(path_);
  const auto before = fingerprint(network);
  const Bytes wide = engine_bytes_from_network(network, create_config({}, {profile_}));
  expect_plan(wide);
  for (const bool fp16 : {true, false}) {
    const Bytes plan =
        engine_bytes_from_network(network, create_config({.fp16 = fp16, .bf16 = !fp16}, {profile_}));
    expect_plan(plan);
    EXPECT_LT(plan.size(), wide.size()) << "weights are as wide";
  }
  EXPECT_EQ(fingerprint(network), before) << "building must leave the network as it was";
  if (GetParam() != "magika") return;  // once is enough
  // And in FP32 again: nothing of the narrower types is left.
  const Bytes again = engine_bytes_from_network(network, create_config({}, {profile_}));
  EXPECT_GT(static_cast<double>(again.size()), 0.98 * static_cast<double>(wide.size()));
}

TEST_P(RealModel, ComputesInTheTypeAskedFor) {
  const Network network = network_from_onnx_path(path_);
  for (const auto type : {nvinfer1::DataType::kHALF, nvinfer1::DataType::kBF16}) {
    const NarrowNetwork narrowed(network, type);
    // Of magika, half of the layers normalize.
    const std::size_t least = GetParam() == "magika" && type == nvinfer1::DataType::kHALF ? 1 : 9;
    EXPECT_GT(narrowed.narrowed(), least * narrowed.kept()) << "nearly all layers can";
    for (const char* kind : {"CONVOLUTION", "MATRIX_MULTIPLY", "ACTIVATION", "SOFTMAX", "REDUCE"})
      for (const auto& [computed, count] : types_computed(network, kind)) {
        if (computed == nvinfer1::DataType::kFLOAT) {
          EXPECT_LE(count, static_cast<int>(narrowed.kept())) << kind;
        }
      }
    for (nvinfer1::ITensor* output : outputs_of(*network))
      EXPECT_EQ(output->getType(), nvinfer1::DataType::kFLOAT) << output->getName();
  }
}

INSTANTIATE_TEST_SUITE_P(All, RealModel,
                         testing::Values("magika", rapidocr_names[0], rapidocr_names[1], rapidocr_names[2]),
                         [](const auto& of) {
                           std::string name = of.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace polygraph::trt::test
