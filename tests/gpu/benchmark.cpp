#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include "gpu/checks.h"
#include "trt/cuda.h"
#include "trt/library.h"
#include "trt/versions/network.h"
#include "trt/versions/types.h"

namespace polygraph::trt::test {

namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
}

// The limit: one context, pinned buffers, nothing else.
class BareLoop {
 public:
  BareLoop(const Engine& engine, const FeedDict& feed) : context_(engine.native().createExecutionContext()) {
    const nvinfer1::ICudaEngine& native = engine.native();
    for (const bool inputs : {true, false})
      for (int i = 0; i < native.getNbIOTensors(); ++i) {
        const char* const name = native.getIOTensorName(i);
        const bool is_input = native.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
        if (is_input != inputs) continue;
        Buffer buffer(name, is_input);
        nvinfer1::Dims dims{};
        if (is_input) {
          const Tensor& tensor = feed[name];
          dims.nbDims = static_cast<int>(tensor.shape().rank());
          for (int k = 0; k < dims.nbDims; ++k) dims.d[k] = tensor.shape()[static_cast<std::size_t>(k)];
          context_->setInputShape(name, dims);
          buffer.size = tensor.nbytes();
        } else {
          dims = context_->getTensorShape(name);
          std::int64_t elements = 1;
          for (int k = 0; k < dims.nbDims; ++k) elements *= dims.d[k];
          buffer.size = packed_size(to_data_type(native.getTensorDataType(name)).value(), elements);
        }
        buffer.device.reserve(buffer.size, "bare loop");
        buffer.host.reserve(buffer.size, "bare loop");
        if (is_input) std::memcpy(buffer.host.data(), feed[name].data(), buffer.size);
        context_->setTensorAddress(name, buffer.device.data());
        buffers_.push_back(std::move(buffer));
      }
  }
  ~BareLoop() {
    cuda_.stream_synchronize(stream_);
    if (graph_ != nullptr) cuda_.graph_exec_destroy(graph_);
  }

  void submit() {
    for (Buffer& buffer : buffers_)
      if (buffer.input)
        cuda_.memcpy_async(buffer.device.data(), buffer.host.data(), buffer.size, cudaMemcpyHostToDevice,
                           stream_);
    context_->enqueueV3(stream_);
    for (Buffer& buffer : buffers_)
      if (!buffer.input)
        cuda_.memcpy_async(buffer.host.data(), buffer.device.data(), buffer.size, cudaMemcpyDeviceToHost,
                           stream_);
  }
  void once() {
    submit();
    cuda_.stream_synchronize(stream_);
  }
  void enqueue_only() {
    context_->enqueueV3(stream_);
    cuda_.stream_synchronize(stream_);
  }
  bool capture() {
    once();
    cudaGraph_t graph = nullptr;
    cuda_.stream_begin_capture(stream_, cudaStreamCaptureModeThreadLocal);
    submit();
    return cuda_.stream_end_capture(stream_, &graph) == cudaSuccess &&
           cuda_.graph_instantiate(&graph_, graph, 0) == cudaSuccess;
  }
  // Brings the inputs to the pinned memory first, as whoever has them elsewhere must.
  void copy_in(const FeedDict& feed) {
    for (Buffer& buffer : buffers_)
      if (buffer.input) std::memcpy(buffer.host.data(), feed[buffer.name].data(), buffer.size);
  }
  void launch_graph() {
    cuda_.graph_launch(graph_, stream_);
    cuda_.stream_synchronize(stream_);
  }

 private:
  struct Buffer {
    std::string name;
    bool input;
    std::size_t size = 1;
    cuda::Buffer device{cuda::Buffer::Kind::device};
    cuda::Buffer host{cuda::Buffer::Kind::pinned};
    Buffer(std::string of, bool is_input) : name(std::move(of)), input(is_input) {}
  };
  const cuda::Functions& cuda_ = cuda::functions();
  Stream owner_ = Stream::create();
  cudaStream_t stream_ = owner_.native();
  std::vector<Buffer> buffers_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  cudaGraphExec_t graph_ = nullptr;
};

struct Candidate {
  std::string name;
  std::function<void()> run;
  std::vector<double> samples{};
};

double median(std::vector<double> samples) {
  std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2));
  return samples[samples.size() / 2];
}

// In turns, so that all meet the same clock of the GPU.
void measure(std::vector<Candidate>& candidates, int iterations) {
  constexpr int rounds = 10;
  for (int round = 0; round < rounds; ++round)
    for (Candidate& candidate : candidates) {
      for (int i = 0; i < 20; ++i) candidate.run();
      for (int i = 0; i < iterations / rounds; ++i) {
        const auto start = Clock::now();
        candidate.run();
        candidate.samples.push_back(microseconds(start));
      }
    }
}

double per_inference(int iterations, const std::function<void(int)>& loop) {
  loop(iterations / 10 + 10);
  const auto start = Clock::now();
  loop(iterations);
  return microseconds(start) / iterations;
}

void in_flight(Runner& runner, const FeedDict& feed, std::size_t depth, int count) {
  std::vector<PendingInference> pending;
  pending.reserve(depth);
  std::size_t next = 0;
  for (int i = 0; i < count; ++i) {
    if (pending.size() < depth) {
      pending.push_back(runner.infer_async(feed));
      continue;
    }
    pending[next].get();
    std::destroy_at(&pending[next]);
    std::construct_at(&pending[next], runner.infer_async(feed));
    next = (next + 1) % depth;
  }
}

void benchmark(const std::filesystem::path& models, const std::string& name, int iterations) {
  const Engine engine = engine_of(models, name);
  Runner plain(engine, {.cuda_graphs = CudaGraphs::off});
  Runner graph{engine};
  const auto plain_active = plain.activate();
  const auto graph_active = graph.activate();
  const FeedDict pinned = feed_of(plain, true);
  const FeedDict ordinary = feed_of(plain, false);
  DeviceTensorMap on_device;
  for (const auto& [input, tensor] : ordinary) on_device.set(input, DeviceTensor::from_host(tensor));
  BareLoop bare(engine, ordinary);
  const bool has_graph = bare.capture();

  std::vector<Candidate> candidates{
      {"bare enqueue + synchronise", [&] { bare.enqueue_only(); }},
      {"bare loop, host to host", [&] { bare.once(); }},
      {"Runner, no graph, pinned input", [&] { plain.infer(pinned); }},
      {"Runner, no graph, ordinary input", [&] { plain.infer(ordinary); }},
      {"bare loop as a CUDA graph", [&] { has_graph ? bare.launch_graph() : bare.once(); }},
      {"Runner, graph, pinned input", [&] { graph.infer(pinned); }},
  };
  measure(candidates, iterations);
  std::vector<Candidate> more{
      {"bare graph, ordinary input",
       [&] {
         bare.copy_in(ordinary);
         has_graph ? bare.launch_graph() : bare.once();
       }},
      {"Runner, graph, ordinary input", [&] { graph.infer(ordinary); }},
  };
  measure(more, iterations);
  std::vector<Candidate> device{{"Runner, device to device", [&] { graph.infer_on_device(on_device); }}};
  measure(device, iterations);
  for (auto* list : {&more, &device})
    for (Candidate& candidate : *list) candidates.push_back(std::move(candidate));
  const double loop = median(candidates[1].samples);
  const double as_graph = median(candidates[4].samples);
  fmt::print("\n{} (graph of the bare loop: {})\n", name, has_graph ? "yes" : "no");
  for (const Candidate& candidate : candidates) {
    const double us = median(candidate.samples);
    fmt::print("  {:<34} {:9.2f} us   {:5.3f} x loop   {:5.3f} x graph\n", candidate.name, us, us / loop,
               us / as_graph);
  }
  graph.infer(pinned);
  graph.infer(pinned);
  graph.infer(pinned);
  fmt::print("  the runner replays a graph: {}\n", graph.last_was_graph() ? "yes" : "no");

  const double one = per_inference(iterations, [&](int n) {
    for (int i = 0; i < n; ++i) bare.once();
  });
  fmt::print("  throughput, bare loop              {:9.2f} us an inference\n", one);
  for (const FeedDict* feed : {&pinned, &ordinary})
    for (const std::size_t depth : {1U, 2U, 3U, 4U}) {
      const double us = per_inference(iterations, [&](int n) { in_flight(graph, *feed, depth, n); });
      fmt::print("  throughput, {} in flight, {:<8}    {:9.2f} us an inference, {:.2f} x the bare loop's\n",
                 depth, feed == &pinned ? "pinned" : "ordinary", us, one / us);
    }
}

// What building costs beyond TensorRT's own calls, from the model to the plan.
void benchmark_building(const std::filesystem::path& models, const std::string& name) {
  const std::filesystem::path path = models / (name + ".onnx");
  const Library library;
  const auto bare = [&] {
    const auto builder = library.state().make_builder();
    const std::unique_ptr<nvinfer1::INetworkDefinition> network(create_native_network(*builder, false));
    const auto parser = library.state().make_parser(*network);
    require(parser->parseFromFile(path.c_str(), static_cast<int>(nvinfer1::ILogger::Severity::kWARNING)),
            "the bare parser reads it");
    const std::unique_ptr<nvinfer1::IBuilderConfig> config(builder->createBuilderConfig());
    config->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
    if (!config_options().tactic_sources.empty()) config->setTacticSources(0);
    auto* const profile = builder->createOptimizationProfile();
    for (int i = 0; i < network->getNbInputs(); ++i) {
      nvinfer1::Dims dims = network->getInput(i)->getDimensions();
      bool is_open = false;
      for (int k = 0; k < dims.nbDims; ++k)
        if (dims.d[k] < 0) {
          dims.d[k] = 1;
          is_open = true;
        }
      if (is_open)
        for (const auto selector : {nvinfer1::OptProfileSelector::kMIN, nvinfer1::OptProfileSelector::kOPT,
                                    nvinfer1::OptProfileSelector::kMAX})
          profile->setDimensions(network->getInput(i)->getName(), selector, dims);
    }
    config->addOptimizationProfile(profile);
    const std::unique_ptr<nvinfer1::IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
    require(plan != nullptr, "the bare builder builds it");
  };
  const auto ours = [&] {
    engine_bytes_from_network(NetworkFromOnnxPath(path), CreateConfig(config_options()));
  };
  std::vector<double> bare_times;
  std::vector<double> our_times;
  for (int round = 0; round < 7; ++round)
    for (const bool is_bare : {true, false}) {
      const auto start = Clock::now();
      is_bare ? bare() : ours();
      if (round > 0) (is_bare ? bare_times : our_times).push_back(microseconds(start) * 1e-3);
    }
  fmt::print("  building {}: bare calls {:.1f} ms, Polygraph {:.1f} ms, {:.3f} x\n", name, median(bare_times),
             median(our_times), median(our_times) / median(bare_times));
}

// Bytes of anonymous memory, now or at most so far.
std::size_t status_bytes(const char* key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return std::stoull(line.substr(line.find(':') + 1)) * 1024;
  return 0;
}

// Peak memory while a plan is loaded from a file, beyond what stays.
void benchmark_loading(const std::filesystem::path& models, const std::filesystem::path& saved) {
  const std::filesystem::path file = saved / "large.engine";
  save_bytes(
      engine_bytes_from_network(NetworkFromOnnxPath(models / "large.onnx"), CreateConfig(config_options())),
      file);
  const auto size = std::filesystem::file_size(file);
  { const Engine warm = engine_from_path(file); }
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const std::size_t before = status_bytes("VmRSS");
  const auto start = Clock::now();
  const Engine engine = engine_from_path(file);
  const double ms = microseconds(start) * 1e-3;
  fmt::print(
      "  loading a plan of {:.1f} MB: {:.1f} ms; peak of memory {:.1f} MB above before, the mapped file "
      "included\n",
      static_cast<double>(size) * 1e-6, ms,
      (static_cast<double>(status_bytes("VmHWM")) - static_cast<double>(before)) * 1e-6);
}

}  // namespace

void run_benchmark(const std::filesystem::path& models, const std::filesystem::path& saved, int iterations) {
  for (const std::string& name : names_of_models()) {
    if (name == "relu") benchmark(models, name, 10 * iterations);
    if (name == "magika") benchmark(models, name, 2 * iterations);
    if (name == "resnet50") benchmark(models, name, iterations / 2);
  }
  fmt::print("\n");
  for (const std::string& name : names_of_models())
    if (name != "big") benchmark_building(models, name);
  if (config_options().tactic_sources.empty()) benchmark_loading(models, saved);
}

}  // namespace polygraph::trt::test
