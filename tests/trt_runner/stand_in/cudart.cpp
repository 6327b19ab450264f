// Stands in for CUDA's runtime library: memory is the host's, streams run when they are waited for.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "trt_runner/stand_in/control.h"

#define STAND_IN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using Clock = std::chrono::steady_clock;

struct Operation {
  void (*function)(const void*);
  alignas(16) char argument[480];
};

struct Stream {
  std::vector<Operation> operations;
  std::vector<Operation> captured;
  bool capturing = false;
};

struct Event {
  Stream* stream = nullptr;
  bool done = true;
  Clock::time_point when;
};

struct Graph {
  std::vector<Operation> operations;
};

std::recursive_mutex mutex;  // one for everything: this is no race for speed
StandInCuda control;
Stream default_stream;
thread_local cudaError_t last_error = cudaSuccess;

struct Block {
  std::size_t size;
  int type;
};
std::map<const char*, Block>& blocks() {
  static auto* const made = new std::map<const char*, Block>;
  return *made;
}

Stream& stream_of(cudaStream_t stream) {
  return stream != nullptr ? *reinterpret_cast<Stream*>(stream) : default_stream;
}

cudaError_t fail(cudaError_t error) {
  return last_error = error;
}

std::set<Stream*>& live_streams() {
  static auto* const made = new std::set<Stream*>{&default_stream};
  return *made;
}

bool is_gone(const Stream& stream) {
  const std::lock_guard lock(mutex);
  return !live_streams().contains(const_cast<Stream*>(&stream));
}

cudaError_t fail_gone() {
  return fail(static_cast<cudaError_t>(control.gone.load()));
}

void run(Stream& stream) {
  for (const Operation& operation : stream.operations) operation.function(operation.argument);
  stream.operations.clear();
}

cudaError_t wait_for(Stream& stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream)) return fail_gone();
  if (stream.capturing) return fail(cudaErrorStreamCaptureUnsupported);
  run(stream);
  if (const int error = control.fail_wait.exchange(0)) return fail(static_cast<cudaError_t>(error));
  return cudaSuccess;
}

void add(Stream& stream, void (*function)(const void*), const void* argument, std::size_t size) {
  if (size > sizeof(Operation::argument)) std::abort();
  auto& operations = stream.capturing ? stream.captured : stream.operations;
  Operation& operation = operations.emplace_back();
  operation.function = function;
  std::memcpy(operation.argument, argument, size);
}

cudaError_t allocate(void** memory, std::size_t size, int type) {
  const std::lock_guard lock(mutex);
  *memory = std::aligned_alloc(4096, (size + 4095) / 4096 * 4096);
  blocks()[static_cast<char*>(*memory)] = {size, type};
  return cudaSuccess;
}

cudaError_t release(void* memory) {
  const std::lock_guard lock(mutex);
  blocks().erase(static_cast<char*>(memory));
  std::free(memory);
  return cudaSuccess;
}

struct Copy {
  void* to;
  const void* from;
  std::size_t size;
};

}  // namespace

STAND_IN_EXPORT StandInCuda* stand_in_cuda() {
  return &control;
}
STAND_IN_EXPORT bool stand_in_enqueue(cudaStream_t stream, void (*function)(const void*),
                                      const void* argument, unsigned long size) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return false;
  add(stream_of(stream), function, argument, size);
  return true;
}

STAND_IN_EXPORT const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorContextIsDestroyed:
      return "cudaErrorContextIsDestroyed";
    default:
      return "cudaErrorUnknown";
  }
}
STAND_IN_EXPORT const char* cudaGetErrorString(cudaError_t) {
  return "as the stand-in was told";
}
STAND_IN_EXPORT cudaError_t cudaGetLastError() {
  return std::exchange(last_error, cudaSuccess);
}
STAND_IN_EXPORT cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : fail(cudaErrorInvalidDevice);
}
STAND_IN_EXPORT cudaError_t cudaDeviceSynchronize() {
  return wait_for(default_stream);
}
STAND_IN_EXPORT cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = 1 << 20;
  *total = 8 << 20;
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaMalloc(void** memory, std::size_t size) {
  if (control.mallocs_left == 0) return fail(cudaErrorMemoryAllocation);
  if (control.mallocs_left > 0) --control.mallocs_left;
  ++control.device_blocks;
  return allocate(memory, size, cudaMemoryTypeDevice);
}
STAND_IN_EXPORT cudaError_t cudaFree(void* memory) {
  --control.device_blocks;
  return release(memory);
}
STAND_IN_EXPORT cudaError_t cudaHostAlloc(void** memory, std::size_t size, unsigned) {
  if (control.host_allocs_left == 0) return fail(cudaErrorMemoryAllocation);
  if (control.host_allocs_left > 0) --control.host_allocs_left;
  ++control.pinned_blocks;
  return allocate(memory, size, cudaMemoryTypeHost);
}
STAND_IN_EXPORT cudaError_t cudaFreeHost(void* memory) {
  --control.pinned_blocks;
  return release(memory);
}
STAND_IN_EXPORT cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size, cudaMemcpyKind kind,
                                            cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return fail_gone();
  if (kind == cudaMemcpyDeviceToHost) ++control.copies_out;
  const Copy copy{to, from, size};
  add(
      stream_of(stream),
      [](const void* argument) {
        const auto* const c = static_cast<const Copy*>(argument);
        std::memcpy(c->to, c->from, c->size);
      },
      &copy, sizeof(copy));
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const std::lock_guard lock(mutex);
  attributes->type = cudaMemoryTypeUnregistered;
  attributes->device = 0;
  auto after = blocks().upper_bound(static_cast<const char*>(pointer));
  if (after == blocks().begin()) return cudaSuccess;
  const auto& [start, block] = *--after;
  if (static_cast<const char*>(pointer) < start + block.size)
    attributes->type = static_cast<cudaMemoryType>(block.type);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  ++control.streams;
  auto* const made = new Stream;
  made->operations.reserve(1024);
  const std::lock_guard lock(mutex);
  live_streams().insert(made);
  *stream = reinterpret_cast<cudaStream_t>(made);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return fail_gone();
  --control.streams;
  wait_for(stream_of(stream));
  live_streams().erase(&stream_of(stream));
  delete &stream_of(stream);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  for (; control.hold; std::this_thread::yield()) control.is_held = true;
  control.is_held = false;
  return wait_for(stream_of(stream));
}
STAND_IN_EXPORT cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return fail_gone();
  if (stream_of(stream).operations.empty()) return wait_for(stream_of(stream));
  run(stream_of(stream));
  return cudaErrorNotReady;
}
STAND_IN_EXPORT cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  ++control.events;
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaEventDestroy(cudaEvent_t event) {
  --control.events;
  delete reinterpret_cast<Event*>(event);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return fail_gone();
  auto* const recorded = reinterpret_cast<Event*>(event);
  recorded->stream = &stream_of(stream);
  recorded->done = false;
  add(
      stream_of(stream),
      [](const void* argument) {
        Event* done = nullptr;
        std::memcpy(&done, argument, sizeof(done));
        done->done = true;
        done->when = Clock::now();
      },
      &recorded, sizeof(recorded));
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard lock(mutex);
  const auto* const recorded = reinterpret_cast<Event*>(event);
  if (recorded->done) return cudaSuccess;
  run(*recorded->stream);
  return cudaErrorNotReady;
}
STAND_IN_EXPORT cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(mutex);
  const auto* const recorded = reinterpret_cast<Event*>(event);
  return recorded->stream != nullptr && !recorded->done ? wait_for(*recorded->stream) : cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  const std::lock_guard lock(mutex);
  *milliseconds = std::chrono::duration<float, std::milli>(reinterpret_cast<Event*>(to)->when -
                                                           reinterpret_cast<Event*>(from)->when)
                      .count();
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const std::lock_guard lock(mutex);
  if (control.refuse_capture || stream == nullptr || stream == control.forbid_capture_on)
    return fail(cudaErrorStreamCaptureUnsupported);
  stream_of(stream).capturing = true;
  stream_of(stream).captured.clear();
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(mutex);
  ++control.graphs;
  ++control.captures;
  stream_of(stream).capturing = false;
  *graph = reinterpret_cast<cudaGraph_t>(new Graph{stream_of(stream).captured});
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* made, cudaGraph_t graph,
                                                          unsigned long long) {
  ++control.graphs;
  *made = reinterpret_cast<cudaGraphExec_t>(new Graph(*reinterpret_cast<Graph*>(graph)));
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (is_gone(stream_of(stream))) return fail_gone();
  ++control.launches;
  for (const Operation& operation : reinterpret_cast<Graph*>(graph)->operations)
    stream_of(stream).operations.push_back(operation);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  --control.graphs;
  delete reinterpret_cast<Graph*>(graph);
  return cudaSuccess;
}
STAND_IN_EXPORT cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  --control.graphs;
  delete reinterpret_cast<Graph*>(graph);
  return cudaSuccess;
}
