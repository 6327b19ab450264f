#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/trt.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "helpers/message.h"
#include "trt/build_config.h"
#include "trt/models.h"

namespace polygraph::trt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::AllOf;
using testing::HasSubstr;

// One file for all tests: compiling takes seconds.
constexpr const char* source = R"(
#include <polygraph/trt/script.h>
using namespace polygraph;
using namespace polygraph::trt;

Network load_network() {
  Network network = create_network();
  nvinfer1::ITensor* x = network->addInput("x", nvinfer1::DataType::kFLOAT, nvinfer1::Dims{2, {1, 4}});
  network->markOutput(*network->addIdentity(*x)->getOutput(0));
  return network;
}
POLYGRAPH_SCRIPT(load_network)

Config load_config() { return create_config({.builder_optimization_level = 2}); }
POLYGRAPH_SCRIPT(load_config)

void postprocess(Network& network) { network->getOutput(0)->setName("renamed"); }
POLYGRAPH_SCRIPT(postprocess)

void postprocess_config(nvinfer1::IBuilderConfig& config, const Network& network) {
  config.setBuilderOptimizationLevel(network->getNbInputs() == 1 ? 4 : 0);
}
POLYGRAPH_SCRIPT(postprocess_config)

extern "C" const polygraph::detail::ScriptExport polygraph_script_of_another_tensorrt{
    polygraph::detail::script_mark, polygraph::detail::script_interface,
    polygraph::trt::detail::script_layout + 1, "trt", nullptr};
)";

class Script : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("polygraph-trt-script-test-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    write_file(folder_ / "script.cpp", std::string_view(source));
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static ScriptName named(std::string name) { return {folder_ / "script.cpp", std::move(name)}; }

  static inline fs::path folder_;
};

TEST_F(Script, MakesANetwork) {
  const Network network = network_from_script(named("load_network"));
  EXPECT_STREQ(network->getInput(0)->getName(), "x");
  EXPECT_EQ(network.model_name(), "script.cpp");
  EXPECT_FALSE(engine_bytes_from_network(network).empty());
}

TEST_F(Script, MakesAConfiguration) {
  const Network network = network_from_onnx_path(identity());
  const Config config = config_from_script(named("load_config"));
  EXPECT_EQ(make_build_config(network, config).config->getBuilderOptimizationLevel(), 2);
  const Config changed = postprocess_config(ConfigFromScript(named("load_config")),
                                            config_postprocess_from_script(named("postprocess_config")));
  EXPECT_EQ(make_build_config(network, changed).config->getBuilderOptimizationLevel(), 4);
}

TEST_F(Script, ChangesANetwork) {
  const Network network = postprocess_network(NetworkFromOnnxPath(identity()),
                                              network_postprocess_from_script(named("postprocess")));
  EXPECT_STREQ(network->getOutput(0)->getName(), "renamed");
}

TEST_F(Script, PrintsItself) {
  EXPECT_EQ(EngineFromNetwork(NetworkFromScript({"n.cpp", "make"}, LoadPlugins({"p.so"})),
                              ConfigFromScript({"c.cpp", "load_config"}))
                .str(),
            R"(EngineFromNetwork(NetworkFromScript({"n.cpp", "make"}, LoadPlugins({"p.so"})), )"
            R"(ConfigFromScript({"c.cpp", "load_config"})))");
  EXPECT_EQ(PostprocessConfig(Config(), config_postprocess_from_script({"c.cpp", "f"}), "f").str(),
            "PostprocessConfig(/* callable */, f)");
}

TEST_F(Script, OfAnotherKindOrVersionIsRefused) {
  EXPECT_THAT(message<InputError>([] { network_from_script(named("load_config")); }),
              AllOf(HasSubstr("a function of another kind"), HasSubstr("Network()")));
  EXPECT_THAT(message<InputError>([] { config_from_script(named("postprocess")); }), HasSubstr("Config()"));
  EXPECT_THAT(message<InputError>([] {
                network_postprocess_from_script(named("load_network"))(
                    *std::make_unique<Network>(network_from_onnx_path(identity())));
              }),
              HasSubstr("void(Network&)"));
  EXPECT_THAT(message<InputError>([] { network_from_script(named("missing")); }),
              HasSubstr("Put POLYGRAPH_SCRIPT(missing) below the function"));
  EXPECT_THAT(message<InputError>([] { network_from_script(named("of_another_tensorrt")); }),
              HasSubstr("compiled for another version of Polygraph, or of TensorRT-RTX"));
}

TEST_F(Script, HeadersThatDoNotFitArePassedOver) {
  write_file(folder_ / "empty.cpp", std::string_view("\n"));
  const std::string headers = fs::path(folder_ / "headers").string();
  fs::create_directories(headers);
  // TensorRT's own headers are not those of TensorRT-RTX.
  write_file(fs::path(headers) / "NvInferVersion.h", std::string_view("#define NV_TENSORRT_MAJOR 11\n"));
  ::setenv("POLYGRAPH_TENSORRT_RTX_INCLUDE_PATH", headers.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  const std::string error = message<InputError>([] {
    network_from_script({folder_ / "empty.cpp", "load_network"});
  });
  ::unsetenv("POLYGRAPH_TENSORRT_RTX_INCLUDE_PATH");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_THAT(error, HasSubstr("does not export 'load_network'")) << "the build's headers come next";
}

}  // namespace
}  // namespace polygraph::trt::test
