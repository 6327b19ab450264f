#include <gtest/gtest.h>
#include <polygraph/reference/runner.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>

#include "onnxrt/models.h"

// Kernels against their formulas in more than double precision, where the machine has it.
namespace polygraph::reference::test {
namespace {

using onnxrt::test::attribute;
using onnxrt::test::ModelBuilder;
using Long = long double;

constexpr std::int64_t count = 2000;

Tensor random_input() {
  std::mt19937 generator(7);
  std::normal_distribution<float> distribution(0, 3);
  Tensor x(DataType::float32, Shape{count});
  for (float& each : x.mutable_values<float>()) each = distribution(generator);
  return x;
}

struct Formula {
  std::string_view op_type;
  std::function<Long(Long)> exact;
  std::vector<onnx::Attribute> attributes = {};
};

Long sigmoid(Long x) {
  return 1 / (1 + std::exp(-x));
}

std::vector<Formula> formulas() {
  const Long root2 = std::sqrt(Long{2}), pi = std::acos(Long{-1});
  return {
      {"Erf", [](Long x) { return std::erf(x); }},
      {"Gelu", [=](Long x) { return x / 2 * std::erfc(-x / root2); }},
      {"Gelu",
       [=](Long x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / pi) * (x + Long{0.044715} * x * x * x))); },
       {attribute("approximate", std::string_view("tanh"))}},
      {"Mish", [](Long x) { return x * std::tanh(std::log1p(std::exp(x))); }},
      {"HardSwish", [](Long x) { return x * std::fmax(0, std::fmin(1, x / 6 + Long{0.5})); }},
      {"Sigmoid", sigmoid},
      {"Softplus", [](Long x) { return std::log1p(std::exp(x)); }},
      {"Elu", [](Long x) { return x < 0 ? std::expm1(x) : x; }},
      {"Celu", [](Long x) { return x < 0 ? 2 * std::expm1(x / 2) : x; }, {attribute("alpha", 2.0f)}},
      {"Tanh", [](Long x) { return std::tanh(x); }},
      {"Swish", [](Long x) { return x * sigmoid(x); }},
  };
}

TEST(Accuracy, ElementwiseFunctionsAreRightToTheLastBits) {
  const Tensor x = random_input();
  for (const Formula& formula : formulas()) {
    ModelBuilder builder(24, 10);
    builder.input("x", DataType::float32, {count})
        .node(formula.op_type, {"x"}, {"y"}, formula.attributes)
        .output("y");
    Runner runner(builder.model(), {}, {.outputs_in_double = true});
    const auto active = runner.activate();
    const auto y = runner.infer({{"x", x}})["y"].values<double>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto exact = static_cast<double>(formula.exact(x.values<float>()[i]));
      ASSERT_NEAR(y[i], exact, 1e-15 + 1e-14 * std::abs(exact))
          << formula.op_type << " of " << x.values<float>()[i];
    }
  }
}

TEST(Accuracy, SumsLoseNothingToCancellation) {
  // 1e8 + 1 - 1e8, a thousand times: in float32 the ones are lost.
  Tensor x(DataType::float32, Shape{3000});
  for (std::size_t i = 0; i < 3000; i += 3) {
    x.mutable_values<float>()[i] = 1e8f;
    x.mutable_values<float>()[i + 1] = 1;
    x.mutable_values<float>()[i + 2] = -1e8f;
  }
  for (const std::string_view op_type : {"ReduceSum", "ReduceMean"}) {
    ModelBuilder builder(13);
    builder.input("x", DataType::float32, {3000}).node(op_type, {"x"}, {"y"}).output("y");
    Runner runner(builder.model(), {}, {.outputs_in_double = true});
    const auto active = runner.activate();
    EXPECT_EQ(runner.infer({{"x", x}})["y"].values<double>()[0],
              op_type == "ReduceSum" ? 1000 : 1000.0 / 3000);
  }
}

TEST(Accuracy, CubicResizeFollowsItsKernel) {
  // Twice the length, half_pixel: places 0.25 and 0.75 between neighbours, with a = -0.75.
  ModelBuilder builder;
  const Tensor x = Tensor::from({1.0f, -2.0f, 4.0f, 8.0f, -1.0f, 0.5f}, Shape{6});
  builder.input("x", DataType::float32, {6}).initializer("scales", Tensor::full(Shape{1}, 2.0f));
  builder.node("Resize", {"x", "", "scales"}, {"y"}, {attribute("mode", std::string_view("cubic"))})
      .output("y");
  Runner runner(builder.model(), {}, {.outputs_in_double = true});
  const auto active = runner.activate();
  const auto y = runner.infer({{"x", x}})["y"].values<double>();
  ASSERT_EQ(y.size(), 12u);
  const double a = -0.75;
  const auto near = [=](double t) { return (a + 2) * t * t * t - (a + 3) * t * t + 1; };
  const auto far = [=](double t) { return a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a; };
  for (std::size_t i = 4; i < 8; ++i) {
    const double place = (static_cast<double>(i) + 0.5) / 2 - 0.5, t = place - std::floor(place);
    const auto base = static_cast<std::size_t>(place);
    const auto in = x.values<float>();
    EXPECT_NEAR(y[i],
                far(1 + t) * in[base - 1] + near(t) * in[base] + near(1 - t) * in[base + 1] +
                    far(2 - t) * in[base + 2],
                1e-14);
  }
}

TEST(Accuracy, LongTransformsStayExact) {
  constexpr std::int64_t size = 3 * 1024;
  Tensor x(DataType::float32, Shape{1, size, 1});
  for (std::size_t i = 0; i < size; ++i)
    x.mutable_values<float>()[i] =
        static_cast<float>(std::cos(2 * std::numbers::pi * 5 * static_cast<double>(i) / size));
  ModelBuilder builder(17);
  builder.input("x", DataType::float32, {1, size, 1});
  builder.node("DFT", {"x"}, {"s"}, {attribute("axis", std::int64_t{1})});
  builder
      .node("DFT", {"s"}, {"y"}, {attribute("axis", std::int64_t{1}), attribute("inverse", std::int64_t{1})})
      .output("y");
  Runner runner(builder.model(), {}, {.outputs_in_double = true});
  const auto active = runner.activate();
  const auto y = runner.infer({{"x", x}})["y"].values<double>();
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_NEAR(y[2 * i], x.values<float>()[i], 1e-14);
    ASSERT_NEAR(y[2 * i + 1], 0, 1e-14);
  }
}

}  // namespace
}  // namespace polygraph::reference::test
