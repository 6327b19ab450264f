#include "trt/plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/trt.h>

#include "helpers/message.h"
#include "onnxrt/models.h"
#include "trt/library.h"

namespace polygraph::trt::test {
namespace {

using onnxrt::test::attribute;
using onnxrt::test::ModelBuilder;
using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* not_found =
    "Assertion failed: creator && \"Plugin not found, are the plugin name, version, and namespace correct?\"";

onnx::Model with_custom_operators() {
  ModelBuilder b;
  b.input("x", DataType::float32, {2, 3}).node("Relu", {"x"}, {"a"}).node("Mine", {"a"}, {"b"});
  b.node("Other", {"b"}, {"y"},
         {attribute("plugin_version", std::string_view("2")),
          attribute("plugin_namespace", std::string_view("mine"))});
  b.output("y", DataType::float32, {2, 3});
  b.model().graph.nodes[1].name = "first";
  b.model().graph.nodes[2].name = "second";
  return b.model();
}

TEST(MissingPlugins, AreThoseOfTheNodesThatTheParserNames) {
  const onnx::Model model = with_custom_operators();
  const std::string message = std::string("node first (Mine): ") + not_found;
  const auto one = missing_plugins(model, std::vector{message, message});
  EXPECT_THAT(one, ElementsAre(MissingPlugin{{"Mine", "1", ""}, "'first' (Mine)"}));
  EXPECT_EQ(describe(one),
            "The node 'first' (Mine) needs the plugin 'Mine', version '1', which no library has registered.");
  const auto two =
      missing_plugins(model, std::vector{std::string("node second (Other): ") + not_found, message});
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].plugin, (PluginName{"Other", "2", "mine"}));
  EXPECT_THAT(describe(two),
              HasSubstr("'Other', version '2', namespace 'mine', which no library has registered; "
                        "1 more is missing."));
  EXPECT_THAT(missing_plugins(model, std::vector<std::string>{"node first (Mine): no"}), IsEmpty());
}

TEST(MissingPlugins, AreThoseThatAnEngineIsRefusedFor) {
  const auto found = [](std::string text) { return missing_plugins(std::vector{std::move(text)}); };
  EXPECT_THAT(found("IPluginRegistry::getCreator: Error Code 4: API Usage Error (Cannot find plugin: Mine, "
                    "version: 1, namespace:.)"),
              ElementsAre(MissingPlugin{{"Mine", "1", ""}, ""}));
  EXPECT_THAT(found("Cannot find plugin: Mine, version: 1.2, namespace:ours."),
              ElementsAre(MissingPlugin{{"Mine", "1.2", "ours"}, ""}));
  EXPECT_THAT(found("3: getPluginCreator could not find plugin: Mine version: 1"),
              ElementsAre(MissingPlugin{{"Mine", "1", ""}, ""}));
  EXPECT_THAT(found("INVALID_ARGUMENT: getPluginCreator could not find plugin Mine version 1"),
              ElementsAre(MissingPlugin{{"Mine", "1", ""}, ""}));
  EXPECT_THAT(found("Serialization assertion failed"), IsEmpty());
  // TensorRT 8.5.3 names none.
  const auto unnamed = found(
      "1: [pluginV2Runner.cpp::load::300] Error Code 1: Serialization (Serialization assertion "
      "creator failed.Cannot deserialize plugin since corresponding IPluginCreator not found in "
      "Plugin Registry)");
  EXPECT_THAT(unnamed, ElementsAre(MissingPlugin{}));
  EXPECT_EQ(describe(unnamed),
            "It needs a plugin that no library has registered; TensorRT does not say which.");
  EXPECT_THAT(remedy_for(unnamed, std::vector<PluginName>{{"Mine", "1", ""}}),
              testing::EndsWith("(LoadPlugins, --plugins)."));
  EXPECT_EQ(describe(found("could not find plugin: Mine version: 1")),
            "It needs the plugin 'Mine', version '1', which no library has registered.");
}

TEST(MissingPlugins, AreLookedForAmongThoseThatThereAre) {
  const std::vector<MissingPlugin> missing{{{"Mine", "1", ""}, ""}};
  EXPECT_EQ(remedy_for(missing, {}), "Load the library that has it (LoadPlugins, --plugins).");
  EXPECT_THAT(remedy_for(missing, std::vector<PluginName>{{"Mime", "1", ""}, {"Other", "1", ""}}),
              HasSubstr("Did you mean 'Mime'?"));
  EXPECT_THAT(
      remedy_for(missing, std::vector<PluginName>{{"Mine", "2", "ours"}}),
      AllOf(HasSubstr("Registered is 'Mine', version '2', namespace 'ours'"), HasSubstr("plugin_version")));
}

TEST(Plugins, AreRefusedByRtx) {
  EXPECT_THAT(message<BackendError>([] { load_plugins({"libplugin.so"}); }),
              HasSubstr("TensorRT-RTX has no plugins"));
  EXPECT_FALSE(Library().state().register_own_plugins());
  const onnx::Model model = with_custom_operators();
  EXPECT_THAT(message<BackendError>([&] { network_from_onnx_bytes(onnx::encode_model(model)); }),
              AllOf(HasSubstr("'first' (Mine)"), HasSubstr("TensorRT-RTX has no plugins"),
                    Not(HasSubstr("--plugins"))));
}

TEST(Plugins, CanBeListed) {
  const std::vector<PluginName> registered = registered_plugins(Library().state().plugin_registry());
  EXPECT_THAT(registered, testing::Contains(PluginName{"ROIAlign_TRT", "2", ""}));
}

}  // namespace
}  // namespace polygraph::trt::test
