#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/indented_text.h"
#include "cli/inspect_model.h"
#include "onnx/encode.h"

namespace polygraph::cli {
namespace {

using namespace onnx::encode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string value_info(std::string_view name, std::string_view shape) {
  return bytes(1, name) + bytes(2, bytes(1, varint(1, 1) + bytes(2, shape)));
}

const std::string one_by_two = bytes(1, varint(1, 1)) + bytes(1, varint(1, 2));

/// Adds the initializer w to x, in an If whose branch does the same.
std::string if_graph() {
  const std::string add = bytes(1, "x") + bytes(1, "w") + bytes(2, "t") + bytes(4, "Add");
  const std::string branch = bytes(1, add) + bytes(12, value_info("t", one_by_two));
  const std::string node = bytes(1, "x") + bytes(1, "w") + bytes(2, "y") + bytes(3, "if") + bytes(4, "If") +
                           bytes(5, bytes(1, "then_branch") + bytes(6, branch) + varint(20, 5)) +
                           bytes(5, bytes(1, "to") + varint(3, 10) + varint(20, 2));
  return bytes(1, node) + bytes(2, "g") + bytes(5, tensor("w", 1, {2}, bytes(9, raw({0.5f, -1.0f})))) +
         bytes(11, value_info("x", one_by_two)) + bytes(12, value_info("y", bytes(1, bytes(2, "n"))));
}

std::string describe(const std::string& graph, const InspectOptions& options) {
  return describe_onnx(load(onnx::encode::model(graph)), options);
}

TEST(DescribeOnnx, CountsWhatItDoesNotShow) {
  EXPECT_EQ(describe(if_graph(), {}), R"(==== ONNX Model ====
Name: g | ONNX Opset: 17

---- 1 Graph Input(s) ----
{x [dtype=float32, shape=(1, 2)]}

---- 1 Graph Output(s) ----
{y [dtype=float32, shape=('n',)]}

---- 1 Initializer(s) ----

---- 1 Node(s) ----
)");
}

TEST(DescribeOnnx, ShowsNodesAttributesWeightsAndSubgraphs) {
  const std::string text =
      describe(if_graph(), {.show_layers = true, .show_attrs = true, .show_weights = true});
  EXPECT_EQ(text, R"(==== ONNX Model ====
Name: g | ONNX Opset: 17

---- 1 Graph Input(s) ----
{x [dtype=float32, shape=(1, 2)]}

---- 1 Graph Output(s) ----
{y [dtype=float32, shape=('n',)]}

---- 1 Initializer(s) ----
Initializer | w [dtype=float32, shape=[2]] | Values:
    [ 0.5 -1. ]

---- 1 Node(s) ----
Node 0    | if [Op: If]
    {x [dtype=float32, shape=(1, 2)],
     Initializer | w [dtype=float32, shape=(2,)]}
     -> {y [dtype=float32, shape=('n',)]}
    ---- Attributes ----
    if.then_branch = )"
                  "\n"
                  R"(            ---- 0 Subgraph Input(s) ----
            {}
            )"
                  "\n"
                  R"(            ---- 1 Subgraph Output(s) ----
            {t [dtype=float32, shape=(1, 2)]}
            )"
                  "\n"
                  R"(            ---- 0 Initializer(s) ----
            {}
            )"
                  "\n"
                  R"(            ---- 1 Node(s) ----
            Node 0    |  [Op: Add]
                {x [dtype=float32, shape=(1, 2)],
                 w [dtype=float32, shape=(2,)]}
                 -> {t [dtype=float32, shape=(1, 2)]}
            )"
                  "\n"
                  R"(    if.to = float16
)");
}

TEST(DescribeOnnx, EscapesWhatCouldControlTheTerminal) {
  const std::string text = describe(bytes(2, "a\x1b[31mb\xff\x7f\xc2\x9bц"), {});
  EXPECT_THAT(text, HasSubstr("a\\x1b[31mb\\xff\\x7f\\xc2\\x9bц"));
}

TEST(DescribeOnnx, SaysWhichWeightsCannotBeRead) {
  const std::string graph = bytes(5, tensor("broken", 1, {2}, bytes(9, "123")));
  EXPECT_THAT(describe(graph, {.show_layers = true}), HasSubstr("broken"));
  EXPECT_THROW(describe(graph, {.show_weights = true}), InputError);
}

TEST(DescribeOnnx, ManyNodesTakeNoTime) {
  std::string graph;
  for (int i = 0; i < 100000; ++i) {
    const std::string in = "t" + std::to_string(i);
    const std::string out = "t" + std::to_string(i + 1);
    graph +=
        bytes(1, bytes(1, in) + bytes(2, out) + bytes(4, "Relu")) + bytes(13, value_info(out, one_by_two));
  }
  const onnx::Model model = load(onnx::encode::model(graph));
  const auto start = std::chrono::steady_clock::now();
  const std::string text = describe_onnx(model, {.show_layers = true, .show_attrs = true});
  // Two orders of magnitude above what it takes, and far below what anything quadratic would.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_THAT(text, AllOf(HasSubstr("---- 100000 Node(s) ----"), HasSubstr("Node 99999 |")));
}

TEST(OnnxToJson, FollowsItsSchema) {
  const onnx::Model model = load(onnx::encode::model(if_graph()));
  const nlohmann::ordered_json brief = onnx_to_json(model, {});
  EXPECT_EQ(brief["format"], "onnx");
  EXPECT_EQ(brief["name"], "g");
  EXPECT_EQ(brief["ir_version"], 8);
  EXPECT_EQ(brief["model_version"], nullptr);
  EXPECT_EQ(brief["opsets"].dump(), R"({"ai.onnx":17})");
  EXPECT_EQ(brief["inputs"].dump(), R"([{"name":"x","dtype":"float32","shape":[1,2]}])");
  EXPECT_EQ(brief["outputs"][0]["shape"].dump(), R"(["n"])");
  EXPECT_EQ(brief["node_count"], 1);
  EXPECT_FALSE(brief.contains("nodes"));
  EXPECT_FALSE(brief.contains("initializers"));

  const nlohmann::ordered_json full =
      onnx_to_json(model, {.show_layers = true, .show_attrs = true, .show_weights = true});
  EXPECT_EQ(full["initializers"].dump(),
            R"([{"name":"w","dtype":"float32","shape":[2],"bytes":8,"values":[0.5,-1.0]}])");
  const auto& node = full["nodes"][0];
  EXPECT_EQ(node["inputs"].dump(), R"(["x","w"])");
  EXPECT_EQ(node["attributes"][0]["type"], "graph");
  EXPECT_EQ(node["attributes"][0]["value"]["nodes"][0]["op_type"], "Add");
  EXPECT_EQ(node["attributes"][1]["value"], 10);
}

TEST(OnnxToJson, HoldsWhatJsonHasNot) {
  const float inf = std::numeric_limits<float>::infinity();
  const onnx::Model model = load(onnx::encode::model(
      bytes(2, "\xff") +
      bytes(5, tensor("w", 1, {3}, bytes(9, raw({inf, -inf, std::numeric_limits<float>::quiet_NaN()}))))));
  const nlohmann::ordered_json json = onnx_to_json(model, {.show_weights = true});
  EXPECT_EQ(json["name"], "\\xff");
  EXPECT_EQ(json["initializers"][0]["values"].dump(), R"(["inf","-inf","nan"])");
  EXPECT_NO_THROW(static_cast<void>(json.dump()));
}

std::string tiled_graph() {
  const auto node = [](std::string_view op, std::string_view in, std::string_view more,
                       std::string_view out) {
    return bytes(
        1, bytes(1, in) + (more.empty() ? std::string() : bytes(1, more)) + bytes(2, out) + bytes(4, op));
  };
  return node("Shape", "x", "", "s") + node("Tile", "x", "s", "y") + bytes(11, value_info("x", one_by_two));
}

TEST(DescribeOnnx, ListsSizesWithoutABound) {
  const InspectOptions options{.list_unbounded = true};
  EXPECT_THAT(
      describe(tiled_graph(), options),
      HasSubstr(
          "---- 2 Node(s) ----\n\n---- 1 Tensor(s) with Unbounded DDS ----\ns | Sizes: y [Op: Tile]\n"));
  const nlohmann::ordered_json json = onnx_to_json(load(onnx::encode::model(tiled_graph())), options);
  EXPECT_EQ(json["unbounded_dds"].dump(),
            R"([{"name":"s","graph":"","consumer":"","op_type":"Tile","input":1}])");
  EXPECT_FALSE(onnx_to_json(load(onnx::encode::model(tiled_graph())), {}).contains("unbounded_dds"));
}

TEST(DescribeOnnx, DoesNotLookForExternalDataIfToldSo) {
  const std::string external = bytes(13, bytes(1, "location") + bytes(2, "gone.bin")) + varint(14, 1);
  const std::string graph = bytes(5, tensor("w", 1, {2}, external));
  const InspectOptions options{.show_weights = true, .ignore_external_data = true};
  EXPECT_THAT(describe(graph, options), HasSubstr("(in a file beside the model, not read)"));
  EXPECT_FALSE(onnx_to_json(load(onnx::encode::model(graph)), options)["initializers"][0].contains("values"));
  EXPECT_THROW(describe(graph, {.show_weights = true}), InputError);
}

TEST(IndentedText, DropsOneLineBreakAtTheEndOfABlock) {
  IndentedText text(0);
  text << "a\n";
  text.begin_block();
  text << "b\n\nc\n\n";
  text.end_block();
  text << "\nd";
  EXPECT_EQ(text.finish(), "a\n    b\n    \n    c\n    \nd\n");
}

}  // namespace
}  // namespace polygraph::cli
