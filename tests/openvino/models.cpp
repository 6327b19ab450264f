#include "openvino/models.h"

#include <stdlib.h>

#include <cmath>
#include <openvino/op/constant.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>

namespace polygraph::openvino::test {

namespace {

std::shared_ptr<ov::op::v0::Parameter> parameter(const std::string& name, ov::element::Type type,
                                                 const ov::PartialShape& shape) {
  auto node = std::make_shared<ov::op::v0::Parameter>(type, shape);
  node->set_friendly_name(name);
  node->output(0).set_names({name});
  return node;
}

ov::Output<ov::Node> named(const std::shared_ptr<ov::Node>& node, const std::string& name) {
  node->set_friendly_name(name);
  node->output(0).set_names({name});
  return node->output(0);
}

std::shared_ptr<ov::op::v0::Result> result(const ov::Output<ov::Node>& tensor) {
  return std::make_shared<ov::op::v0::Result>(tensor);
}

}  // namespace

Network identity_network(const ov::PartialShape& shape) {
  const auto x = parameter("x", ov::element::f32, shape);
  const auto y = named(std::make_shared<ov::op::v16::Identity>(x), "y");
  return Network(
      std::make_shared<ov::Model>(ov::ResultVector{result(y)}, ov::ParameterVector{x}, "identity"));
}

Network two_network() {
  const auto a = parameter("a", ov::element::f32, {2});
  const auto b = parameter("b", ov::element::i64, {2});
  const auto c = named(std::make_shared<ov::op::v16::Identity>(a), "c");
  const auto d = named(std::make_shared<ov::op::v16::Identity>(b), "d");
  return Network(
      std::make_shared<ov::Model>(ov::ResultVector{result(c), result(d)}, ov::ParameterVector{a, b}, "two"));
}

Network dense_network(int layers, std::int64_t rows, std::int64_t width) {
  const auto x = parameter("x", ov::element::f32, {rows, width});
  ov::Output<ov::Node> tensor = x;
  for (int layer = 0; layer < layers; ++layer) {
    std::vector<float> weights(static_cast<std::size_t>(width * width));
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] = std::sin(static_cast<float>(i % 1000 + static_cast<std::size_t>(layer))) /
                   std::sqrt(static_cast<float>(width));
    const auto constant = ov::op::v0::Constant::create(
        ov::element::f32, {static_cast<std::size_t>(width), static_cast<std::size_t>(width)}, weights);
    const auto product =
        named(std::make_shared<ov::op::v0::MatMul>(tensor, constant), "matmul_" + std::to_string(layer));
    tensor = named(std::make_shared<ov::op::v0::Relu>(product),
                   layer + 1 == layers ? "y" : "relu_" + std::to_string(layer));
  }
  return Network(
      std::make_shared<ov::Model>(ov::ResultVector{result(tensor)}, ov::ParameterVector{x}, "dense"));
}

std::filesystem::path identity_onnx() {
  return std::filesystem::path(POLYGRAPH_TEST_MODELS) / "identity.onnx";
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "polygraph_test_XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(path_);
}

}  // namespace polygraph::openvino::test
