#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/openvino/runner.h>

#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/pass/serialize.hpp>

#include "openvino/models.h"

namespace polygraph::openvino::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> output_names(const Network& network) {
  std::vector<std::string> names;
  for (const auto& output : network->outputs()) names.push_back(output.get_any_name());
  return names;
}

TEST(NetworkFromOnnx, ReadsFromPathAndBytes) {
  const Network from_path = network_from_onnx_path(identity_onnx());
  EXPECT_EQ(from_path->get_friendly_name(), "test_identity");
  EXPECT_EQ(from_path.model_name(), "identity.onnx");
  EXPECT_EQ(from_path.model_hash().size(), 16u);
  EXPECT_THAT(output_names(from_path), ElementsAre("y"));

  const Network from_bytes = network_from_onnx_bytes(bytes_from_path(identity_onnx()));
  EXPECT_EQ(from_bytes.model_hash(), from_path.model_hash());
  EXPECT_THAT(output_names(from_bytes), ElementsAre("y"));
}

TEST(NetworkFromOnnx, ReadsAfreshAtEachCall) {
  const NetworkFromOnnxPath load(identity_onnx());
  const Network first = load();
  const Network second = load();
  EXPECT_NE(first.native(), second.native());
}

TEST(NetworkFromOnnx, RefusesBadFiles) {
  const TemporaryFolder folder;
  EXPECT_THAT(message<InputError>([&] { network_from_onnx_path(folder / "missing.onnx"); }),
              HasSubstr("missing.onnx"));
  write_file(folder / "empty.onnx", std::string_view());
  EXPECT_THAT(message<InputError>([&] { network_from_onnx_path(folder / "empty.onnx"); }),
              HasSubstr("empty"));
  const MappedFile whole(identity_onnx());
  write_file(folder / "cut.onnx", whole.bytes().first(whole.size() / 2));
  EXPECT_THAT(message<InputError>([&] { network_from_onnx_path(folder / "cut.onnx"); }),
              HasSubstr("cut.onnx"));
  EXPECT_THROW(network_from_onnx_bytes(Bytes(std::vector<std::byte>(100, std::byte{0xff}))), InputError);
}

TEST(NetworkFromIr, ReadsWhatOpenVinoSaved) {
  const TemporaryFolder folder;
  ov::pass::Serialize((folder / "m.xml").string(), (folder / "m.bin").string())
      .run_on_model(dense_network(1, 1, 4).native());
  EXPECT_THAT(output_names(network_from_ir(folder / "m.xml")), ElementsAre("y"));
  std::filesystem::rename(folder / "m.bin", folder / "other.bin");
  EXPECT_THAT(output_names(network_from_ir(folder / "m.xml", folder / "other.bin")), ElementsAre("y"));
  EXPECT_THAT(message<InputError>([&] { network_from_ir(folder / "m.xml", folder / "none.bin"); }),
              HasSubstr("none.bin"));
  EXPECT_THAT(message<InputError>([&] { network_from_ir(identity_onnx()); }),
              HasSubstr("NetworkFromOnnxPath"));
}

TEST(LoadPlugins, RefusesWhatIsNoExtension) {
  EXPECT_THAT(message<InputError>([] { load_plugins({"/nowhere/libnone.so"}); }),
              HasSubstr("/nowhere/libnone.so"));
  EXPECT_THAT(message<BackendError>([] { load_plugins({identity_onnx()}); }),
              HasSubstr("OPENVINO_CREATE_EXTENSIONS"));
}

TEST(LoadPlugins, MakesCustomOperationsReadable) {
  const std::filesystem::path model = std::filesystem::path(POLYGRAPH_TEST_MODELS) / "custom_double.onnx";
  EXPECT_THAT(message<BackendError>([&] { network_from_onnx_path(model); }), HasSubstr("CustomDouble"));

  Runner runner(EngineFromNetwork(NetworkFromOnnxPath(model, LoadPlugins({POLYGRAPH_TEST_EXTENSION}))));
  const auto active = runner.activate();
  const TensorMap& outputs = runner.infer({{"x", Tensor::from({1.0f, -2.5f}, Shape{2})}});
  EXPECT_THAT(outputs["y"].values<float>(), ElementsAre(2.0f, -5.0f));
}

TEST(PostprocessNetwork, RunsTheFunctionOnTheNetwork) {
  int calls = 0;
  const Network network = postprocess_network(
      NetworkFromOnnxPath(identity_onnx()), [&](Network& n) { n->set_friendly_name("renamed"), ++calls; },
      "rename");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(network->get_friendly_name(), "renamed");
  EXPECT_THROW(PostprocessNetwork(network, nullptr), UsageError);
}

TEST(ModifyNetworkOutputs, ReplacesOutputs) {
  const auto after = [](OutputOptions options) {
    Network network = dense_network(3, 1, 4);
    modify_network_outputs(network, std::move(options));
    return output_names(network);
  };
  EXPECT_THAT(after({.outputs = {"relu_0", "matmul_2"}}), ElementsAre("relu_0", "matmul_2"));
  EXPECT_THAT(after({.outputs = {"relu_*"}}), ElementsAre("relu_0", "relu_1"));
  EXPECT_THAT(after({.outputs = {"matmul_[01]"}, .exclude_outputs = {"*_1"}}), ElementsAre("matmul_0"));
  EXPECT_THAT(after({.mark_layer_types = {"Relu"}}), ElementsAre("relu_0", "relu_1", "y"));
  EXPECT_THAT(after({.outputs = {"matmul_0"}, .mark_layer_types = {"Relu"}}),
              ElementsAre("relu_0", "relu_1", "y"))
      << "each step replaces what the one before has marked";
}

TEST(ModifyNetworkOutputs, MarksAll) {
  using Names = std::vector<std::string>;
  for (const Names& all : {Names{"*"}, Names{"mark-all"}, Names{"mark", "all"}}) {
    const Network network = modify_network_outputs(dense_network(2, 1, 4), {.outputs = all});
    EXPECT_THAT(output_names(network), ElementsAre("matmul_0", "relu_0", "matmul_1", "y"));
  }
}

TEST(ModifyNetworkOutputs, TakesNamesWithWildcardCharactersLiterally) {
  Network network = dense_network(2, 1, 4);
  for (const auto& node : network->get_ops())
    if (ov::is_type<ov::op::v0::Relu>(node) && node->get_friendly_name() == "relu_0")
      node->output(0).set_names({"relu[0]*?"});
  modify_network_outputs(network, {.outputs = {"relu[0]*?"}});
  EXPECT_THAT(output_names(network), ElementsAre("relu[0]*?"));
}

TEST(ModifyNetworkOutputs, RefusesUnknownNamesAndKeepsTheNetwork) {
  Network network = dense_network(3, 1, 4);
  const std::string text =
      message<InputError>([&] { modify_network_outputs(network, {.outputs = {"relu_O"}}); });
  EXPECT_THAT(text, HasSubstr("there is no tensor 'relu_O'"));
  EXPECT_THAT(text, HasSubstr("'relu_0'"));
  EXPECT_THAT(message<InputError>([&] { modify_network_outputs(network, {.exclude_outputs = {"z"}}); }),
              HasSubstr("'y'"));
  EXPECT_THAT(message<InputError>([&] { modify_network_outputs(network, {.exclude_outputs = {"y"}}); }),
              HasSubstr("no output would be left"));
  EXPECT_THAT(message<InputError>([&] { modify_network_outputs(network, {.outputs = {"none*"}}); }),
              HasSubstr("no output would be left"));
  EXPECT_THAT(message<InputError>([&] { modify_network_outputs(network, {.mark_layer_types = {"relu"}}); }),
              HasSubstr("'Relu'"));
  EXPECT_THAT(output_names(network), ElementsAre("y"));
}

TEST(ModifyNetworkOutputs, GivesTheEngineThoseOutputs) {
  Runner runner(EngineFromNetwork(
      ModifyNetworkOutputs([] { return dense_network(3, 1, 4); }, {.outputs = {"mark-all"}})));
  const auto active = runner.activate();
  EXPECT_THAT(runner.output_metadata().names(),
              ElementsAre("matmul_0", "relu_0", "matmul_1", "relu_1", "matmul_2", "y"));
  EXPECT_EQ(runner.infer({{"x", Tensor::full(Shape{1, 4}, 1.0f)}}).size(), 6u);
}

TEST(SetLayerPrecisions, RefusesUnknownLayersAndTypes) {
  Network network = dense_network(2, 1, 4);
  EXPECT_THAT(message<InputError>([&] {
                set_layer_precisions(network, {{"matmul_7", DataType::float32}});
              }),
              HasSubstr("'matmul_"));
  EXPECT_THAT(message<InputError>([&] {
                set_layer_precisions(network, {{"matmul_0", DataType::float16}});
              }),
              HasSubstr("only keep layers in float32"));
}

// The precisions of the layers that compute matrix products.
std::map<std::string, std::string> product_precisions(const Network& network, ConfigOptions options) {
  std::map<std::string, std::string> found;
  for (const EngineLayer& layer : engine_from_network(network, create_config(options)).info().layers)
    if (layer.type == "FullyConnected") found[layer.name] = layer.precision;
  return found;
}

TEST(SetLayerPrecisions, KeepsLayersInFp32) {
  for (const ConfigOptions& options : {ConfigOptions{.fp16 = true}, ConfigOptions{.bf16 = true}}) {
    const auto all = product_precisions(dense_network(4, 64, 64), options);
    const auto kept = product_precisions(
        set_layer_precisions(dense_network(4, 64, 64), {{"matmul_1", DataType::float32}}), options);
    EXPECT_EQ(kept.at("matmul_1"), "float32");
    for (const char* other : {"matmul_0", "matmul_2", "matmul_3"})
      EXPECT_EQ(kept.at(other), all.at(other)) << other;
  }
}

TEST(SetLayerPrecisions, FailsWhereOpenVinoWouldForget) {
  // OpenVINO 2026.4 forgets the request for a product that it fuses with the sum behind it, if BF16 runs.
  Network network = dense_network(4, 64, 64);
  for (const auto& node : network->get_ordered_ops()) {
    if (node->get_friendly_name() != "matmul_1") continue;
    const auto consumers = node->output(0).get_target_inputs();
    const auto bias = ov::op::v0::Constant::create(ov::element::f32, {1, 64}, std::vector<float>(64, 0.25f));
    const auto sum = std::make_shared<ov::op::v1::Add>(node, bias);
    sum->set_friendly_name("sum_1");
    for (ov::Input<ov::Node> consumer : consumers) consumer.replace_source_output(sum);
  }
  set_layer_precisions(network, {{"matmul_1", DataType::float32}});
  try {
    const Engine engine = engine_from_network(network, create_config({.bf16 = true}));
    for (const EngineLayer& layer : engine.info().layers)
      if (layer.name == "sum_1" || layer.name == "matmul_1") {
        EXPECT_EQ(layer.precision, "float32");
      }
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the layer 'matmul_1' must stay in float32, and OpenVINO runs it in bfloat16"));
    EXPECT_THAT(error.what(), HasSubstr("'sum_1'"));
  }
}

TEST(Printing, OfLoaders) {
  EXPECT_EQ(
      SaveEngine(EngineFromNetwork(extend(
                                       NetworkFromOnnxPath("m.onnx"), [](Network&) {}, "edit"),
                                   CreateConfig({.fp16 = true, .threads = 2})),
                 "m.engine")
          .str(),
      R"(SaveEngine(EngineFromNetwork(extend(NetworkFromOnnxPath("m.onnx"), edit), CreateConfig({.fp16 = true, .threads = 2})), "m.engine"))");
  EXPECT_EQ(EngineFromNetwork(NetworkFromOnnxPath("m.onnx")).str(),
            R"(EngineFromNetwork(NetworkFromOnnxPath("m.onnx")))");
  EXPECT_EQ(NetworkFromOnnxPath("m.onnx", LoadPlugins({"a.so"})).str(),
            R"(NetworkFromOnnxPath("m.onnx", LoadPlugins({"a.so"})))");
  EXPECT_EQ(NetworkFromOnnxBytes(BytesFromPath("m")).str(), R"(NetworkFromOnnxBytes(BytesFromPath("m")))");
  EXPECT_EQ(NetworkFromOnnxModel(onnx::OnnxFromPath("m.onnx"), LoadPlugins({"a.so"})).str(),
            R"(NetworkFromOnnxModel(OnnxFromPath("m.onnx"), LoadPlugins({"a.so"})))");
  EXPECT_EQ(Runner(EngineFromPath("e"), "r").str(), R"(openvino::Runner(EngineFromPath("e"), "r"))");
  EXPECT_EQ(NetworkFromIr("m.xml").str(), R"(NetworkFromIr("m.xml"))");
  EXPECT_EQ(ModifyNetworkOutputs(NetworkFromIr("m.xml"), {.outputs = {"a"}}).str(),
            R"(ModifyNetworkOutputs(NetworkFromIr("m.xml"), {.outputs = {"a"}}))");
  EXPECT_EQ(SetLayerPrecisions(NetworkFromIr("m.xml"), {{"a", DataType::float32}}).str(),
            R"(SetLayerPrecisions(NetworkFromIr("m.xml"), {{"a", DataType::float32}}))");
  EXPECT_EQ(PostprocessNetwork(
                NetworkFromIr("m.xml"), [](Network&) {}, "f")
                .str(),
            R"(PostprocessNetwork(NetworkFromIr("m.xml"), f))");
  EXPECT_EQ(EngineFromBytes(BytesFromPath("e")).str(), R"(EngineFromBytes(BytesFromPath("e")))");
  EXPECT_EQ(EngineBytesFromNetwork(NetworkFromIr("m.xml")).str(),
            R"(EngineBytesFromNetwork(NetworkFromIr("m.xml")))");
  EXPECT_EQ(BytesFromEngine(EngineFromPath("e")).str(), R"(BytesFromEngine(EngineFromPath("e")))");
  EXPECT_EQ(PostprocessConfig(CreateConfig(), [](Config&) {}).str(),
            "PostprocessConfig(CreateConfig(), /* function */)");
  EXPECT_EQ(CreateConfig({.performance_hint = PerformanceHint::throughput, .properties = {{"A", "B"}}}).str(),
            R"(CreateConfig({.performance_hint = PerformanceHint::throughput, .properties = {{"A", "B"}}}))");
}

}  // namespace
}  // namespace polygraph::openvino::test
