#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/installed_evaluators.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/reference/runner.h>

#include <algorithm>
#include <limits>

#include "contract/runner_contract.h"
#include "helpers/message.h"
#include "onnxrt/models.h"
#include "reference/operators.h"

namespace polygraph::reference::test {
namespace {

using onnxrt::test::contract_model;

std::unique_ptr<polygraph::Runner> from_model(const std::string& name) {
  if (name == "failing") return std::make_unique<Runner>(onnx::OnnxFromPath("/nowhere/model.onnx"));
  return std::make_unique<Runner>([name] { return contract_model(name); });
}

}  // namespace
}  // namespace polygraph::reference::test

namespace polygraph::test {
INSTANTIATE_TEST_SUITE_P(Reference, RunnerContract,
                         testing::Values(RunnerBackend{"reference", reference::test::from_model, false}),
                         name_of);
}  // namespace polygraph::test

namespace polygraph::reference::test {
namespace {

using onnxrt::test::attribute;
using onnxrt::test::ModelBuilder;
using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::int64_t number_of(DataType dtype) {
  return onnx::element_type_of(dtype);
}

Tensor infer(const onnx::Model& model, const FeedDict& feed, RunnerOptions options = {}) {
  Runner runner(model, {}, options);
  const auto active = runner.activate();
  return runner.infer(feed).at(0).second.clone();
}

std::vector<double> doubles(const Tensor& tensor) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.push_back(tensor.element_as_double(i));
  return result;
}

TEST(ReferenceRunner, PrintsTheExpressionThatMakesIt) {
  EXPECT_EQ(Runner(onnx::OnnxFromPath("m.onnx"), onnx::installed_evaluators(), {.threads = 2}, "r").str(),
            R"(reference::Runner(OnnxFromPath("m.onnx"), installed_evaluators(), {.threads = 2}, "r"))");
  EXPECT_EQ(Runner(onnx::OnnxFromPath("m.onnx"), {}, {}, "r").str(),
            R"(reference::Runner(OnnxFromPath("m.onnx"), {}, {}, "r"))");
}

TEST(ReferenceRunner, DoesNotRoundWhatFollowsFromTypesAlone) {
  // In float16, 1 + 2^-11 is 1, and the difference is 0.
  ModelBuilder builder;
  builder.input("x", DataType::float16, {1}).initializer("small", Tensor::full(Shape{1}, float16(0x1p-11f)));
  builder.node("Add", {"x", "small"}, {"sum"})
      .node("Sub", {"sum", "x"}, {"y"})
      .output("y", DataType::float16, {1});
  const Tensor y = infer(builder.model(), {{"x", Tensor::full(Shape{1}, float16(1.0f))}});
  EXPECT_EQ(y.dtype(), DataType::float16);
  EXPECT_EQ(y.element_as_double(0), 0x1p-11);
}

TEST(ReferenceRunner, RoundsOnceAtTheEnd) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).input("z", DataType::float32, {1});
  builder.node("Div", {"x", "z"}, {"y"}).output("y", DataType::float32, {1});
  const FeedDict feed{{"x", Tensor::full(Shape{1}, 1.0f)}, {"z", Tensor::full(Shape{1}, 3.0f)}};
  EXPECT_EQ(infer(builder.model(), feed).values<float>()[0], 1.0f / 3);
  EXPECT_EQ(infer(builder.model(), feed, {.outputs_in_double = true}).values<double>()[0], 1.0 / 3);
}

TEST(ReferenceRunner, TellsThatItsOutputsAreDoubles) {
  Runner runner(contract_model("two"), {}, {.outputs_in_double = true});
  const auto active = runner.activate();
  EXPECT_EQ(runner.output_metadata().str(), "{c [dtype=float64, shape=(2,)],\n d [dtype=int64, shape=(2,)]}");
}

TEST(ReferenceRunner, RoundsWhereACastNarrows) {
  const auto through = [](DataType from, DataType to, double x) {
    ModelBuilder builder(19, 9);
    builder.input("x", from, {1}).input("one", from, {1}).node("Div", {"x", "one"}, {"exact"});
    builder.node("Cast", {"exact"}, {"cast"}, {attribute("to", number_of(to))});
    builder.node("Cast", {"cast"}, {"y"}, {attribute("to", number_of(DataType::float64))});
    builder.output("y", DataType::float64, {1});
    return infer(builder.model(), {{"x", Tensor::full(Shape{1}, x).cast(from)},
                                   {"one", Tensor::full(Shape{1}, 3.0).cast(from)}})
        .element_as_double(0);
  };
  EXPECT_EQ(through(DataType::float32, DataType::float16, 1),
            static_cast<double>(static_cast<float>(float16(1.0f / 3))));
  EXPECT_EQ(through(DataType::float64, DataType::float32, 1), static_cast<double>(1.0f / 3));
  EXPECT_EQ(through(DataType::float32, DataType::float8e4m3fn, 1), 0.34375);
  // Wider, or the same: nothing asks for rounding.
  EXPECT_EQ(through(DataType::float16, DataType::float32, 1), 1.0 / 3);
  EXPECT_EQ(through(DataType::float32, DataType::float32, 1), 1.0 / 3);
}

TEST(ReferenceRunner, KeepsIntegersExact) {
  ModelBuilder builder;
  builder.input("x", DataType::int64, {2}).input("z", DataType::int64, {2});
  builder.node("Mul", {"x", "z"}, {"p"}).node("Add", {"p", "z"}, {"y"}).output("y", DataType::int64, {2});
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  const Tensor y = infer(builder.model(), {{"x", Tensor::from<std::int64_t>({large, INT64_MAX}, Shape{2})},
                                           {"z", Tensor::from<std::int64_t>({1, 2}, Shape{2})}});
  EXPECT_THAT(y.values<std::int64_t>(), ElementsAre(large + 1, 0)) << "integers wrap around";
}

TEST(ReferenceRunner, RefusesToDivideIntegersByZero) {
  ModelBuilder builder;
  builder.input("x", DataType::int32, {1}).node("Div", {"x", "x"}, {"y"}).output("y");
  EXPECT_THAT(message<InputError>([&] {
                infer(builder.model(), {{"x", Tensor(DataType::int32, Shape{1})}});
              }),
              HasSubstr("the Div node '' (domain 'ai.onnx', opset 17): an integer is divided by zero"));
}

TEST(ReferenceRunner, ComputesAGraphOfAnyDepth) {
  ModelBuilder builder;
  std::vector<std::string> names{"x"};
  names.reserve(30001);
  builder.input("x", DataType::float32, {1}).initializer("one", Tensor::full(Shape{}, 1.0f));
  for (int i = 0; i < 30000; ++i) {
    names.push_back("v" + std::to_string(i));
    builder.node("Add", {names[names.size() - 2], "one"}, {names.back()});
  }
  std::ranges::reverse(builder.model().graph.nodes);  // in any order
  builder.output(names.back(), DataType::float32, {1});
  EXPECT_EQ(infer(builder.model(), {{"x", Tensor::full(Shape{1}, 1.0f)}}).values<float>()[0], 30001);
}

onnx::Attribute branch(std::string_view name, std::string_view op_type) {
  onnx::Graph graph;
  onnx::Node& node = graph.nodes.emplace_back();
  node.op_type = op_type;
  node.inputs = {"outer", "weights"};
  node.outputs = {"inner"};
  graph.outputs.emplace_back().name = "inner";
  return attribute(name, onnx::Box<onnx::Graph>(std::move(graph)));
}

TEST(ReferenceRunner, GivesBranchesTheValuesAroundThem) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).input("c", DataType::boolean, {});
  builder.initializer("weights", Tensor::full(Shape{5000}, 2.0f));
  builder.node("Neg", {"x"}, {"outer"});
  builder.node("If", {"c"}, {"y"}, {branch("then_branch", "Mul"), branch("else_branch", "Add")}).output("y");
  const Tensor x = Tensor::full(Shape{1}, 3.0f);
  EXPECT_EQ(infer(builder.model(), {{"x", x}, {"c", Tensor::full(Shape{}, true)}}).values<float>()[4999], -6);
  EXPECT_EQ(infer(builder.model(), {{"x", x}, {"c", Tensor::full(Shape{}, false)}}).values<float>()[0], -1);
}

TEST(ReferenceRunner, ComputesFunctionsOfTheModel) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1});
  builder.node("Leak", {"x"}, {"a"}, {attribute("slope", 0.5f)}, "own")
      .node("Leak", {"a"}, {"y"}, {}, "own")
      .output("y");
  onnx::Model& model = builder.model();
  model.opset_imports.emplace_back(onnx::OpsetImport{.domain = "own", .version = 1});
  onnx::Function& function = model.functions.emplace_back();
  function.domain = "own";
  function.name = "Leak";
  function.inputs = {"p", "not_given"};
  function.outputs = {"q"};
  function.default_attributes = {attribute("slope", 0.25f)};
  function.opset_imports.emplace_back().version = 17;
  onnx::Node& node = function.nodes.emplace_back();
  node.op_type = "LeakyRelu";
  node.inputs = {"p"};
  node.outputs = {"q"};
  onnx::Attribute& alpha = node.attributes.emplace_back();
  alpha.name = "alpha";
  alpha.ref_attr_name = "slope";
  EXPECT_EQ(infer(model, {{"x", Tensor::full(Shape{1}, -1.0f)}}).values<float>()[0], -0.125f);
}

TEST(ReferenceRunner, NamesAnOperatorThatNothingComputes) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).node("Frobnicate", {"x"}, {"y"}, {}, "com.example").output("y");
  builder.model().graph.nodes[0].name = "frob";
  builder.model().opset_imports.emplace_back(onnx::OpsetImport{.domain = "com.example", .version = 3});
  Runner runner(builder.model());
  EXPECT_THAT(message<BackendError>([&] { const auto active = runner.activate(); }),
              HasSubstr("the Frobnicate node 'frob' (domain 'com.example', opset 3)"));
}

TEST(ReferenceRunner, RefusesRandomResults) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).node("RandomUniformLike", {"x"}, {"y"}).output("y");
  EXPECT_THAT(message<InputError>([&] {
                infer(builder.model(), {{"x", Tensor(DataType::float32, Shape{1})}});
              }),
              HasSubstr("random"));
}

TEST(ReferenceRunner, NamesTheNodeWhoseShapesDoNotFit) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {2, 3}).node("MatMul", {"x", "x"}, {"y"}).output("y");
  EXPECT_THAT(
      message<InputError>([&] {
        infer(builder.model(), {{"x", Tensor(DataType::float32, Shape{2, 3})}});
      }),
      HasSubstr("the MatMul node '' (domain 'ai.onnx', opset 17): the shapes (2, 3) and (2, 3) do not fit"));
}

// Indices of more rows than the data has.
TEST(ReferenceRunner, ReadsAndWritesNothingOutsideOfItsData) {
  for (const char* op : {"GatherElements", "ScatterElements"}) {
    ModelBuilder builder;
    builder.input("x", DataType::float32, {2, 2}).input("i", DataType::int64, {1000000, 1});
    if (op == std::string_view("GatherElements")) {
      builder.node(op, {"x", "i"}, {"y"}, {attribute("axis", std::int64_t{1})}).output("y");
    } else {
      builder.input("u", DataType::float32, {1000000, 1});
      builder.node(op, {"x", "i", "u"}, {"y"}, {attribute("axis", std::int64_t{1})}).output("y");
    }
    FeedDict feed{{"x", Tensor(DataType::float32, Shape{2, 2})},
                  {"i", Tensor(DataType::int64, Shape{1000000, 1})}};
    if (op == std::string_view("ScatterElements"))
      feed.set("u", Tensor(DataType::float32, Shape{1000000, 1}));
    EXPECT_THAT(message<InputError>([&] { infer(builder.model(), feed); }),
                HasSubstr("the index 2 is outside of an axis of 2"));
  }
}

TEST(ReferenceRunner, NamesAValueThatNothingMakes) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).node("Add", {"x", "nothing"}, {"y"}).output("y");
  Runner runner(builder.model());
  EXPECT_THAT(message<InputError>([&] { const auto active = runner.activate(); }), HasSubstr("'nothing'"));
}

TEST(ReferenceRunner, RefusesOutputsThatAreNoTensors) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).node("SequenceConstruct", {"x"}, {"y"}).output("y");
  builder.model().graph.outputs[0].type.make().kind = onnx::Type::Kind::sequence;
  Runner runner(builder.model());
  const auto active = runner.activate();
  EXPECT_THAT(message<BackendError>([&] {
                runner.infer({{"x", Tensor(DataType::float32, Shape{1})}});
              }),
              HasSubstr("the output 'y' is no tensor"));
}

TEST(ReferenceRunner, ComputesWithSequencesInside) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {2}).initializer("one", Tensor::full(Shape{}, std::int64_t{1}));
  builder.node("Neg", {"x"}, {"n"}).node("SequenceConstruct", {"x", "n", "x"}, {"s"});
  builder.node("SequenceErase", {"s", "one"}, {"t"}).node("SequenceInsert", {"t", "n"}, {"u"});
  builder.node("ConcatFromSequence", {"u"}, {"y"},
               {attribute("axis", std::int64_t{0}), attribute("new_axis", std::int64_t{1})});
  builder.output("y");
  const Tensor y = infer(builder.model(), {{"x", Tensor::from({1.0f, 2.0f}, Shape{2})}});
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  EXPECT_THAT(y.values<float>(), ElementsAre(1, 2, 1, 2, -1, -2));
}

// Doubles what it is given, if it takes the type.
class Doubler final : public onnx::Evaluator {
 public:
  explicit Doubler(std::vector<DataType> taken) : taken_(std::move(taken)) {}
  std::string_view name() const override { return "doubler"; }
  std::vector<std::optional<Tensor>> evaluate(const onnx::NodeCall& call) const override {
    const Tensor& x = *call.inputs[0];
    if (std::ranges::find(taken_, x.dtype()) == taken_.end())
      throw BackendError("The doubler takes no " + std::string(to_string(x.dtype())) + ".");
    Tensor y(x.dtype(), x.shape());
    if (x.dtype() == DataType::float64) y.mutable_values<double>()[0] = 2 * x.values<double>()[0];
    if (x.dtype() == DataType::float32) y.mutable_values<float>()[0] = 2 * x.values<float>()[0];
    return {y};
  }

 private:
  std::vector<DataType> taken_;
};

onnx::Model third_doubled() {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).initializer("three", Tensor::full(Shape{}, 3.0f));
  builder.node("Div", {"x", "three"}, {"third"}).node("Twice", {"third"}, {"y"}, {}, "own");
  return builder.output("y").model();
}

TEST(ReferenceRunner, LetsOthersComputeWhatItCannot) {
  const FeedDict feed{{"x", Tensor::full(Shape{1}, 1.0f)}};
  {
    Runner runner(third_doubled(), {std::make_shared<Doubler>(std::vector{DataType::float64})},
                  {.outputs_in_double = true});
    const auto active = runner.activate();
    EXPECT_EQ(runner.infer(feed)["y"].values<double>()[0], 2.0 / 3);
    EXPECT_THAT(runner.single_precision_nodes(), IsEmpty());
  }
  {
    Runner runner(third_doubled(), {std::make_shared<Doubler>(std::vector{DataType::float64})});
    const auto active = runner.activate();
    EXPECT_EQ(runner.infer(feed)["y"].dtype(), DataType::float32) << "the type is what it was in the model";
  }
  {
    Runner runner(third_doubled(), {std::make_shared<Doubler>(std::vector{DataType::float32})},
                  {.outputs_in_double = true});
    const auto active = runner.activate();
    EXPECT_EQ(runner.infer(feed)["y"].values<double>()[0], static_cast<double>(2 * (1.0f / 3)));
    runner.infer(feed);
    EXPECT_THAT(runner.single_precision_nodes(), ElementsAre(HasSubstr("the Twice node ''")));
  }
  {
    Runner runner(third_doubled(), {std::make_shared<Doubler>(std::vector<DataType>())});
    const auto active = runner.activate();
    const std::string text = message<BackendError>([&] { runner.infer(feed); });
    EXPECT_THAT(text, HasSubstr("the Twice node '' (domain 'own', opset 0)"));
    EXPECT_THAT(text, HasSubstr("The doubler takes no float64."));
    EXPECT_THAT(text, HasSubstr("The doubler takes no float32."));
  }
}

TEST(ReferenceRunner, HasKernelsForAllOfTheRealModels) {
  std::vector<std::filesystem::path> models;
  for (const char* folder : {"magika", "silero_vad", "rapidocr_onnxruntime"})
    if (const auto root = std::filesystem::path(POLYGRAPH_DEPS) / folder; std::filesystem::is_directory(root))
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  if (models.empty()) GTEST_SKIP() << "the models are not installed";
  for (const auto& path : models) {
    const onnx::Model model = onnx::load_model(path);
    onnx::for_each_graph(model, [&](const onnx::Graph& graph) {
      for (const onnx::Node& node : graph.nodes)
        EXPECT_NE(find_kernel(node.op_type), nullptr) << path << ": " << node.op_type;
    });
    Runner runner(model);
    EXPECT_NO_THROW({ const auto active = runner.activate(); }) << path;
  }
}

TEST(ReferenceRunner, RoundsInfinityToInfinityInFp8) {
  ModelBuilder builder(19, 9);
  builder.input("x", DataType::float32, {2});
  builder.node("Cast", {"x"}, {"y"},
               {attribute("to", number_of(DataType::float8e5m2)), attribute("saturate", std::int64_t{0})});
  builder.output("y", DataType::float8e5m2, {2});
  const Tensor y = infer(builder.model(), {{"x", Tensor::from({1e6f, -61439.0f}, Shape{2})}});
  EXPECT_THAT(doubles(y), ElementsAre(std::numeric_limits<double>::infinity(), -57344));
}

}  // namespace
}  // namespace polygraph::reference::test
