#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "openvino/models.h"

namespace polygraph::openvino::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

bool processor_has(const char* capability) {
  const auto found = Runtime().native().get_property("CPU", ov::device::capabilities);
  return std::find(found.begin(), found.end(), capability) != found.end();
}

std::vector<float> run(const Engine& engine, const Tensor& input) {
  Runner runner(engine);
  const auto active = runner.activate();
  const Tensor output = runner.infer({{"x", input}}).at(0).second.clone();
  const auto values = output.values<float>();
  return {values.begin(), values.end()};
}

const Tensor ones = Tensor::full(Shape{1, 1, 2, 2}, 1.0f);

// The header of saved engine bytes, rewritten with other texts, as another machine or version would have
// written it.
Bytes with_info(const Bytes& bytes, const std::function<void(EngineInfo&)>& change) {
  EngineFile file = EngineFile::read(bytes, "test");
  change(file.info);
  const auto blob = file.blob.span();
  return write_engine_bytes(file.info, [&](std::ostream& stream) {
    stream.write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
  });
}

TEST(Engine, IsBuiltSavedLoadedAndRun) {
  const TemporaryFolder folder;
  const Engine built =
      engine_from_network(network_from_onnx_path(identity_onnx()), create_config({.fp16 = true}));
  save_engine(built, folder / "deep/er/identity.engine");
  const Engine from_path = engine_from_path(folder / "deep/er/identity.engine");
  const Engine from_bytes = engine_from_bytes(bytes_from_engine(built));
  const Engine in_one_go = engine_from_bytes(EngineBytesFromNetwork(NetworkFromOnnxPath(identity_onnx())));
  for (const Engine& engine : {built, from_path, from_bytes, in_one_go})
    EXPECT_THAT(run(engine, ones), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(from_path.info(), built.info());
  EXPECT_EQ(from_bytes.info(), built.info());
}

TEST(Engine, SaysWhereItComesFrom) {
  const EngineInfo info = engine_from_network(network_from_onnx_path(identity_onnx())).info();
  EXPECT_EQ(info.name, "test_identity");
  EXPECT_EQ(info.backend, "OpenVINO");
  EXPECT_THAT(info.backend_version, HasSubstr("2026.4.1"));
  EXPECT_EQ(info.device, "CPU");
  EXPECT_EQ(info.instruction_set, cpu_instruction_set());
  EXPECT_EQ(info.model_name, "identity.onnx");
  EXPECT_EQ(info.inputs.str(), "{x [dtype=float32, shape=(1, 1, 2, 2)]}");
  EXPECT_EQ(info.outputs.str(), "{y [dtype=float32, shape=(1, 1, 2, 2)]}");
  ASSERT_EQ(info.layers.size(), 3u);
  EXPECT_THAT(info.layers[1].onnx_nodes, ElementsAre("identity"))
      << "the ONNX node's name, not that of its output";
}

TEST(Engine, ListsFusedLayers) {
  const EngineInfo info = engine_from_network(dense_network(2, 8, 16)).info();
  const auto fused = std::find_if(info.layers.begin(), info.layers.end(), [](const EngineLayer& layer) {
    return std::count(layer.onnx_nodes.begin(), layer.onnx_nodes.end(), "relu_0") == 1;
  });
  ASSERT_NE(fused, info.layers.end());
  EXPECT_THAT(fused->onnx_nodes, testing::Contains("matmul_0")) << "the Relu runs inside the product";
  EXPECT_FALSE(fused->kernel.empty());
  EXPECT_EQ(fused->precision, "float32");
  EXPECT_EQ(fused->outputs.at(0).shape, (PartialShape{8, 16}));
}

TEST(Engine, OfALoadedEngineCanBeSavedAgain) {
  const TemporaryFolder folder;
  save_engine(EngineFromNetwork([] { return dense_network(2, 8, 16); }), folder / "a.engine");
  save_engine(EngineFromPath(folder / "a.engine"), folder / "a.engine");  // over the file that is mapped
  const Tensor input = Tensor::full(Shape{8, 16}, 0.5f);
  EXPECT_EQ(run(engine_from_path(folder / "a.engine"), input),
            run(engine_from_network(dense_network(2, 8, 16)), input));
}

TEST(Engine, OutlivesEverythingItWasMadeFrom) {
  const TemporaryFolder folder;
  auto network = std::make_unique<Network>(dense_network(2, 8, 16));
  auto engine = std::make_unique<Engine>(engine_from_network(*network));
  network.reset();
  save_engine(*engine, folder / "a.engine");
  auto bytes = std::make_unique<Bytes>(bytes_from_engine(*engine));
  auto runner = std::make_unique<Runner>(*engine);
  engine.reset();
  const Tensor input = Tensor::full(Shape{8, 16}, 0.5f);
  {
    const auto active = runner->activate();
    runner->infer({{"x", input}});
  }
  runner.reset();
  const Engine loaded = engine_from_bytes(*bytes);
  bytes.reset();
  const Engine mapped = engine_from_path(folder / "a.engine");
  std::filesystem::remove(folder / "a.engine");
  EXPECT_EQ(run(loaded, input), run(mapped, input));
}

TEST(Engine, LoaderAndValueAreAcceptedAlike) {
  const TemporaryFolder folder;
  const NetworkFromOnnxPath load(identity_onnx());
  const Network network = load();
  const Config config = create_config({.threads = 1});
  const CreateConfig create({.threads = 1});
  // Every place that takes a loader takes its value, and the other way round; a twin without its () is a
  // loader too.
  for (const Engine& engine :
       {engine_from_network(load, create), engine_from_network(network, config),
        engine_from_network(load, config), engine_from_network(network, create),
        engine_from_network(network, create_config), EngineFromNetwork(load, create)(),
        engine_from_network(extend(load, [](Network&) {}), PostprocessConfig(create, [](Config&) {}))}) {
    EXPECT_THAT(run(engine, ones), ElementsAre(1, 1, 1, 1));
  }
  Engine engine = engine_from_network(network);
  Runner from_value(engine);
  Runner from_loader(SaveEngine(EngineFromNetwork(load), folder / "a.engine"));
  Runner from_lambda([&] { return engine; });
  for (Runner* runner : {&from_value, &from_loader, &from_lambda}) {
    const auto active = runner->activate();
    EXPECT_EQ(runner->infer({{"x", ones}}).size(), 1u);
  }
}

// Precision

TEST(Precision, IsFp32UnlessAllowed) {
  const EngineInfo info = engine_from_network(dense_network(2, 64, 64)).info();
  EXPECT_EQ(info.precision_run, "float32");
  EXPECT_EQ(info.precision_asked, "float32");
  EXPECT_EQ(info.precision_hint, "f32");
}

TEST(Precision, Fp16NeverRunsBf16) {
  const EngineInfo info = engine_from_network(dense_network(2, 64, 64), create_config({.fp16 = true})).info();
  EXPECT_THAT(info.precision_run, Not(HasSubstr("bfloat16")));
  EXPECT_THAT(info.precision_hint, Not("bf16"));
  if (!processor_has("FP16")) {
    EXPECT_EQ(info.precision_run, "float32");
  }
}

TEST(Precision, Bf16RunsWhereTheProcessorHasIt) {
  const EngineInfo info = engine_from_network(dense_network(2, 64, 64), create_config({.bf16 = true})).info();
  EXPECT_THAT(info.precision_run, testing::StartsWith(processor_has("BF16") ? "bfloat16" : "float32"));
  EXPECT_EQ(info.precision_asked, "float32, bfloat16");
}

TEST(Precision, ComesBackWithASavedEngine) {
  for (const bool bf16 : {false, true}) {
    const Engine built = engine_from_network(dense_network(2, 64, 64), create_config({.bf16 = bf16}));
    const Engine loaded = engine_from_bytes(bytes_from_engine(built));
    EXPECT_EQ(loaded.native().get_property(ov::hint::inference_precision),
              built.native().get_property(ov::hint::inference_precision));
    const auto layers = loaded.native().get_runtime_model()->get_ordered_ops();
    const bool any_bf16 = std::any_of(layers.begin(), layers.end(), [](const auto& layer) {
      const auto found = layer->get_rt_info().find("runtimePrecision");
      return found != layer->get_rt_info().end() && found->second.template as<std::string>() == "bf16" &&
             layer->get_rt_info().at("layerType").template as<std::string>() == "FullyConnected";
    });
    EXPECT_EQ(any_bf16, bf16 && processor_has("BF16"));
  }
}

// Configuration

TEST(CreateConfig, RefusesContradictionsAndBadNumbers) {
  EXPECT_THAT(message<UsageError>([] { create_config({.fp16 = true, .fp32 = true}); }),
              HasSubstr("fp32 excludes"));
  EXPECT_THAT(message<UsageError>([] { create_config({.threads = 0}); }), HasSubstr("threads is 0"));
  EXPECT_THAT(message<UsageError>([] { create_config({.streams = -1}); }), HasSubstr("streams is -1"));
  const std::string text = message<UsageError>([] {
    engine_from_network(identity_network(), create_config({.properties = {{"PERF_COUNTS", "YES"}}}));
  });
  EXPECT_THAT(text, HasSubstr("no property 'PERF_COUNTS'"));
  EXPECT_THAT(text, HasSubstr("PERF_COUNT'"));
}

TEST(CreateConfig, ReachesTheEngine) {
  const Engine engine = engine_from_network(
      identity_network(),
      create_config(
          {.performance_hint = PerformanceHint::throughput, .threads = 1, .streams = 1, .profiling = true}));
  EXPECT_EQ(engine.native().get_property(ov::inference_num_threads), 1);
  EXPECT_EQ(engine.native().get_property(ov::num_streams), 1);
  EXPECT_EQ(engine.native().get_property(ov::hint::performance_mode), ov::hint::PerformanceMode::THROUGHPUT);
  EXPECT_TRUE(engine.native().get_property(ov::enable_profiling));
  const Engine loaded = engine_from_bytes(bytes_from_engine(engine));
  EXPECT_TRUE(loaded.native().get_property(ov::enable_profiling));
}

TEST(CreateConfig, TakesPropertiesOfOpenVino) {
  const Engine by_text =
      engine_from_network(identity_network(), create_config({.properties = {{"ENABLE_CPU_PINNING", "NO"}}}));
  EXPECT_FALSE(by_text.native().get_property(ov::hint::enable_cpu_pinning));
  const Engine by_function = engine_from_network(
      identity_network(),
      PostprocessConfig(CreateConfig(), [](Config& config) { config.properties()["PERF_COUNT"] = true; }));
  EXPECT_TRUE(by_function.native().get_property(ov::enable_profiling));
}

TEST(CreateConfig, CachesInAFolder) {
  const TemporaryFolder folder;
  const auto build = [&] {
    return engine_from_network(dense_network(2, 8, 16), create_config({.cache_dir = folder.path().string()}));
  };
  build();
  const auto files = [&] {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      found.push_back(entry.path());
    return found;
  };
  ASSERT_EQ(files().size(), 1u) << "the compiled model is kept";
  const auto written = std::filesystem::last_write_time(files()[0]);
  const Tensor input = Tensor::full(Shape{8, 16}, 0.5f);
  EXPECT_EQ(run(build(), input), run(engine_from_network(dense_network(2, 8, 16)), input));
  ASSERT_EQ(files().size(), 1u);
  EXPECT_EQ(std::filesystem::last_write_time(files()[0]), written) << "and used again";
}

// Bad engines

class BadEngine : public testing::Test {
 protected:
  static const Bytes& good() {
    static const Bytes bytes = engine_bytes_from_network([] { return dense_network(1, 4, 8); });
    return bytes;
  }
  static std::string load(const Bytes& bytes) {
    return message<InputError>([&] { engine_from_bytes(bytes); });
  }
};

TEST_F(BadEngine, OfAnotherVersion) {
  const std::string text =
      load(with_info(good(), [](EngineInfo& info) { info.backend_version = "2025.1.0-1-abc"; }));
  EXPECT_THAT(text, HasSubstr("2025.1.0-1-abc"));
  EXPECT_THAT(text, HasSubstr("2026.4.1"));
  EXPECT_THAT(text, HasSubstr("Build the engine again"));
}

TEST_F(BadEngine, OfAnotherInstructionSet) {
  const std::string other = cpu_instruction_set() == "AVX2" ? "AVX512" : "AVX2";
  const std::string text = load(with_info(good(), [&](EngineInfo& info) { info.instruction_set = other; }));
  EXPECT_THAT(text, HasSubstr("for a processor with " + other));
  EXPECT_THAT(text, HasSubstr("this one has " + cpu_instruction_set()));
}

TEST_F(BadEngine, OfAnotherBackend) {
  EXPECT_THAT(load(with_info(good(), [](EngineInfo& info) { info.backend = "Other"; })),
              HasSubstr("built by Other"));
}

TEST_F(BadEngine, WithAFlippedByte) {
  for (const std::size_t from_end : {std::size_t{1}, good().size() / 2, good().size() - 60}) {
    std::vector<std::byte> damaged(good().span().begin(), good().span().end());
    damaged[damaged.size() - from_end] ^= std::byte{1};
    EXPECT_THAT(load(Bytes(std::move(damaged))), HasSubstr("damaged"));
  }
}

TEST_F(BadEngine, WhoseBlobOpenVinoRefuses) {
  const EngineFile file = EngineFile::read(good(), "good");
  const Bytes garbage =
      write_engine_bytes(file.info, [](std::ostream& stream) { stream << std::string(1000, 'x'); });
  EXPECT_THAT(load(garbage), HasSubstr("with OpenVINO"));
}

TEST_F(BadEngine, MissingTruncatedOrSomethingElse) {
  const TemporaryFolder folder;
  EXPECT_THAT(message<InputError>([&] { engine_from_path(folder / "none.engine"); }),
              HasSubstr("none.engine"));
  EXPECT_THAT(message<InputError>([&] { engine_from_path(folder.path()); }), HasSubstr("directory"));
  EXPECT_THAT(message<InputError>([&] { engine_from_path(identity_onnx()); }),
              HasSubstr("not a saved engine"));
  EXPECT_THAT(load(Bytes()), HasSubstr("empty"));
  const auto half = good().span().first(good().size() / 2);
  EXPECT_THAT(load(Bytes(half, good().keep_alive())), HasSubstr("bytes"));
}

TEST(SaveEngine, LeavesAnOlderFileWhenItCannotWrite) {
  const TemporaryFolder folder;
  const std::string text = message<InputError>(
      [&] { save_engine(EngineFromNetwork([] { return identity_network(); }), "/proc/nothing/a.engine"); });
  EXPECT_THAT(text, HasSubstr("/proc/nothing"));
}

}  // namespace
}  // namespace polygraph::openvino::test
