// Stands in for TensorRT-RTX: loads engines that are written as text and computes what they say.
//
//   input x float32 -1,3         (float32:chw4: in vectors of four along axis 1)
//   host_input s int64 2
//   output y float32 -1,3 relu x
//   profile x 1,3 2,3 4,3 s 1,3 2,3 8,3
//   name net
//   refittable
//   verbosity layer_names_only
//   alias y x
//   inspector {"Layers": [...]}
//
// These may follow the first 32 bytes of a plan's header. Without an inspector's line there is no inspector.
//
// What a function takes is a debug tensor, `before_y`. The functions: copy, raw (as copy, whatever the
// shapes), relu, nonzero (its size is known only once it ran), expand (x to the shape s), increment (over x
// itself), fail (says so when it is run), uncapturable (as copy, and refuses to be recorded), unstartable
// (there is no context for it).
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "trt_runner/stand_in/control.h"
#include "trt_runner/stand_in/defaults.h"

namespace polygraph::trt::test {
namespace {

using Dimensions = std::vector<std::int64_t>;

struct Cuda {
  void* handle = dlopen(std::getenv("POLYGRAPH_CUDART"), RTLD_NOW);  // NOLINT(concurrency-mt-unsafe): a test
  decltype(&stand_in_enqueue) enqueue =
      reinterpret_cast<decltype(enqueue)>(dlsym(handle, "stand_in_enqueue"));
  cudaError_t (*wait)(cudaStream_t) = reinterpret_cast<decltype(wait)>(dlsym(handle,
                                                                             "cudaStreamSynchronize"));
};
const Cuda& cuda() {
  static const Cuda loaded;
  return loaded;
}

struct Tensor {
  std::string name;
  DataType type;
  Dimensions dims;
  bool input;
  bool on_host;
  std::string function;
  std::string argument;
  std::string shape;  // of `expand`
  bool chw4 = false;
};

std::size_t bytes_of(DataType type) {
  return type == DataType::kINT64 ? 8 : type == DataType::kHALF ? 2 : 4;
}

// Of the elements and what pads them.
std::int64_t padded_count(const Tensor& tensor, const Dimensions& dims) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < dims.size(); ++i)
    count *= tensor.chw4 && i == 1 ? (dims[i] + 3) / 4 * 4 : dims[i];
  return count;
}

struct Range {
  Dimensions values[3];
};

Dimensions parse_dimensions(const std::string& text) {
  Dimensions dims;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');)
    if (part != "-") dims.push_back(std::stoll(part));
  return dims;
}

Dims to_dims(const Dimensions& values) {
  Dims dims{};
  dims.nbDims = static_cast<std::int32_t>(values.size());
  std::copy(values.begin(), values.end(), dims.d);
  return dims;
}

std::int64_t count_of(const Dimensions& dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

class Engine;

// What is run: plain data, since a graph keeps a copy of it.
struct Step {
  enum class Kind { copy, relu, expand, increment } kind;
  void* to;
  const void* from;
  std::int64_t count;  // bytes, or elements
  std::int64_t of;     // elements that are repeated
};

void run_step(const void* argument) {
  const Step& step = *static_cast<const Step*>(argument);
  const auto* const from = static_cast<const float*>(step.from);
  auto* const to = static_cast<float*>(step.to);
  if (step.kind == Step::Kind::copy) std::memcpy(step.to, step.from, static_cast<std::size_t>(step.count));
  if (step.kind == Step::Kind::relu)
    for (std::int64_t i = 0; i < step.count; ++i) to[i] = std::max(from[i], 0.0f);
  if (step.kind == Step::Kind::increment)
    for (std::int64_t i = 0; i < step.count; ++i) to[i] = from[i] + 1;
  if (step.kind == Step::Kind::expand)
    for (std::int64_t i = 0; i < step.count; ++i) to[i] = from[i % step.of];
}

class Context final : public IExecutionContext, public DefaultContext {
 public:
  explicit Context(const Engine& engine) : engine_(engine) { IExecutionContext::mImpl = this; }

  IExecutionContext* getPImpl() noexcept override { return this; }
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override { recorder_ = recorder; }
  void setProfiler(IProfiler* profiler) noexcept override { profiler_ = profiler; }
  bool setOptimizationProfileAsync(std::int32_t profile, cudaStream_t) noexcept override {
    profile_ = profile;
    return true;
  }
  std::int32_t getOptimizationProfile() const noexcept override { return profile_; }
  bool setInputShape(const char* name, const Dims& dims) noexcept override;
  Dims getTensorShape(const char* name) const noexcept override;
  Dims getTensorStrides(const char* name) const noexcept override;
  bool setTensorAddress(const char* name, void* data) noexcept override {
    addresses_[name] = data;
    return reinterpret_cast<std::uintptr_t>(data) % 256 == 0;
  }
  std::int32_t inferShapes(std::int32_t, const char**) noexcept override { return 0; }
  bool setOutputAllocator(const char* name, IOutputAllocator* allocator) noexcept override {
    allocators_[name] = allocator;
    return true;
  }
  void setDeviceMemoryV2(void* memory, std::int64_t size) noexcept override {
    scratch_ = memory;
    scratch_size_ = size;
  }
  std::size_t updateDeviceMemorySizeForShapes() noexcept override { return 64; }
  bool setDebugListener(IDebugListener* listener) noexcept override {
    listener_ = listener;
    return true;
  }
  bool setAllTensorsDebugState(bool on) noexcept override {
    debug_ = on;
    return true;
  }
  bool setUnfusedTensorsDebugState(bool) noexcept override { return true; }
  bool enqueueV3(cudaStream_t stream) noexcept override;
  bool needs_scratch = false;

 private:
  bool fail(const char* text) {
    if (recorder_ != nullptr) recorder_->reportError(ErrorCode::kFAILED_EXECUTION, text);
    return false;
  }
  bool nonzero(const Tensor& tensor, cudaStream_t stream);

  const Engine& engine_;
  IErrorRecorder* recorder_ = nullptr;
  IProfiler* profiler_ = nullptr;
  IDebugListener* listener_ = nullptr;
  bool debug_ = false;
  std::int32_t profile_ = 0;
  void* scratch_ = nullptr;
  std::int64_t scratch_size_ = 0;
  // Found without an allocation, by the text of a name.
  std::map<std::string, Dimensions, std::less<>> shapes_;
  std::map<std::string, void*, std::less<>> addresses_;
  std::map<std::string, IOutputAllocator*, std::less<>> allocators_;
};

class HostMemory final : public IHostMemory, public apiv::VHostMemory {
 public:
  explicit HostMemory(std::string text) : text_(std::move(text)) { IHostMemory::mImpl = this; }
  void* data() const noexcept override { return const_cast<char*>(text_.data()); }
  std::size_t size() const noexcept override { return text_.size(); }
  DataType type() const noexcept override { return DataType::kINT8; }

 private:
  std::string text_;
};

class Inspector final : public IEngineInspector, public DefaultInspector {
 public:
  explicit Inspector(const std::string& text) : text_(text) { IEngineInspector::mImpl = this; }
  IEngineInspector* getPImpl() noexcept override { return this; }
  const char* getEngineInformation(LayerInformationFormat format) const noexcept override {
    return format == LayerInformationFormat::kJSON ? text_.c_str() : "";
  }

 private:
  std::string text_;
};

class Engine final : public ICudaEngine, public DefaultEngine {
 public:
  std::string network_name;
  bool refittable = false;
  ProfilingVerbosity verbosity = ProfilingVerbosity::kDETAILED;
  std::map<std::string, std::string, std::less<>> aliases;  // of outputs
  std::string inspector;
  std::vector<Tensor> tensors;
  std::vector<std::map<std::string, Range, std::less<>>> profiles;

  Engine() { ICudaEngine::mImpl = this; }
  const Tensor& find(const char* name) const {
    for (const Tensor& tensor : tensors)
      if (tensor.name == name) return tensor;
    std::abort();
  }
  ICudaEngine* getPImpl() noexcept override { return this; }
  std::int32_t getNbIOTensors() const noexcept override { return static_cast<std::int32_t>(tensors.size()); }
  const char* getIOTensorName(std::int32_t i) const noexcept override {
    return tensors[static_cast<std::size_t>(i)].name.c_str();
  }
  DataType getTensorDataType(const char* name) const noexcept override { return find(name).type; }
  Dims getTensorShape(const char* name) const noexcept override { return to_dims(find(name).dims); }
  TensorIOMode getTensorIOMode(const char* name) const noexcept override {
    return find(name).input ? TensorIOMode::kINPUT : TensorIOMode::kOUTPUT;
  }
  TensorLocation getTensorLocation(const char* name) const noexcept override {
    return find(name).on_host ? TensorLocation::kHOST : TensorLocation::kDEVICE;
  }
  TensorFormat getTensorFormatV2(const char* name, std::int32_t) const noexcept override {
    return find(name).function == "packed" || find(name).chw4 ? TensorFormat::kCHW4 : TensorFormat::kLINEAR;
  }
  std::int32_t getTensorVectorizedDim(const char* name) const noexcept override {
    return find(name).chw4 ? 1 : -1;
  }
  std::int32_t getTensorComponentsPerElement(const char* name) const noexcept override {
    return find(name).chw4 ? 4 : -1;
  }
  const char* getTensorFormatDesc(const char*) const noexcept override { return "four-element vectors"; }
  std::int32_t getNbOptimizationProfiles() const noexcept override {
    return static_cast<std::int32_t>(profiles.size());
  }
  Dims getProfileShape(const char* name, std::int32_t profile,
                       OptProfileSelector select) const noexcept override {
    return to_dims(range(name, profile).values[static_cast<int>(select)]);
  }
  const std::int64_t* getProfileTensorValuesV2(const char* name, std::int32_t profile,
                                               OptProfileSelector select) const noexcept override {
    return range(name, profile).values[static_cast<int>(select)].data();
  }
  const char* getName() const noexcept override { return network_name.c_str(); }
  bool isRefittable() const noexcept override { return refittable; }
  ProfilingVerbosity getProfilingVerbosity() const noexcept override { return verbosity; }
  std::int32_t getNbLayers() const noexcept override { return 3; }
  std::int32_t getNbAuxStreams() const noexcept override { return 2; }
  std::int64_t getEngineStat(EngineStat stat) const noexcept override {
    return stat == EngineStat::kTOTAL_WEIGHTS_SIZE ? 5000 : 40;
  }
  std::int64_t getStreamableWeightsSize() const noexcept override { return 3000; }
  IEngineInspector* createEngineInspector() const noexcept override {
    return inspector.empty() ? nullptr : new Inspector(inspector);
  }
  std::int64_t getDeviceMemorySizeV2() const noexcept override { return 256; }
  std::int64_t getDeviceMemorySizeForProfileV2(std::int32_t) const noexcept override { return 128; }
  const char* getAliasedInputTensor(const char* name) const noexcept override {
    if (const auto found = aliases.find(name); found != aliases.end()) return found->second.c_str();
    const Tensor& tensor = find(name);
    return tensor.function == "increment" ? tensor.argument.c_str() : nullptr;
  }
  IExecutionContext* createExecutionContext(ExecutionContextAllocationStrategy strategy) noexcept override {
    if (tensors.back().function == "unstartable") return nullptr;
    auto* const context = new Context(*this);
    context->needs_scratch = strategy == ExecutionContextAllocationStrategy::kUSER_MANAGED;
    return context;
  }
  bool setWeightStreamingBudgetV2(std::int64_t budget) noexcept override {
    budget_ = budget;
    return budget <= 1000;
  }
  std::int64_t getWeightStreamingBudgetV2() const noexcept override { return budget_; }
  IHostMemory* serialize() const noexcept override;

  std::string text;  // what it was made of

 private:
  const Range& range(const char* name, std::int32_t profile) const {
    return profiles[static_cast<std::size_t>(profile)].find(name)->second;
  }
  std::int64_t budget_ = 0;
};

IHostMemory* Engine::serialize() const noexcept {
  return text == "unserializable" ? nullptr : new HostMemory(text);
}

bool Context::setInputShape(const char* name, const Dims& dims) noexcept {
  shapes_[name].assign(dims.d, dims.d + dims.nbDims);
  return true;
}

Dims Context::getTensorShape(const char* name) const noexcept {
  const Tensor& tensor = engine_.find(name);
  if (tensor.input) return to_dims(shapes_.find(name)->second);
  if (tensor.function == "nonzero" || tensor.function == "raw") return to_dims(tensor.dims);
  if (tensor.function != "expand") return to_dims(shapes_.find(tensor.argument)->second);
  const auto* const values = static_cast<const std::int64_t*>(addresses_.find(tensor.shape)->second);
  return to_dims(Dimensions(values, values + engine_.find(tensor.shape.c_str()).dims[0]));
}

// In vectors, as TensorRT counts.
Dims Context::getTensorStrides(const char* name) const noexcept {
  const Dims dims = getTensorShape(name);
  Dims strides = dims;
  std::int64_t stride = 1;
  for (int i = dims.nbDims - 1; i >= 0; --i) {
    strides.d[i] = stride;
    stride *= engine_.find(name).chw4 && i == 1 ? (dims.d[i] + 3) / 4 : dims.d[i];
  }
  return strides;
}

bool Context::nonzero(const Tensor& tensor, cudaStream_t stream) {
  cuda().wait(stream);
  const auto* const from = static_cast<const float*>(addresses_.find(tensor.argument)->second);
  Dimensions found;
  for (std::int64_t i = 0; i < count_of(shapes_.find(tensor.argument)->second); ++i)
    if (from[i] != 0) found.push_back(i);
  IOutputAllocator* const allocator = allocators_.find(tensor.name)->second;
  auto*& memory = addresses_.find(tensor.name)->second;
  memory = allocator->reallocateOutputAsync(tensor.name.c_str(), memory,
                                            std::max<std::size_t>(found.size() * 8, 1), 256, stream);
  if (memory == nullptr) return fail("no memory for an output");
  allocator->notifyShape(tensor.name.c_str(), to_dims({1, static_cast<std::int64_t>(found.size())}));
  std::memcpy(memory, found.data(), found.size() * 8);
  return true;
}

bool Context::enqueueV3(cudaStream_t stream) noexcept {
  if (needs_scratch && (scratch_ == nullptr || scratch_size_ < 64)) return fail("no memory to run in");
  for (const Tensor& tensor : engine_.tensors) {
    if (tensor.input) continue;
    if (tensor.function == "fail") return fail("the stand-in was told to fail");
    if (tensor.function == "nonzero") {
      if (!nonzero(tensor, stream)) return false;
      continue;
    }
    if (tensor.function == "uncapturable" && cuda().wait(stream) != cudaSuccess)
      return fail("cannot be recorded");
    const Dimensions& dims_of_argument = shapes_.find(tensor.argument)->second;
    if (listener_ != nullptr && debug_ &&
        !listener_->processDebugTensor(addresses_.find(tensor.argument)->second, TensorLocation::kDEVICE,
                                       DataType::kFLOAT, to_dims(dims_of_argument),
                                       ("before_" + tensor.name).c_str(), stream))
      return fail("a debug tensor was not taken");
    const std::int64_t count = padded_count(engine_.find(tensor.argument.c_str()), dims_of_argument);
    Step step{Step::Kind::copy, addresses_.find(tensor.name)->second,
              addresses_.find(tensor.argument)->second,
              count * static_cast<std::int64_t>(bytes_of(tensor.type)), count};
    if (tensor.function == "increment") {
      if (step.to != step.from) return fail("the output is not where its input is");
      step.kind = Step::Kind::increment;
      step.count = count;
    } else if (tensor.function == "relu") {
      step.kind = Step::Kind::relu;
      step.count = count;
    } else if (tensor.function == "expand") {
      const Dims dims = getTensorShape(tensor.name.c_str());
      step.kind = Step::Kind::expand;
      step.count = count_of(Dimensions(dims.d, dims.d + dims.nbDims));
    }
    if (!cuda().enqueue(stream, run_step, &step, sizeof(step))) return fail("the stream is gone");
    if (profiler_ != nullptr) profiler_->reportLayerTime(tensor.name.c_str(), 0.5f);
  }
  return true;
}

class Runtime final : public IRuntime, public DefaultRuntime {
 public:
  Runtime() { IRuntime::mImpl = this; }
  IRuntime* getPImpl() noexcept override { return this; }
  ICudaEngine* deserializeCudaEngine(const void* blob, std::size_t size) noexcept override {
    auto* const engine = new Engine;
    engine->text = std::string(static_cast<const char*>(blob), size);
    constexpr std::size_t header_size = 32;
    if (engine->text.find("unloadable") != std::string::npos) {
      delete engine;
      return nullptr;
    }
    std::istringstream text(engine->text.starts_with("vtrt") ? engine->text.substr(header_size)
                                                             : engine->text);
    for (std::string line; std::getline(text, line);) parse(*engine, line);
    return engine;
  }

 private:
  static void parse(Engine& engine, const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    std::string name;
    words >> kind;
    if (kind == "profile") {
      auto& profile = engine.profiles.emplace_back();
      std::string values[3];
      while (words >> name >> values[0] >> values[1] >> values[2])
        for (int i = 0; i < 3; ++i) profile[name].values[i] = parse_dimensions(values[i]);
      return;
    }
    if (parse_property(engine, kind, words)) return;
    std::string type;
    std::string dims;
    Tensor tensor{};
    words >> tensor.name >> type >> dims >> tensor.function >> tensor.argument >> tensor.shape;
    tensor.chw4 = type.ends_with(":chw4");
    tensor.type = type == "int64" ? DataType::kINT64 : type == "float16" ? DataType::kHALF : DataType::kFLOAT;
    tensor.dims = parse_dimensions(dims);
    tensor.input = kind != "output";
    tensor.on_host = kind == "host_input";
    engine.tensors.push_back(std::move(tensor));
  }

  static bool parse_property(Engine& engine, const std::string& kind, std::istringstream& words) {
    std::string word;
    if (kind == "name") {
      words >> engine.network_name;
    } else if (kind == "refittable") {
      engine.refittable = true;
    } else if (kind == "verbosity") {
      words >> word;
      engine.verbosity = word == "none" ? ProfilingVerbosity::kNONE : ProfilingVerbosity::kLAYER_NAMES_ONLY;
    } else if (kind == "alias") {
      words >> word;
      words >> engine.aliases[word];
    } else if (kind == "inspector") {
      std::getline(words, engine.inspector);
    } else {
      return false;
    }
    return true;
  }
};

}  // namespace
}  // namespace polygraph::trt::test

#define STAND_IN_EXPORT extern "C" __attribute__((visibility("default")))

STAND_IN_EXPORT int getInferLibVersion() {
  return 10601;
}
STAND_IN_EXPORT void* createInferRuntime_INTERNAL(void*, int) {
  return static_cast<nvinfer1::IRuntime*>(new polygraph::trt::test::Runtime);
}
