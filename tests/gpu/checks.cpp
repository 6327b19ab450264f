#include "gpu/checks.h"

#include <polygraph/core/npy.h>
#include <polygraph/core/tactic_replay.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <thread>

#include "trt/cuda.h"
#include "trt/versions/library.h"
#include "trt/versions/names.h"
#include "trt/versions/run.h"
#include "trt/versions/tactics.h"

namespace polygraph::trt::test {

namespace fs = std::filesystem;

ConfigOptions config_options() {
  ConfigOptions options;
  const char* const sources = std::getenv("TACTIC_SOURCES");  // NOLINT(concurrency-mt-unsafe)
  if (sources != nullptr) options.tactic_sources = {sources};
  return options;
}

Engine engine_of(const fs::path& models, const std::string& name, std::vector<Profile> profiles) {
  return EngineFromNetwork(NetworkFromOnnxPath(models / (name + ".onnx")),
                           CreateConfig(config_options(), std::move(profiles)))();
}

FeedDict feed_of(const polygraph::Runner& runner, bool pinned) {
  std::mt19937 random(1);
  FeedDict feed;
  for (const TensorInfo& input : runner.input_metadata()) {
    const Shape shape = input.shape.with_defaults();
    Tensor values(DataType::float32, shape);
    for (float& value : values.mutable_values<float>())
      value = is_floating(*input.dtype) ? static_cast<float>(random() % 1000) / 1000
                                        : static_cast<float>(random() % 256);
    const Tensor converted = values.cast(*input.dtype);
    Tensor tensor = pinned ? pinned_tensor(*input.dtype, shape) : Tensor(*input.dtype, shape);
    std::memcpy(tensor.mutable_data(), converted.data(), converted.nbytes());
    feed.set(input.name, std::move(tensor));
  }
  return feed;
}

namespace {

Tensor floats(std::initializer_list<float> values) {
  return Tensor::from(values, Shape{static_cast<std::int64_t>(values.size())});
}

void require_values(const Tensor& tensor, std::initializer_list<float> expected) {
  const auto values = tensor.values<float>();
  require(std::equal(values.begin(), values.end(), expected.begin(), expected.end()),
          "wrong values: " + tensor.str());
}

void check_seed(const fs::path& models, const fs::path& saved) {
  const fs::path file = saved / "identity_fp16.engine";
  ConfigOptions options = config_options();
  options.fp16 = true;
  SaveEngine(EngineFromNetwork(NetworkFromOnnxPath(models / "identity.onnx"), CreateConfig(options)), file)();
  Runner runner{EngineFromPath(file)};
  const auto active = runner.activate();
  const Tensor x = Tensor::from({1.0f, 2.0f, 3.0f, 4.0f}, Shape{1, 1, 2, 2});
  require_values(runner.infer({{"x", x}})["y"], {1, 2, 3, 4});
}

void check_graphs(const Engine& relu) {
  for (const bool use : {true, false}) {
    Runner runner(relu, {.cuda_graphs = use ? CudaGraphs::automatic : CudaGraphs::off});
    const auto active = runner.activate();
    for (int i = 0; i < 5; ++i) {
      const float f = static_cast<float>(i);
      require_values(runner.infer({{"x", floats({f, -f, f + 1, -1})}})["y"], {f, 0, f + 1, 0});
      require(runner.last_was_graph() == (use && i > 0), "graph or not: call " + std::to_string(i));
    }
  }
}

void check_sources(const Engine& big) {
  Runner runner(big);
  const auto active = runner.activate();
  const Shape shape{3, 512, 512};
  std::vector<Tensor> tensors{pinned_tensor(DataType::float32, shape), Tensor(DataType::float32, shape),
                              pinned_tensor(DataType::float32, shape)};
  for (int i = 0; i < 30; ++i) {
    Tensor& x = tensors[i < 9 ? 0 : i < 18 ? 1 : i % 3];
    const auto values = x.mutable_values<float>();
    for (std::size_t k = 0; k < values.size(); k += 977) values[k] = static_cast<float>(i + 1);
    values.back() = -1;
    const auto y = runner.infer({{"x", x}})["y"].values<float>();
    require(y[0] == static_cast<float>(i + 1) && y[977 * 800] == static_cast<float>(i + 1) && y.back() == 0,
            "wrong values in call " + std::to_string(i));
  }
}

void check_shapes(const fs::path& models) {
  const Engine engine =
      engine_of(models, "dynamic",
                {Profile().add("x", {1, 3}, {2, 3}, {4, 3}), Profile().add("x", {3, 3}, {8, 3}, {16, 3})});
  Runner runner{engine};
  const auto active = runner.activate();
  for (const std::int64_t n : {1, 2, 2, 2, 8, 8, 8, 16, 3, 4, 1}) {
    const TensorMap& out = runner.infer({{"x", Tensor::full(Shape{n, 3}, static_cast<float>(n))}});
    require(out["y"].shape() == Shape{n, 3} && out["y"].values<float>().back() == static_cast<float>(n),
            "wrong output");
    require(runner.active_profile() == (n > 4 ? 1 : n < 3 ? 0 : runner.active_profile()), "wrong profile");
  }
  require_throws<InputError>(
      [&] {
        runner.infer({{"x", Tensor(DataType::float32, Shape{17, 3})}});
      },
      "max (16, 3)");
  require(runner.infer({{"x", Tensor::full(Shape{5, 3}, 5.0f)}})["y"].shape() == Shape{5, 3},
          "after an error");
  Runner first(engine, {.optimization_profile = 0});
  const auto first_active = first.activate();
  require_throws<InputError>(
      [&] {
        first.infer({{"x", Tensor(DataType::float32, Shape{5, 3})}});
      },
      "max (4, 3)");
  require_throws<UsageError>(
      [&] {
        Runner none(engine, {.optimization_profile = 2});
        const auto none_active = none.activate();
      },
      "0 to 1");
}

void check_strategies(const fs::path& models) {
  const Engine engine = engine_of(models, "dynamic", {Profile().add("x", {1, 3}, {2, 3}, {4, 3})});
  for (const auto strategy : {AllocationStrategy::profile, AllocationStrategy::runtime}) {
    Runner runner(engine, {.allocation_strategy = strategy});
    const auto active = runner.activate();
    for (const std::int64_t n : {1, 1, 1, 4, 4, 4})
      require(runner.infer({{"x", Tensor::full(Shape{n, 3}, 7.0f)}})["y"].values<float>().back() == 7,
              "wrong values");
  }
}

void check_data_dependent(const fs::path& models) {
  if (flavour == Flavour::tensorrt_rtx) {  // it has no layer of which the output's size depends on the data
    require_throws<Error>([&] { engine_of(models, "nonzero"); }, "NonZero");
    return;
  }
  Runner runner{engine_of(models, "nonzero")};
  const auto active = runner.activate();
  for (int i = 0; i < 3; ++i) {
    require(runner.infer({{"x", floats({0, 1, 0, 2})}})["y"].shape() == Shape{1, 2}, "shape for two");
    const Tensor& y = runner.infer({{"x", floats({3, 1, 0, 2})}})["y"];
    require(y.shape() == Shape{1, 3} && y.element_as_double(2) == 3, "three: " + y.str());
    require(runner.infer({{"x", floats({0, 0, 0, 0})}})["y"].shape() == Shape{1, 0}, "shape for none");
  }
}

void check_shape_tensor(const fs::path& models) {
  Runner runner{engine_of(models, "expand", {Profile().add("shape", {1, 3}, {2, 3}, {8, 3})})};
  const auto active = runner.activate();
  const Tensor x = Tensor::from({1.0f, 2.0f, 3.0f}, Shape{1, 3});
  // Before TensorRT 10 there is no int64.
  const DataType dtype = *runner.input_metadata()["shape"].dtype;
  const auto shape = [&](std::int64_t n) { return Tensor::from<std::int64_t>({n, 3}, Shape{2}).cast(dtype); };
  for (const std::int64_t n : {1, 2, 2, 2, 8, 3}) {
    const Tensor& y = runner.infer({{"x", x}, {"shape", shape(n)}})["y"];
    require(y.shape() == Shape{n, 3} && y.values<float>().back() == 3, "wrong output: " + y.str());
  }
  const auto range =
      profile_values(runner.engine().native(), "shape", 0, nvinfer1::OptProfileSelector::kMAX, 2);
  if (library_major == 8 && range.empty()) {
    std::puts("     | 8.5.3 does not tell which values a profile allows: they are not checked");
    return;
  }
  require_throws<InputError>([&] { runner.infer({{"x", x}, {"shape", shape(9)}}); }, "max (8, 3)");
}

void check_device(const Engine& relu) {
  Runner runner{relu};
  const auto active = runner.activate();
  const DeviceTensor x = DeviceTensor::from_host(floats({1, -1, 2, -2}));
  for (int i = 0; i < 4; ++i) require_values(runner.infer_on_device({{"x", x}})["y"].to_host(), {1, 0, 2, 0});
  require(runner.last_was_graph(), "device inferences become a graph");
  DeviceTensor y(DataType::float32, Shape{4});
  runner.infer_on_device({{"x", x}}, {}, {{"y", y}});
  require_values(y.to_host(), {1, 0, 2, 0});
  require_values(runner.infer_on_device({}, {{"x", floats({5, -5, 6, -6})}})["y"].to_host(), {5, 0, 6, 0});
  require_values(runner.infer({{"x", floats({7, -7, 8, -8})}})["y"], {7, 0, 8, 0});
  require_values(runner.infer_on_device({{"x", x}})["y"].to_host(), {1, 0, 2, 0});
  // Results on the way through another handle.
  dlpack::ManagedTensor* const managed = x.to_dlpack();
  require_values(runner.infer_on_device({{"x", DeviceTensor::from_dlpack(managed)}})["y"].to_host(),
                 {1, 0, 2, 0});

  float memory[4] = {};
  require_throws<InputError>(
      [&] {
        runner.infer_on_device({{"x", DeviceTensor::view(memory, DataType::float32, Shape{4})}});
      },
      "not on a GPU");
  const DeviceTensor room(DataType::float32, Shape{1024});
  void* const odd = static_cast<std::byte*>(room.data()) + 16;
  require_throws<InputError>(
      [&] {
        runner.infer_on_device({{"x", DeviceTensor::view(odd, DataType::float32, Shape{4})}});
      },
      "256");
  require_throws<InputError>(
      [&] {
        runner.infer_on_device({{"x", x}}, {}, {{"y", DeviceTensor(DataType::float32, Shape{3})}});
      },
      "(4,)");
}

// A network that writes `update` into the rows of `cache` from `at` on, in place; nullopt before
// TensorRT 10.16.
std::optional<Network> cache_network() {
#if NV_TENSORRT_MAJOR > 10 || (NV_TENSORRT_MAJOR == 10 && NV_TENSORRT_MINOR >= 16)
  using nvinfer1::DataType;
  Network network = create_network({.strongly_typed = true});
  nvinfer1::ITensor* const cache = network->addInput("cache", DataType::kFLOAT, {4, {1, 1, 4, 2}});
  nvinfer1::ITensor* const update = network->addInput("update", DataType::kFLOAT, {4, {1, 1, 1, 2}});
  nvinfer1::ITensor* const at = network->addInput("at", DataType::kINT32, {1, {1}});
  auto* const layer = network->addKVCacheUpdate(*cache, *update, *at, nvinfer1::KVCacheMode::kLINEAR);
  require(layer != nullptr, "there is such a layer");
  layer->getOutput(0)->setName("present");
  network->markOutput(*layer->getOutput(0));
  return network;
#else
  return std::nullopt;
#endif
}

// Outputs that are written over inputs: on the GPU in place, for host inputs in a copy.
void check_aliased() {
  const std::optional<Network> network = cache_network();
  if (!network) return;
  Runner runner(EngineFromNetwork(*network, CreateConfig(config_options())));
  const auto active = runner.activate();
  const auto row = [](float a, float b) { return Tensor::from({a, b}, Shape{1, 1, 1, 2}); };
  const auto place = [](std::int32_t i) { return Tensor::from<std::int32_t>({i}, Shape{1}); };
  const Tensor empty = Tensor::full(Shape{1, 1, 4, 2}, 0.0f);
  for (int i = 0; i < 4; ++i) {
    const FeedDict feed{{"cache", empty}, {"update", row(1, 2)}, {"at", place(2)}};
    require_values(runner.infer(feed)["present"], {0, 0, 0, 0, 1, 2, 0, 0});
    require_values(empty, {0, 0, 0, 0, 0, 0, 0, 0});
  }
  const DeviceTensor cache = DeviceTensor::from_host(empty);
  for (std::int32_t i = 0; i < 4; ++i) {
    const float f = static_cast<float>(i + 1);
    const DeviceTensor update = DeviceTensor::from_host(row(f, -f));
    const DeviceTensor at = DeviceTensor::from_host(place(i));
    const DeviceTensorMap& outputs =
        runner.infer_on_device({{"cache", cache}, {"update", update}, {"at", at}});
    require(outputs["present"].data() == cache.data(), "in place");
  }
  require_values(cache.to_host(), {1, -1, 2, -2, 3, -3, 4, -4});
  const DeviceTensor other(DataType::float32, Shape{1, 1, 4, 2});
  require_throws<UsageError>(
      [&] {
        runner.infer_on_device({{"cache", cache}}, {{"update", row(0, 0)}, {"at", place(0)}},
                               {{"present", other}});
      },
      "over the input 'cache'");
}

void check_debug_tensors(const fs::path& models) {
  const auto engine = [&](bool unfused) {
    Source<Network> network =
        NetworkFromOnnxPath(models / "chain.onnx", {.mark_unfused_tensors_as_debug_tensors = unfused});
    if (!unfused) network = MarkDebug(std::move(network), {"a"});
    return EngineFromNetwork(std::move(network), CreateConfig(config_options()));
  };
  if (library_major < 10 && flavour == Flavour::tensorrt) {
    for (const bool unfused : {false, true})
      require_throws<BackendError>([&] { engine(unfused)(); }, unfused ? "cannot" : "debug");
    return;
  }
  Runner runner(engine(false), {.debug_tensors = true});
  const auto active = runner.activate();
  for (int i = 0; i < 3; ++i) {
    const float f = static_cast<float>(i + 1);
    const TensorMap& outputs = runner.infer({{"x", floats({f, -f, 2, -3})}});
    std::string names;
    for (const std::string& name : outputs.names()) names += " " + name;
    require(is_debug_tensor(runner.engine().native(), "a"), "it is marked");
    if (flavour == Flavour::tensorrt_rtx && !outputs.contains("a"))
      continue;  // 1.6 takes such marks and gives nothing
    require(outputs.contains("a"), "outputs:" + names);
    require_values(outputs["a"], {f, 0, 2, 0});
    require(!runner.last_was_graph(), "no graph");
  }
  Runner all(engine(true), {.debug_tensors = true});
  const auto all_active = all.activate();
  for (const auto& [name, tensor] : all.infer({{"x", floats({1, 2, 3, 4})}}))
    std::printf("     | %s: %s\n", name.c_str(), tensor.str().c_str());
}

void check_async(const Engine& relu) {
  Runner runner{relu};
  const auto active = runner.activate();
  for (int round = 0; round < 20; ++round) {
    std::vector<PendingInference> pending;
    for (int i = 0; i < 8; ++i) {
      const float f = static_cast<float>(round * 8 + i);
      pending.push_back(runner.infer_async({{"x", floats({f, -f, 1, -1})}}));
    }
    for (int i = 7; i >= 0; --i) {
      const float f = static_cast<float>(round * 8 + i);
      require_values(pending[static_cast<std::size_t>(i)].get()["y"], {f, 0, 1, 0});
      require(pending[static_cast<std::size_t>(i)].is_ready(), "ready once it was waited for");
    }
  }
}

void check_threads(const Engine& relu) {
  std::vector<std::string> failures(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < failures.size(); ++t)
      threads.emplace_back([&, t] {
        try {
          Runner runner{relu};
          const auto active = runner.activate();
          for (int i = 0; i < 2000; ++i) {
            const float f = static_cast<float>(i + 1);
            require_values(runner.infer({{"x", floats({f, -f, 1, -1})}})["y"], {f, 0, 1, 0});
          }
        } catch (const std::exception& error) {
          failures[t] = error.what();
        }
      });
  }
  for (const std::string& failure : failures) require(failure.empty(), failure);
}

void check_options(const Engine& relu) {
  for (const Wait wait : {Wait::automatic, Wait::spin, Wait::block})
    for (const bool own_stream : {true, false})
      for (const bool timed : {true, false}) {
        RunnerOptions options{.wait = wait, .time_on_gpu = timed};
        if (!own_stream) options.stream = Stream::create();
        Runner runner(relu, options);
        const auto active = runner.activate();
        for (int i = 0; i < 4; ++i)
          require_values(runner.infer({{"x", floats({1, -1, 2, -2})}})["y"], {1, 0, 2, 0});
        if (timed) require(runner.last_gpu_time() > 1e-7 && runner.last_gpu_time() < 1, "no time");
        require(own_stream || runner.stream() == *options.stream, "the caller's stream");
      }
  Runner profiled(relu, {.time_layers = true});
  const auto active = profiled.activate();
  for (int i = 0; i < 3; ++i) profiled.infer({{"x", floats({1, -1, 2, -2})}});
  require(!profiled.last_layer_times().empty(), "no layers");
  for (const LayerTime& layer : profiled.last_layer_times())
    std::printf("     | %s: %.1f us\n", layer.name.c_str(), layer.seconds * 1e6);
  const LayerTimes sums = profiled.layer_times();
  require(sums.inferences == 3 && sums.layers.size() == profiled.last_layer_times().size(), "other layers");
  require(sums.layer_seconds() > 0 && sums.layer_seconds() < sums.seconds, "layers took more than all");
}

void check_calibration(const fs::path& models, const fs::path& saved) {
  const fs::path model = models / "convolution.onnx";
  const fs::path cache = saved / "calibration.cache";
  fs::remove(cache);
  int asked = 0;
  std::mt19937 random(1);
  const CalibrationData data = [&](std::int64_t iteration,
                                   const TensorMetadata& inputs) -> std::optional<FeedDict> {
    ++asked;
    if (iteration == 4) return std::nullopt;
    Tensor x(DataType::float32, inputs["x"].shape.with_defaults());
    for (float& value : x.mutable_values<float>()) value = static_cast<float>(random() % 1000) / 1000;
    return FeedDict{{"x", x}};
  };
  const auto build = [&](CalibrationBaseClass base_class) {
    ConfigOptions options = config_options();
    options.int8 = true;
    const Calibrator calibrator(data, {.cache = cache, .base_class = base_class});
    return EngineFromNetwork(NetworkFromOnnxPath(model), CreateConfig(options, {}, calibrator))();
  };
  const auto entropy = CalibrationBaseClass::IInt8EntropyCalibrator2;
  if (strongly_typed_only) {
    require_throws<BackendError>([&] { build(entropy); }, "TensorRT 8.5 to 10");
    return;
  }
  Runner exact{engine_of(models, "convolution")};
  const auto exact_active = exact.activate();
  const FeedDict feed = feed_of(exact, false);
  const auto expected = exact.infer(feed)["y"].values<float>();
  const auto check = [&](const Engine& engine) {
    Runner runner{engine};
    const auto active = runner.activate();
    const auto values = runner.infer(feed)["y"].values<float>();
    float largest = 0;
    float error = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      error = std::max(error, std::abs(values[i] - expected[i]));
    }
    std::printf("     | INT8 differs by at most %g of values up to %g\n", error, largest);
    // INT8 is a permission: TensorRT may choose FP32 for all of it.
    require(error < 0.05f * largest, "not what INT8 computes");
  };
  check(build(entropy));
  require(asked == 5, "asked for " + std::to_string(asked) + " iterations, not 4 and the end");
  require(fs::exists(cache) && fs::file_size(cache) > 0, "no cache was written");
  check(build(entropy));
  require(asked == 5, "the data is used in spite of the cache");
  // The cache of another algorithm is not taken, and replaced.
  check(build(CalibrationBaseClass::IInt8MinMaxCalibrator));
  require(asked == 10, "not calibrated anew");

  // Data that is on the GPU already.
  const DeviceCalibrationData device_data = [&](std::int64_t iteration, const TensorMetadata& inputs) {
    const std::optional<FeedDict> host = data(iteration, inputs);
    std::optional<DeviceTensorMap> device;
    if (host) device = DeviceTensorMap{{"x", DeviceTensor::from_host((*host)["x"])}};
    return device;
  };
  ConfigOptions options = config_options();
  options.int8 = true;
  check(EngineFromNetwork(NetworkFromOnnxPath(model),
                          CreateConfig(options, {}, Calibrator::on_device(device_data)))());
  require(asked == 15, "the data on the GPU is not asked for");
}

// The engine of the model with input and output in a format; nullopt if TensorRT has it not for that.
std::optional<Engine> engine_in(const fs::path& models, const std::string& name, const std::string& format) {
  const auto native = named_value(tensor_formats(), format);
  if (!native) return std::nullopt;
  ConfigOptions options = config_options();
  Source<Network> network = NetworkFromOnnxPath(models / (name + ".onnx"));
  if (name == "formats16" && !strongly_typed_only) options.fp16 = true;
  network = SetTensorFormats(std::move(network), {{"x", {*native}}, {"y", {*native}}});
  try {
    return EngineFromNetwork(std::move(network), CreateConfig(options))();
  } catch (const BackendError& error) {
    std::printf("     | %s in %s: no engine (%s)\n", name.c_str(), format.c_str(), error.problem().c_str());
    return std::nullopt;
  }
}

std::vector<float> floats_of(const Tensor& tensor) {
  const Tensor wide = tensor.cast(DataType::float32);
  const auto values = wide.values<float>();
  return {values.begin(), values.end()};
}

void check_formats(const fs::path& models) {
  int ran = 0;
  for (const std::string name : {"formats32", "formats16"}) {
    Runner linear{engine_in(models, name, "linear").value()};
    const auto linear_active = linear.activate();
    const FeedDict feed = feed_of(linear, false);
    const std::vector<float> expected = floats_of(linear.infer(feed)["y"]);
    for (const std::string format : {"chw2", "chw4", "chw16", "chw32", "hwc", "hwc8", "hwc16"}) {
      const std::optional<Engine> engine = engine_in(models, name, format);
      if (!engine) continue;
      Runner runner{*engine};
      const auto active = runner.activate();
      const bool is_linear = tensor_format(engine->native(), "y") == nvinfer1::TensorFormat::kLINEAR;
      for (int i = 0; i < 3; ++i) {
        const std::vector<float> values = floats_of(runner.infer(feed)["y"]);
        for (std::size_t k = 0; k < expected.size(); ++k)
          require(std::abs(values[k] - expected[k]) < 0.02f,
                  name + " in " + format + ": " + std::to_string(values[k]) + " and not " +
                      std::to_string(expected[k]) + " at " + std::to_string(k));
      }
      const char* const text = engine->native().getTensorFormatDesc("y");
      std::printf("     | %s in %s: %s\n", name.c_str(), format.c_str(), text);
      ran += is_linear ? 0 : 1;
    }
  }
  require(ran > 0, "no format but the row-major one");
}

// TensorRT-RTX leaves the choice to when an engine is run: its timing cache has no entries.
void check_no_tactics(const Source<Network>& network) {
  require_throws<BackendError>(
      [&] { engine_bytes_from_network(network, CreateConfig({.save_tactics = "replay.json"})); },
      "has no options save_tactics");
  std::shared_ptr<nvinfer1::ITimingCache> cache;
  const auto edit = [&](nvinfer1::IBuilderConfig& config, const Network&) {
    make_timing_cache_editable(config, false);
    cache.reset(config.createTimingCache(nullptr, 0));
    require(config.setTimingCache(*cache, false), "no timing cache");
  };
  engine_bytes_from_network(network, PostprocessConfig(CreateConfig(), edit));
  require(tactics_of(*cache).empty(), "there are tactics to be told");
}

void check_tactics(const fs::path& models, const fs::path& saved) {
  const NetworkFromOnnxPath network(models / "convolution.onnx");
  if (flavour == Flavour::tensorrt_rtx) return check_no_tactics(network);
  const fs::path replay = saved / "replay.json";
  const auto build = [&](std::string save, std::string load) {
    ConfigOptions options = config_options();
    options.save_tactics = std::move(save);
    options.load_tactics = std::move(load);
    return EngineFromNetwork(network, CreateConfig(options))();
  };
  build(replay, "");
  const TacticReplayData recorded = TacticReplayData::load(replay);
  require(!recorded.entries().empty(), "nothing was recorded");
  std::printf("     | %zu tactics were recorded: %s\n", recorded.entries().size(),
              recorded.entries().front().second.str().c_str());
  Runner runner{build("", replay)};
  const auto active = runner.activate();
  runner.infer(feed_of(runner, false));

  TacticReplayData wrong = recorded;
  wrong.add(recorded.entries().front().first, {.implementation = 1, .tactic = 12345});
  wrong.save(saved / "wrong.json");
  require_throws<BackendError>([&] { build("", saved / "wrong.json"); },
                               has_algorithm_selector ? "is none of the" : "were not replayed");
}

std::size_t free_memory() {
  std::size_t free = 0;
  std::size_t total = 0;
  cuda::check(cuda::functions().device_synchronize(), "cudaDeviceSynchronize", "Waiting");
  cuda::check(cuda::functions().mem_get_info(&free, &total), "cudaMemGetInfo", "Asking for free memory");
  return free;
}

void check_leaks(const Engine& big) {
  auto use = [&] {
    Runner runner{big};
    const auto active = runner.activate();
    const Tensor x(DataType::float32, Shape{3, 512, 512});
    for (int i = 0; i < 3; ++i) runner.infer({{"x", x}});
    auto pending = runner.infer_async({{"x", x}});
    pending.get();
  };
  for (int i = 0; i < 5; ++i) use();
  const std::size_t before = free_memory();
  for (int i = 0; i < 40; ++i) use();
  const std::size_t after = free_memory();
  require(after + (4U << 20) >= before,
          "lost " + std::to_string((before - after) >> 10) + " KiB in 40 activations");
}

void check_out_of_memory() {
  require_throws<BackendError>([] { DeviceTensor(DataType::float32, Shape{1LL << 42}); },
                               "cudaErrorMemoryAllocation");
  require(DeviceTensor::from_host(floats({1, 2})).to_host().values<float>()[1] == 2, "works on after it");
}

void save_results(const fs::path& models, const fs::path& saved, const std::string& name) {
  Runner runner{engine_of(models, name)};
  const auto active = runner.activate();
  const FeedDict feed = feed_of(runner, false);
  for (const char* folder : {".inputs", ".outputs"}) fs::create_directories(saved / (name + folder));
  for (int i = 0; i < 3; ++i) runner.infer(feed);
  for (const auto& [input, tensor] : feed) save_npy(saved / (name + ".inputs") / (input + ".npy"), tensor);
  for (const auto& [output, tensor] : runner.infer(feed))
    save_npy(saved / (name + ".outputs") / (output + ".npy"), tensor);
}

}  // namespace

std::vector<std::string> names_of_models() {
  std::vector<std::string> names{"relu", "big", "magika", "resnet50"};
  if (!config_options().tactic_sources.empty())
    std::erase(names, "magika");  // its products need cuBLAS in TensorRT 8
  return names;
}

void run_checks(Checks& checks, const fs::path& models, const fs::path& saved) {
  checks.check("seed job: an FP16 engine is built, saved, loaded and run",
               [&] { check_seed(models, saved); });
  const Engine relu = engine_of(models, "relu");
  const Engine big = engine_of(models, "big");
  checks.check("CUDA graphs come by themselves and can be switched off", [&] { check_graphs(relu); });
  checks.check("large inputs, pinned and not", [&] { check_sources(big); });
  checks.check("dynamic shapes and profiles", [&] { check_shapes(models); });
  checks.check("allocation strategies", [&] { check_strategies(models); });
  checks.check("data-dependent output shapes", [&] { check_data_dependent(models); });
  checks.check("shape tensors", [&] { check_shape_tensor(models); });
  checks.check("device tensors and DLPack", [&] { check_device(relu); });
  checks.check("outputs written over inputs", [&] { check_aliased(); });
  checks.check("debug tensors", [&] { check_debug_tensors(models); });
  checks.check("INT8 calibration and its cache", [&] { check_calibration(models, saved); });
  checks.check("formats that are not row-major", [&] { check_formats(models); });
  checks.check("tactics are recorded and replayed", [&] { check_tactics(models, saved); });
  checks.check("several inferences in flight", [&] { check_async(relu); });
  checks.check("several threads on one engine", [&] { check_threads(relu); });
  checks.check("waiting, streams, times", [&] { check_options(relu); });
  checks.check("no device memory is lost", [&] { check_leaks(big); });
  checks.check("out of device memory", [&] { check_out_of_memory(); });
  for (const std::string& name : names_of_models())
    checks.check("saved outputs of " + name, [&] { save_results(models, saved, name); });
}

}  // namespace polygraph::trt::test
