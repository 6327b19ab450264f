#include "trt/execution.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstring>

#include "core/log_format.h"
#include "trt/messages.h"
#include "trt/versions/run.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

// Up to this size copying to pinned memory costs less than asking CUDA what memory it is.
constexpr std::size_t copy_limit = 16 * 1024;
// Inputs above this are copied in chunks of it, so that the GPU fetches one while the next is copied.
constexpr std::size_t chunk = 256 * 1024;

constexpr const char* running = "Running the engine";

}  // namespace

// What TensorRT calls

std::int32_t ErrorRecorder::getNbErrors() const noexcept {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int32_t>(errors_.size());
}

nvinfer1::ErrorCode ErrorRecorder::getErrorCode(std::int32_t index) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto i = static_cast<std::size_t>(index);
  return i < errors_.size() ? errors_[i].first : nvinfer1::ErrorCode::kSUCCESS;
}

nvinfer1::IErrorRecorder::ErrorDesc ErrorRecorder::getErrorDesc(std::int32_t index) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto i = static_cast<std::size_t>(index);
  return i < errors_.size() ? errors_[i].second.c_str() : "";
}

void ErrorRecorder::clear() noexcept {
  const std::lock_guard lock(mutex_);
  errors_.clear();
}

bool ErrorRecorder::reportError(nvinfer1::ErrorCode code, ErrorDesc text) noexcept {
  const std::lock_guard lock(mutex_);
  errors_.emplace_back(code, text != nullptr ? text : "");
  return false;
}

std::vector<std::string> ErrorRecorder::take() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (auto& [code, text] : errors_) texts.push_back(std::move(text));
  errors_.clear();
  return texts;
}

void LayerProfiler::reportLayerTime(const char* name, float milliseconds) noexcept {
  times.push_back({.name = name, .calls = 1, .seconds = static_cast<double>(milliseconds) * 1e-3});
}

void* GrowingOutput::reallocateOutput(const char* /*name*/, void* /*current*/, std::uint64_t size,
                                      std::uint64_t /*alignment*/) noexcept {
  try {
    buffer_.reserve(size, "Growing an output");
    return buffer_.data();
  } catch (const std::exception& error) {
    failure = error.what();
    return nullptr;
  }
}

void GrowingOutput::notifyShape(const char* /*name*/, const nvinfer1::Dims& shape) noexcept {
  dims.assign(shape.d, shape.d + std::max(shape.nbDims, 0));
}

DebugTensors::DebugTensors(nvinfer1::IExecutionContext& context) : listener_(*this) {
  EngineMessages messages;
  if (!listener_.listen(context))
    messages.fail<BackendError>(
        fmt::format("Asking for debug tensors: {} refuses.", flavour_name),
        "TensorRT 10 or later has them, in engines of which the network marks some (MarkDebug).");
}

bool DebugTensors::receive(const char* name, nvinfer1::DataType type, const nvinfer1::Dims& dims,
                           const void* data, bool on_host, cudaStream_t stream) noexcept {
  try {
    const std::optional<DataType> dtype = to_data_type(type);
    if (!dtype) {
      failure = fmt::format("'{}' has TensorRT's data type {}", name, static_cast<int>(type));
      return false;
    }
    Tensor tensor(*dtype, Shape(to_vector(dims)));
    if (on_host) {
      std::memcpy(tensor.mutable_data(), data, tensor.nbytes());
    } else if (tensor.nbytes() != 0) {
      constexpr const char* copying = "Copying a debug tensor from the GPU";
      const cuda::Functions& cuda = cuda::functions();
      cuda::check(
          cuda.memcpy_async(tensor.mutable_data(), data, tensor.nbytes(), cudaMemcpyDeviceToHost, stream),
          "cudaMemcpyAsync", copying);
      cuda::check(cuda.stream_synchronize(stream), "cudaStreamSynchronize", copying);
    }
    values.emplace_back(name, std::move(tensor));
    return true;
  } catch (const std::exception& error) {
    failure = error.what();
    return false;
  }
}

// Setting up

Execution::Execution(Engine engine, std::shared_ptr<const Signature> signature, const RunnerOptions& options)
    : engine_(std::move(engine)),
      signature_(std::move(signature)),
      options_(options),
      cuda_(cuda::functions()),
      device_(cuda::current_device()),
      stream_(options.stream ? *options.stream : Stream::create()) {
  blame_stream();
  EngineMessages messages;
  context_.reset(make_context(engine_.native(), options_.allocation_strategy));
  if (!context_)
    messages.fail<BackendError>(
        fmt::format("Making an execution context: {} made none.", flavour_name),
        "If GPU memory is short, end what else uses it, or choose the allocation strategy 'runtime'.");
  context_->setErrorRecorder(&errors_);
  if (options_.time_layers) context_->setProfiler(&layer_times_);
  if (options_.debug_tensors) debug_ = std::make_unique<DebugTensors>(*context_);
  if (options_.time_on_gpu) started_ = std::make_unique<cuda::Event>(cudaEventDefault);
  // On a stream of the caller's there may be more than what is waited for.
  if (options_.wait == Wait::block || options_.stream)
    ended_ = std::make_unique<cuda::Event>(
        (options_.wait == Wait::block ? cudaEventBlockingSync : cudaEventDefault) |
        (options_.time_on_gpu ? 0U : cudaEventDisableTiming));
  else if (options_.time_on_gpu)
    ended_ = std::make_unique<cuda::Event>(cudaEventDefault);

  for (const Signature::Tensor& input : signature_->inputs()) {
    Input made{};
    made.name = input.name;
    made.on_host = input.on_host;
    inputs_.push_back(std::move(made));
  }
  for (const Signature::Tensor& output : signature_->outputs()) {
    Output made{};
    made.name = output.name;
    made.on_host = output.on_host;
    made.dtype = output.dtype;
    made.aliased_input = output.aliased_input;
    outputs_of_context_.push_back(std::move(made));
    outputs_.set(output.name, Tensor());
    device_outputs_.set(output.name, DeviceTensor());
  }
  fed_.resize(inputs_.size());
  fed_shapes_.resize(inputs_.size());
  can_record_ = options_.cuda_graphs == CudaGraphs::automatic && !options_.time_layers && !debug_;
}

Execution::~Execution() {
  if (in_flight_ && cuda_.stream_synchronize(stream_.native()) != cudaSuccess) cuda_.get_last_error();
}

void Execution::reset_graph() {
  graph_.reset();
  repeats_ = 0;
}

// Submitting

void Execution::enter(bool on_device) {
  if (on_device != on_device_) {
    bound_ = false;
    on_device_ = on_device;
  }
}

void Execution::submit(const FeedDict& feed) {
  const cuda::DeviceScope scope(device_);
  if (in_flight_) wait();
  enter(false);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const bool in_order = i < feed.size() && feed.at(i).first == inputs_[i].name;
    fed_[i].host = in_order ? &feed.at(i).second : &feed[inputs_[i].name];
    fed_[i].device = nullptr;
  }
  if (!same_shapes()) [[unlikely]] {
    bind_shapes();
    bind_addresses({});
  }
  start();
}

void Execution::submit(const DeviceTensorMap& inputs, const FeedDict& host_inputs,
                       const DeviceTensorMap& outputs) {
  const cuda::DeviceScope scope(device_);
  if (!on_device_) wait();
  enter(true);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const char* const name = inputs_[i].name;
    const bool in_order = i < inputs.size() && inputs.at(i).first == name;
    fed_[i].device = in_order ? &inputs.at(i).second : inputs.find(name);
    fed_[i].host = fed_[i].device != nullptr ? nullptr : host_inputs.find(name);
    if (fed_[i].device == nullptr && fed_[i].host == nullptr)
      throw InputError(fmt::format("Feeding the engine: the input '{}' is missing.", name),
                       "Give it among the device tensors or the host inputs.");
    if (fed_[i].device != nullptr && inputs_[i].on_host)
      throw InputError(fmt::format("Feeding the engine: the values of '{}' are a shape, which TensorRT reads "
                                   "on the host, and a device tensor was given.",
                                   name),
                       "Give it among the host inputs.");
    const DataType wanted = signature_->inputs()[i].dtype;
    const DataType given = fed_[i].device != nullptr ? fed_[i].device->dtype() : fed_[i].host->dtype();
    if (given != wanted)
      throw InputError(fmt::format("Feeding the engine: '{}' is {}, and a tensor of {} was given.", name,
                                   to_string(wanted), to_string(given)),
                       "Convert it first.");
    if (fed_[i].host != nullptr && !fed_[i].host->is_contiguous())
      throw InputError(fmt::format("Feeding the engine: the tensor for '{}' is not contiguous.", name),
                       "Feed tensor.contiguous().");
  }
  const bool same = same_shapes();
  const bool from_host = std::ranges::any_of(fed_, [](const Fed& fed) { return fed.host != nullptr; });
  if (from_host || !same) wait();  // what was submitted may still read what is about to change
  if (!same) [[unlikely]]
    bind_shapes();
  bind_addresses(outputs);
  start();
}

// Whether all inputs have the shapes that are set; for those on the host also the values.
bool Execution::same_shapes() {
  if (!bound_) return false;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Input& input = inputs_[i];
    const Shape& shape = fed_[i].host != nullptr ? fed_[i].host->shape() : fed_[i].device->shape();
    if (!std::ranges::equal(shape.dims(), input.dims)) return false;
    if (input.on_host && std::memcmp(fed_[i].host->data(), input.staging.data(), input.bytes) != 0)
      return false;
    if (fed_[i].host != nullptr && !input.on_host &&
        std::min(input.device.capacity(), input.staging.capacity()) < std::max<std::size_t>(input.bytes, 1))
      return false;  // it came from the device before
  }
  return true;
}

void Execution::bind_shapes() {
  bound_ = false;
  reset_graph();
  EngineMessages messages;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Shape& shape = fed_[i].host != nullptr ? fed_[i].host->shape() : fed_[i].device->shape();
    fed_shapes_[i].assign(shape.begin(), shape.end());
    if (!inputs_[i].on_host) continue;
    const Tensor& values = *fed_[i].host;
    fed_shapes_[i].clear();
    for (std::int64_t k = 0; k < values.element_count(); ++k)
      fed_shapes_[i].push_back(static_cast<std::int64_t>(values.element_as_double(k)));
  }
  bind_profile(signature_->profiles().empty()
                   ? 0
                   : signature_->choose_profile(fed_shapes_, options_.optimization_profile.value_or(-1)));

  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[i];
    const Shape& shape = fed_[i].host != nullptr ? fed_[i].host->shape() : fed_[i].device->shape();
    input.dims.assign(shape.begin(), shape.end());
    input.bytes = packed_size(signature_->inputs()[i].dtype, shape.element_count());
    input.source = nullptr;
    input.outside_graph = false;
    if (!context_->setInputShape(input.name, to_dims(input.dims)))
      messages.fail<InputError>(fmt::format("Feeding the engine: {} refuses the shape {} for '{}'.",
                                            flavour_name, shape.str(), input.name),
                                fmt::format("It allows {}.", signature_->allowed(i, profile_)));
    input.layout.reset();
    if (!signature_->inputs()[i].linear) {
      input.layout = layout_of(engine_.native(), *context_, input.name);
      input.bytes = packed_size(signature_->inputs()[i].dtype, input.layout->element_count());
    }
    if (fed_[i].host != nullptr) input.staging.reserve(input.bytes, "Making room for an input");
    if (input.on_host) {
      std::memcpy(input.staging.data(), fed_[i].host->data(), input.bytes);
      set_address(input.name, input.staging.data());
    } else if (fed_[i].host != nullptr) {
      input.device.reserve(input.bytes, "Making room for an input");
    }
  }
  if (const int missing = context_->inferShapes(0, nullptr); missing != 0) {
    std::vector<std::string> texts = errors_.take();
    for (std::string& text : messages.take()) texts.push_back(std::move(text));
    throw InputError(
        fmt::format("Feeding the engine: {} cannot tell the shapes within it from those that were fed.",
                    flavour_name),
        "Some inputs have to fit together: see its messages.", std::move(texts));
  }
  bind_memory();
  bind_outputs();
  bound_ = true;
}

void Execution::bind_profile(int profile) {
  if (profile == profile_) return;
  // A new context has the first one.
  if (profile_ >= 0 || profile != 0) {
    EngineMessages messages;
    if (!context_->setOptimizationProfileAsync(profile, stream_.native()))
      messages.fail<BackendError>(
          fmt::format("Choosing optimization profile {}: {} refuses it.", profile, flavour_name),
          "Before TensorRT 10, contexts that are in use at the same time need a profile each: build the "
          "engine "
          "with more profiles, or use one runner.");
  }
  profile_ = profile;
}

void Execution::bind_memory() {
  if (options_.allocation_strategy == AllocationStrategy::static_) return;
  const std::int64_t bytes = options_.allocation_strategy == AllocationStrategy::profile
                                 ? device_memory_of_profile(engine_.native(), profile_)
                                 : device_memory_of_shapes(*context_, engine_.native(), profile_);
  scratch_.reserve(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0)), "Making room to run in");
  set_device_memory(*context_, scratch_.data(), static_cast<std::int64_t>(scratch_.capacity()));
}

void Execution::bind_outputs() {
  any_growing_ = any_packed_ = false;
  for (std::size_t i = 0; i < outputs_of_context_.size(); ++i) {
    Output& output = outputs_of_context_[i];
    const std::vector<std::int64_t> dims = to_vector(context_->getTensorShape(output.name));
    output.growing = std::ranges::any_of(dims, [](std::int64_t dim) { return dim < 0; });
    output.direct = false;
    if (output.growing) {
      any_growing_ = true;
      if (!output.allocator) output.allocator = std::make_unique<GrowingOutput>(output.device);
      output.device.reserve(1, "Making room for an output");
      context_->setOutputAllocator(output.name, output.allocator.get());
      continue;
    }
    output.bytes = packed_size(output.dtype, Shape(dims).element_count());
    output.layout.reset();
    if (!signature_->outputs()[i].linear) {
      any_packed_ = true;
      output.layout = layout_of(engine_.native(), *context_, output.name);
      output.bytes = packed_size(output.dtype, output.layout->element_count());
    }
    output.direct = !on_device_ && !output.on_host && !output.aliased_input &&
                    output.bytes <= options_.direct_output_limit;
    if (!output.on_host && !output.direct && !output.aliased_input)
      output.device.reserve(output.bytes, "Making room for an output");
    if (!on_device_ || output.on_host) output.staging.reserve(output.bytes, "Making room for an output");
    if (!on_device_) {
      if (output.layout) output.row_major.reserve(output.bytes, "Making room for an output");
      outputs_.at(i).second.reset_view((output.layout ? output.row_major : output.staging).data(),
                                       output.dtype, dims);
    }
    device_outputs_.at(i).second.reset_view(own_memory(output), output.dtype, dims, output.bytes);
  }
}

void Execution::set_address(const char* name, void* address) {
  if (context_->setTensorAddress(name, address)) return;
  throw BackendError(fmt::format("Binding '{}': {} refuses the address {}.", name, flavour_name, address),
                     "Memory on the GPU has to be aligned to 256 bytes.", errors_.take());
}

// Sets the addresses that changed: those of inputs first, since outputs may be written over them.
void Execution::bind_addresses(const DeviceTensorMap& outputs) {
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (!inputs_[i].on_host) bind_input(inputs_[i], fed_[i].device);
  for (std::size_t i = 0; i < outputs_of_context_.size(); ++i) {
    Output& output = outputs_of_context_[i];
    bind_output(output, outputs.size() != 0 ? outputs.find(output.name) : nullptr,
                device_outputs_.at(i).second);
  }
}

void Execution::bind_input(Input& input, const DeviceTensor* given) {
  void* const address = given != nullptr ? given->data() : input.device.data();
  if (given != nullptr && address == nullptr && input.bytes == 0) {
    input.device.reserve(1, "Making room for an input");
    if (input.address != input.device.data()) set_address(input.name, input.address = input.device.data());
    return;
  }
  if (given != nullptr) require_room(input.name, *given, input.bytes);
  if (address == input.address) return;
  if (given != nullptr) require_device_memory(input.name, *given);
  reset_graph();
  set_address(input.name, address);
  input.address = address;
}

void Execution::bind_output(Output& output, const DeviceTensor* given, DeviceTensor& result) {
  if (given != nullptr) require_fitting(output, *given, result);
  void* const own = own_memory(output);
  void* const address = given != nullptr && output.bytes != 0 ? given->data() : own;
  if (on_device_ && !output.growing && result.data() != address) {
    const Shape shape = result.shape();
    result.reset_view(address, output.dtype, shape.dims(), output.bytes);
  }
  if (address == output.address) return;
  if (address != own) require_device_memory(output.name, *given);
  reset_graph();
  set_address(output.name, address);
  output.address = address;
}

// Where an output goes that nobody gave memory for.
void* Execution::own_memory(const Output& output) const {
  if (output.aliased_input) return inputs_[*output.aliased_input].address;
  return output.on_host || output.direct ? output.staging.data() : output.device.data();
}

void Execution::require_fitting(const Output& output, const DeviceTensor& given,
                                const DeviceTensor& result) const {
  if (output.growing || output.on_host)
    throw InputError(fmt::format("Running the engine: memory was given for the output '{}', {}.", output.name,
                                 output.on_host ? "which TensorRT writes on the host"
                                                : "whose size is known only afterwards"),
                     "Leave it out: the runner has memory for it.");
  if (given.dtype() != output.dtype || given.shape() != result.shape())
    throw InputError(
        fmt::format("Running the engine: the output '{}' is {} of shape {}, and memory for {} of "
                    "shape {} was given.",
                    output.name, to_string(output.dtype), result.shape().str(), to_string(given.dtype()),
                    given.shape().str()),
        "Give a tensor of that type and shape.");
  if (output.aliased_input && output.bytes != 0 && given.data() != inputs_[*output.aliased_input].address) {
    const char* const input = inputs_[*output.aliased_input].name;
    throw UsageError(
        fmt::format("Running the engine: it writes the output '{}' over the input '{}', and other "
                    "memory was given for it.",
                    output.name, input),
        fmt::format("Leave it out, or give the memory of '{}'.", input));
  }
  require_room(output.name, given, output.bytes);
}

// Tensors that are not row-major may be padded.
void Execution::require_room(const char* name, const DeviceTensor& tensor, std::size_t bytes) const {
  if (tensor.capacity() >= bytes) return;
  throw InputError(
      fmt::format("Binding '{}': it is not row-major, and padded takes {} bytes; the tensor has {}.", name,
                  bytes, tensor.capacity()),
      "Give it that much memory (DeviceTensor's capacity).");
}

void Execution::require_device_memory(const char* name, const DeviceTensor& tensor) const {
  const cuda::PointerAttributes attributes = cuda::attributes_of(tensor.data());
  if (!attributes.is_on_gpu())
    throw InputError(fmt::format("Binding '{}': the memory at {} is not on a GPU.", name, tensor.data()),
                     "Copy it there (DeviceTensor::from_host), or feed it as a host input.");
  if (attributes.type == cudaMemoryTypeDevice && attributes.device != device_)
    throw InputError(fmt::format("Binding '{}': the memory is on GPU {}, and the engine on GPU {}.", name,
                                 attributes.device, device_),
                     "Copy it to the engine's GPU, or load the engine on the other.");
  if (reinterpret_cast<std::uintptr_t>(tensor.data()) % 256 != 0)
    throw InputError(
        fmt::format("Binding '{}': the address {} is not a multiple of 256, which TensorRT needs.", name,
                    tensor.data()),
        "Start the tensor at a multiple of 256 bytes, as cudaMalloc does.");
}

// Copying in

// Brings what was fed on the host to where the GPU can fetch it.
void Execution::stage() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[i];
    if (input.on_host || input.bytes == 0) continue;
    if (fed_[i].host == nullptr) {
      record_source(input, nullptr);
      continue;
    }
    stage_input(input, *fed_[i].host);
    if (!input.outside_graph || input.source == nullptr) continue;
    cuda::check(cuda_.memcpy_async(input.address, input.source, input.bytes, cudaMemcpyHostToDevice,
                                   stream_.native()),
                "cudaMemcpyAsync", "Copying an input to the GPU");
  }
}

void Execution::stage_input(Input& input, const Tensor& tensor) {
  if (input.layout) {
    pack(*input.layout, tensor.dtype(), tensor.data(), input.staging.data());
    record_source(input, input.staging.data());
  } else if (input.bytes > copy_limit && cuda::attributes_of(tensor.data()).is_pinned()) {
    record_source(input, tensor.data());
  } else if (input.bytes <= chunk) {
    std::memcpy(input.staging.data(), tensor.data(), input.bytes);
    record_source(input, input.staging.data());
  } else {
    record_source(input, nullptr);
    copy_in_chunks(input, tensor);
  }
}

// A graph copies from where it did when it was recorded: an input that comes from elsewhere is no longer part
// of it.
void Execution::record_source(Input& input, const void* source) {
  if (source == input.source) return;
  if (graph_ && !input.outside_graph) {
    reset_graph();
    input.outside_graph = true;
  }
  input.source = source;
}

void Execution::copy_in_chunks(Input& input, const Tensor& tensor) {
  const auto* const from = static_cast<const std::byte*>(tensor.data());
  auto* const staging = static_cast<std::byte*>(input.staging.data());
  auto* const to = static_cast<std::byte*>(input.address);
  for (std::size_t at = 0; at < input.bytes; at += chunk) {
    const std::size_t size = std::min(chunk, input.bytes - at);
    std::memcpy(staging + at, from + at, size);
    cuda::check(cuda_.memcpy_async(to + at, staging + at, size, cudaMemcpyHostToDevice, stream_.native()),
                "cudaMemcpyAsync", "Copying an input to the GPU");
  }
}

// Running

// Of what fails on a stream of the caller's, the stream itself may be the reason.
void Execution::start() {
  try {
    run();
  } catch (const BackendError&) {
    blame_stream();
    throw;
  }
}

void Execution::blame_stream() const {
  if (!options_.stream) return;
  const cudaError_t error = cuda_.stream_query(stream_.native());
  if (error != cudaSuccess) cuda_.get_last_error();
  if (error != cudaErrorInvalidResourceHandle && error != cudaErrorContextIsDestroyed) return;
  throw UsageError(fmt::format("{}: the stream that the runner was given is no longer there ({}).", running,
                               cuda_.get_error_name(error)),
                   "Deactivate the runner before the stream is destroyed, or the device reset.");
}

void Execution::run() {
  const cudaStream_t stream = stream_.native();
  if (started_) cuda::check(cuda_.event_record(started_->native(), stream), "cudaEventRecord", running);
  in_flight_ = true;  // also if it fails midway
  end_recorded_ = false;
  stage();
  layer_times_.times.clear();
  was_graph_ = graph_ || (repeats_ > 0 && can_record_ && !any_growing_ && capture());
  if (was_graph_) {
    if (const cudaError_t error = cuda_.graph_launch(graph_.native(), stream); error != cudaSuccess)
        [[unlikely]]
      fail_running(error);
  } else {
    if (const cudaError_t error = enqueue(stream); error != cudaSuccess) [[unlikely]]
      fail_running(error);
    if (any_growing_) read_growing_outputs();
  }
  ++repeats_;
  if (!ended_) return;
  cuda::check(cuda_.event_record(ended_->native(), stream), "cudaEventRecord", running);
  end_recorded_ = true;
}

// Copies in, runs and copies out. Of TensorRT's own failures, which it does not number, it says
// cudaErrorUnknown.
cudaError_t Execution::enqueue(cudaStream_t stream) {
  for (const Input& input : inputs_) {
    if (input.source == nullptr || input.outside_graph) continue;
    if (const cudaError_t error =
            cuda_.memcpy_async(input.address, input.source, input.bytes, cudaMemcpyHostToDevice, stream);
        error != cudaSuccess)
      return error;
  }
  if (!context_->enqueueV3(stream)) return cudaErrorUnknown;
  if (on_device_) return cudaSuccess;
  for (const Output& output : outputs_of_context_) {
    if (output.growing || output.on_host || output.direct || output.bytes == 0) continue;
    if (const cudaError_t error = cuda_.memcpy_async(output.staging.data(), output.address, output.bytes,
                                                     cudaMemcpyDeviceToHost, stream);
        error != cudaSuccess)
      return error;
  }
  return cudaSuccess;
}

// Records a graph of `enqueue`; if that fails, never again.
bool Execution::capture() {
  if (recording_.native() == nullptr) recording_ = options_.stream ? Stream::create() : stream_;
  const cudaStream_t stream = recording_.native();
  cudaGraph_t recorded = nullptr;
  cudaGraphExec_t ready = nullptr;
  cudaError_t error = cuda_.stream_begin_capture(stream, cudaStreamCaptureModeThreadLocal);
  if (error == cudaSuccess) {
    const cudaError_t of_run = enqueue(stream);
    error = cuda_.stream_end_capture(stream, &recorded);
    if (error == cudaSuccess) error = of_run;
  }
  if (error == cudaSuccess) error = cuda_.graph_instantiate(&ready, recorded, 0);
  if (recorded != nullptr) cuda_.graph_destroy(recorded);
  if (error == cudaSuccess) {
    graph_.reset(ready);
    log_extra_verbose("Recorded a CUDA graph");
    return true;
  }
  cuda_.get_last_error();
  const std::vector<std::string> texts = errors_.take();
  log_verbose("No CUDA graph: recording failed with {}{}{}. Inferences run without one.",
              cuda_.get_error_name(error), texts.empty() ? "" : ": ", texts.empty() ? "" : texts.front());
  can_record_ = false;
  return false;
}

// Fetches the outputs of which the shape is known only now.
void Execution::read_growing_outputs() {
  for (std::size_t i = 0; i < outputs_of_context_.size(); ++i) {
    Output& output = outputs_of_context_[i];
    if (!output.growing) continue;
    output.bytes = packed_size(output.dtype, Shape(output.allocator->dims).element_count());
    output.address = output.device.data();  // TensorRT has bound it already
    device_outputs_.at(i).second.reset_view(output.address, output.dtype, output.allocator->dims);
    if (on_device_) continue;
    output.staging.reserve(output.bytes, "Making room for an output");
    outputs_.at(i).second.reset_view(output.staging.data(), output.dtype, output.allocator->dims);
    if (output.bytes == 0) continue;
    cuda::check(cuda_.memcpy_async(output.staging.data(), output.address, output.bytes,
                                   cudaMemcpyDeviceToHost, stream_.native()),
                "cudaMemcpyAsync", "Copying an output from the GPU");
  }
}

// What the engine wrote in layouts of its own.
void Execution::unpack_outputs() {
  for (Output& output : outputs_of_context_)
    if (output.layout) unpack(*output.layout, output.dtype, output.staging.data(), output.row_major.data());
}

void Execution::take_debug_tensors() {
  const auto values = std::exchange(debug_->values, {});
  if (!debug_->failure.empty())
    throw BackendError(
        fmt::format("{}: a debug tensor was not received: {}.", running, std::exchange(debug_->failure, {})),
        "Mark fewer tensors.");
  if (values.empty())
    log_once(Severity::warning,
             fmt::format(
                 "{} gave no debug tensors: none is marked in the engine, or those that are were fused away "
                 "(TensorRT-RTX 1.6 gives what mark_unfused_tensors_as_debug_tensors marks, and nothing "
                 "that MarkDebug does)",
                 flavour_name));
  for (const auto& [name, tensor] : values)
    if (!signature_->has_output(name)) outputs_.set(name, tensor);
}

void Execution::fail_running(cudaError_t error) {
  std::vector<std::string> texts = errors_.take();
  for (const Output& output : outputs_of_context_)
    if (output.allocator && !output.allocator->failure.empty())
      texts.push_back(std::exchange(output.allocator->failure, {}));
  reset_graph();
  if (error != cudaErrorUnknown || texts.empty()) {
    const cudaError_t last = cuda_.get_last_error();
    if (error == cudaErrorUnknown && last != cudaSuccess) error = last;
    if (error != cudaErrorUnknown) cuda::fail(error, "enqueueV3 or a copy around it", running);
  }
  throw BackendError(fmt::format("{}: {} reports a failure.", running, flavour_name),
                     "See its messages; with `-vvv` the log has more of them.", std::move(texts));
}

void Execution::wait() {
  if (!in_flight_) return;
  in_flight_ = false;
  try {
    finish();
  } catch (const BackendError&) {
    blame_stream();
    throw;
  }
}

void Execution::finish() {
  cudaError_t error = cudaErrorNotReady;
  if (options_.wait == Wait::spin) {
    while (error == cudaErrorNotReady)
      error = end_recorded_ ? cuda_.event_query(ended_->native()) : cuda_.stream_query(stream_.native());
  } else if (end_recorded_ && (options_.wait == Wait::block || options_.stream)) {
    error = cuda_.event_synchronize(ended_->native());
  } else {
    error = cuda_.stream_synchronize(stream_.native());
  }
  if (error != cudaSuccess) [[unlikely]] {
    bound_ = false;
    cuda::fail(error, "an operation on the GPU", running);
  }
  if (any_packed_ && !on_device_) unpack_outputs();
  if (debug_) take_debug_tensors();
}

bool Execution::is_done() {
  if (!in_flight_) return true;
  return (end_recorded_ ? cuda_.event_query(ended_->native()) : cuda_.stream_query(stream_.native())) !=
         cudaErrorNotReady;
}

double Execution::gpu_seconds() const {
  float milliseconds = 0;
  cuda::check(cuda_.event_elapsed_time(&milliseconds, started_->native(), ended_->native()),
              "cudaEventElapsedTime", "Reading the time on the GPU");
  return static_cast<double>(milliseconds) * 1e-3;
}

}  // namespace polygraph::trt
