#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/lint.h>

#include <algorithm>

#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

using namespace build;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using Kind = NodeOutcome::Kind;
using Level = LintFinding::Level;
using Source = LintFinding::Source;

Model model_of(std::vector<Node> nodes) {
  Model model;
  model.ir_version = 8;
  model.opset_imports.emplace_back().version = 13;
  model.graph.name = "g";
  model.graph.inputs = {value("x", {{2}})};
  model.graph.outputs = {value("y", {{2}})};
  model.graph.nodes = std::move(nodes);
  return model;
}

/// What the structure says, each finding in one line; the checker's part depends on a module.
std::vector<std::string> structure(const Model& model) {
  std::vector<std::string> lines;
  for (const LintFinding& finding : lint_statically(model).findings) {
    if (finding.source != Source::onnx_graphsurgeon) continue;
    std::string line(to_string(finding.level));
    if (!finding.place.empty()) line += " in " + finding.place;
    for (const std::string& node : finding.nodes) line += " " + node;
    lines.push_back(line + ": " + finding.message);
  }
  return lines;
}

/// Doubles what it is given; refuses the operators named.
class Doubler final : public Evaluator {
 public:
  std::string_view name() const override { return "Doubler"; }
  std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
    called.emplace_back(call.node.name);
    if (call.node.op_type == "Bad")
      throw BackendError("It cannot.", "", {"Node () [ShapeInferenceError] bad shapes"});
    if (call.node.op_type == "Custom") throw BackendError("my:Custom is not a registered function/op");
    if (call.node.op_type == "Narrow") throw BackendError("Could not find an implementation for Narrow(1)");
    Tensor result(DataType::float32, call.inputs[0]->shape());
    for (std::int64_t i = 0; i < result.element_count(); ++i)
      result.mutable_values<float>()[static_cast<std::size_t>(i)] =
          2 * static_cast<float>(call.inputs[0]->element_as_double(i));
    last = result;
    return {result};
  }
  mutable std::vector<std::string> called;
  mutable Tensor last;
};

std::vector<NodeOutcome> outcomes(const Model& model, const Evaluator& evaluator,
                                  std::vector<bool> skip = {}) {
  skip.resize(model.graph.nodes.size());
  std::vector<NodeOutcome> result;
  run_nodes(model, evaluator, {{"x", Tensor::full(Shape{2}, 1.0F)}}, skip, [&](const NodeOutcome& outcome) {
    if (outcome.kind != Kind::begins) result.push_back(outcome);
  });
  return result;
}

std::vector<Kind> kinds(const Model& model, const std::vector<NodeOutcome>& list) {
  std::vector<Kind> result(model.graph.nodes.size(), Kind::begins);
  for (const NodeOutcome& outcome : list) result[outcome.node] = outcome.kind;
  return result;
}

TEST(Lint, AGoodModelHasNoFindings) {
  EXPECT_THAT(structure(model_of({node("Relu", {"x"}, {"y"}, "r")})), IsEmpty());
}

TEST(Lint, LabelsOfNodesWithoutNames) {
  Model model = model_of({node("Relu", {"x"}, {"a"}), node("Relu", {"a"}, {"b"}, "polygraphy_unnamed_node_0"),
                          node("Relu", {"b"}, {"y"})});
  EXPECT_THAT(
      node_labels(model.graph),
      ElementsAre("polygraphy_unnamed_node_0_0", "polygraphy_unnamed_node_0", "polygraphy_unnamed_node_2"));
}

TEST(Lint, DuplicateNames) {
  EXPECT_THAT(structure(model_of({node("Relu", {"x"}, {"a"}, "n"), node("Relu", {"a"}, {"y"}, "n")})),
              ElementsAre("exception n: The name 'n' is that of 2 nodes, number 0, 1."));
}

TEST(Lint, Cycles) {
  EXPECT_THAT(structure(model_of({node("Add", {"x", "b"}, {"a"}, "p"), node("Relu", {"a"}, {"b"}, "q"),
                                  node("Relu", {"b"}, {"y"}, "r")})),
              ElementsAre("exception q p: Nodes depend on each other in a cycle: q -> p."));
  EXPECT_THAT(structure(model_of({node("Add", {"x", "y"}, {"y"}, "self")})),
              ElementsAre("exception self: Nodes depend on each other in a cycle: self."));
}

TEST(Lint, WhatNoOutputDependsOn) {
  Model model = model_of(
      {node("Relu", {"x"}, {"y"}, "r"), node("Tanh", {"x"}, {"t"}, "t1"), node("Tanh", {"t"}, {"u"}, "t2")});
  model.graph.inputs.push_back(value("unused", {{1}}));
  model.graph.initializers.emplace_back().name = "w";
  EXPECT_THAT(structure(model),
              ElementsAre("warning: Input: 'unused' does not affect outputs, can be removed.",
                          "warning: Initializer: 'w' does not affect outputs, can be removed.",
                          "warning t1: Does not affect outputs, can be removed.",
                          "warning t2: Does not affect outputs, can be removed."));
}

TEST(Lint, CustomOperators) {
  Node custom = node("Fancy", {"x"}, {"y"}, "f");
  custom.domain = "my.ops";
  Model model = model_of({custom});
  EXPECT_THAT(
      structure(model),
      ElementsAre(
          "warning f: The operator Fancy of the domain 'my.ops' is not one of ONNX: a custom operator."));
  // A function of the model is none.
  Function& function = model.functions.emplace_back();
  function.name = "Fancy";
  function.domain = "my.ops";
  function.inputs = {"p"};
  function.outputs = {"q"};
  function.nodes = {node("Relu", {"p"}, {"q"}, "inner"), node("Relu", {"q"}, {"z"}, "inner")};
  EXPECT_THAT(
      structure(model),
      ElementsAre(
          "exception in function 'my.ops::Fancy' inner: The name 'inner' is that of 2 nodes, number 0, 1."));
}

TEST(Lint, SubgraphsAtAnyDepth) {
  Graph inner;
  inner.name = "inner";
  inner.nodes = {node("Relu", {"x"}, {"r"}, "same"), node("Tanh", {"r"}, {"x2"}, "same")};
  inner.outputs = {value("x2", {{2}})};
  inner.initializers.emplace_back().name = "x";  // hides the input of the model
  Graph outer;
  outer.name = "outer";
  outer.nodes = {with(node("If", {"c"}, {"o"}, "deep"), "then_branch", Box<Graph>(inner))};
  outer.outputs = {value("o", {{2}})};
  Model model = model_of({with(node("If", {"c"}, {"y"}, "if"), "else_branch", Box<Graph>(outer))});
  model.graph.inputs = {value("x", {{2}}), value("c", {{}}, 9)};
  const std::string place = "in node 'if' else_branch, node 'deep' then_branch";
  EXPECT_THAT(structure(model),
              ElementsAre("warning " + place +
                              ": The initializer 'x' hides a value of the same name outside of the "
                              "sub-graph.",
                          "exception " + place + " same: The name 'same' is that of 2 nodes, number 0, 1.",
                          // The branch has an x of its own, so nothing takes the model's.
                          "warning: Input: 'x' does not affect outputs, can be removed."));
}

TEST(RunNodes, EachWithWhatCameBefore) {
  // The second node stands before what it depends on.
  const Model model = model_of({node("Double", {"x"}, {"a"}, "1"), node("Double", {"b"}, {"y"}, "3"),
                                node("Double", {"a"}, {"b"}, "2")});
  const Doubler doubler;
  EXPECT_THAT(kinds(model, outcomes(model, doubler)), ElementsAre(Kind::passed, Kind::passed, Kind::passed));
  EXPECT_THAT(doubler.called, ElementsAre("1", "2", "3"));
  EXPECT_EQ(doubler.last.element_as_double(0), 8);
}

TEST(RunNodes, WhatDependsOnAFailureIsUnreachable) {
  const Model model =
      model_of({node("Bad", {"x"}, {"a"}, "bad"), node("Double", {"a"}, {"b"}, "after"),
                node("Double", {"x"}, {"y"}, "beside"), node("Bad", {"x"}, {"z"}, "worse"),
                node("Custom", {"x"}, {"c"}, "custom"), node("Narrow", {"x"}, {"n"}, "narrow")});
  const std::vector<NodeOutcome> list = outcomes(model, Doubler());
  EXPECT_THAT(kinds(model, list), ElementsAre(Kind::failed, Kind::unreachable, Kind::passed, Kind::failed,
                                              Kind::custom, Kind::no_kernel));
  LintReport report;
  add_outcomes(report, model, list);
  EXPECT_THAT(report.failing, ElementsAre("bad", "worse"));
  EXPECT_THAT(report.passing, ElementsAre("beside", "custom", "narrow"));
  EXPECT_FALSE(report.is_valid());
  ASSERT_EQ(report.findings.size(), 4);
  EXPECT_EQ(report.findings[0].message, "bad shapes");
  EXPECT_EQ(report.findings[0].source, Source::onnxruntime);
  EXPECT_EQ(report.findings[2].level, Level::warning);
  EXPECT_EQ(report.findings[3].level, Level::warning);
}

TEST(RunNodes, SkippedNodesAreNotCalled) {
  const Model model = model_of({node("Double", {"x"}, {"a"}, "1"), node("Double", {"a"}, {"y"}, "2")});
  const Doubler doubler;
  EXPECT_THAT(kinds(model, outcomes(model, doubler, {true, false})),
              ElementsAre(Kind::begins, Kind::unreachable));
  EXPECT_THAT(doubler.called, IsEmpty());
}

TEST(RunNodes, CyclesEnd) {
  const Model model = model_of({node("Double", {"b"}, {"a"}, "1"), node("Double", {"a"}, {"b"}, "2"),
                                node("Double", {"x"}, {"y"}, "3")});
  EXPECT_THAT(kinds(model, outcomes(model, Doubler())),
              ElementsAre(Kind::unreachable, Kind::unreachable, Kind::passed));
}

TEST(RunNodes, SubgraphsGetWhatTheyTakeFromOutside) {
  class Looker final : public Evaluator {
   public:
    std::string_view name() const override { return "Looker"; }
    std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
      const auto& graph = std::get<Box<Graph>>(call.node.attributes[0].value);
      EXPECT_EQ(graph->initializers.size(), 1);
      EXPECT_EQ(graph->initializers[0].name, "x");
      EXPECT_EQ(graph->initializers[0].raw_data->size(), 8);
      return {Tensor::full(Shape{2}, 0.0F)};
    }
  };
  Graph branch;
  branch.nodes = {node("Relu", {"x"}, {"r"}, "inner")};
  branch.outputs = {value("r", {{2}})};
  const Model model = model_of({with(node("If", {"x"}, {"y"}, "if"), "then_branch", Box<Graph>(branch))});
  EXPECT_THAT(kinds(model, outcomes(model, Looker())), ElementsAre(Kind::passed));
}

/// A weight whose values are stored as numbers, which are unpacked into memory of their own.
TensorData typed(std::string_view name, const std::vector<std::byte>& varints) {
  TensorData data;
  data.name = name;
  data.data_type = element_type_of(DataType::int64);
  data.dims = {static_cast<std::int64_t>(varints.size())};
  data.typed_field = TensorData::TypedField::int64_data;
  data.typed_data = varints;
  return data;
}

TEST(RunNodes, WhatSubgraphsGetStaysInMemory) {
  class Reader final : public Evaluator {
   public:
    std::string_view name() const override { return "Reader"; }
    std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
      for (const TensorData& data : std::get<Box<Graph>>(call.node.attributes[0].value)->initializers) {
        const Tensor tensor = tensor_of(data, call.model, Alignment::any);
        for (const std::int64_t read : tensor.values<std::int64_t>()) values.push_back(read);
      }
      return {Tensor::full(Shape{2}, 0.0F)};
    }
    mutable std::vector<std::int64_t> values;
  };
  const std::vector<std::byte> first(64, std::byte{1}), second(64, std::byte{2});
  Graph branch;
  branch.nodes = {node("Add", {"one", "two"}, {"r"}, "inner")};
  branch.outputs = {value("r", {{2}})};
  Model model = model_of({with(node("If", {"x"}, {"y"}, "if"), "then_branch", Box<Graph>(branch))});
  model.graph.initializers = {typed("one", first), typed("two", second)};
  const Reader reader;
  EXPECT_THAT(kinds(model, outcomes(model, reader)), ElementsAre(Kind::passed));
  std::vector<std::int64_t> expected(64, 1);
  expected.resize(128, 2);
  EXPECT_EQ(reader.values, expected);
}

TEST(AddOutcomes, TheEngineOverrulesTheChecker) {
  const Model model = model_of({node("Double", {"x"}, {"a"}, "runs"), node("Bad", {"a"}, {"y"}, "fails")});
  LintReport report;
  report.findings = {{.source = Source::onnx_checker, .message = "unknown", .nodes = {"runs"}},
                     {.source = Source::onnx_checker, .message = "unknown", .nodes = {"fails"}},
                     {.source = Source::onnx_checker, .message = "of the model", .nodes = {}}};
  add_outcomes(report, model, outcomes(model, Doubler()));
  ASSERT_EQ(report.findings.size(), 3);
  EXPECT_EQ(report.findings[0].level, Level::warning);
  EXPECT_EQ(report.findings[1].level, Level::exception);
  EXPECT_EQ(report.findings[1].message, "of the model");
  EXPECT_EQ(report.findings[2].source, Source::onnxruntime);
  LintReport success;
  success.findings = {{.source = Source::onnx_checker, .message = "unknown", .nodes = {"runs"}}};
  add_success(success, model);
  EXPECT_TRUE(success.is_valid());
  EXPECT_THAT(success.passing, ElementsAre("runs", "fails"));
  EXPECT_THAT(success.failing, IsEmpty());
}

}  // namespace
}  // namespace polygraph::onnx
