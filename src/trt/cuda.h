#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>
#include <utility>

/// CUDA's runtime library, opened when first needed, and owners of what it makes.
namespace polygraph::trt::cuda {

/// As `cudaPointerAttributes`, with room for what versions append.
struct PointerAttributes {
  int type;  ///< cudaMemoryType
  int device;
  void* device_pointer;
  void* host_pointer;
  long reserved[16];

  bool is_on_gpu() const { return type == cudaMemoryTypeDevice || type == cudaMemoryTypeManaged; }
  /// Whether the GPU can copy from it directly, being on the host.
  bool is_pinned() const { return type == cudaMemoryTypeHost || type == cudaMemoryTypeManaged; }
};

// name, symbol, type
#define POLYGRAPH_CUDA_FUNCTIONS(F)                                                                     \
  F(get_error_name, "cudaGetErrorName", const char*, (cudaError_t))                                     \
  F(get_error_string, "cudaGetErrorString", const char*, (cudaError_t))                                 \
  F(get_last_error, "cudaGetLastError", cudaError_t, ())                                                \
  F(runtime_version, "cudaRuntimeGetVersion", cudaError_t, (int*))                                      \
  F(driver_version, "cudaDriverGetVersion", cudaError_t, (int*))                                        \
  F(get_device_count, "cudaGetDeviceCount", cudaError_t, (int*))                                        \
  F(get_device, "cudaGetDevice", cudaError_t, (int*))                                                   \
  F(set_device, "cudaSetDevice", cudaError_t, (int))                                                    \
  F(device_synchronize, "cudaDeviceSynchronize", cudaError_t, ())                                       \
  F(mem_get_info, "cudaMemGetInfo", cudaError_t, (std::size_t*, std::size_t*))                          \
  F(malloc, "cudaMalloc", cudaError_t, (void**, std::size_t))                                           \
  F(free, "cudaFree", cudaError_t, (void*))                                                             \
  F(host_alloc, "cudaHostAlloc", cudaError_t, (void**, std::size_t, unsigned))                          \
  F(free_host, "cudaFreeHost", cudaError_t, (void*))                                                    \
  F(memcpy_async, "cudaMemcpyAsync", cudaError_t,                                                       \
    (void*, const void*, std::size_t, cudaMemcpyKind, cudaStream_t))                                    \
  F(pointer_get_attributes, "cudaPointerGetAttributes", cudaError_t, (PointerAttributes*, const void*)) \
  F(stream_create, "cudaStreamCreateWithFlags", cudaError_t, (cudaStream_t*, unsigned))                 \
  F(stream_destroy, "cudaStreamDestroy", cudaError_t, (cudaStream_t))                                   \
  F(stream_synchronize, "cudaStreamSynchronize", cudaError_t, (cudaStream_t))                           \
  F(stream_query, "cudaStreamQuery", cudaError_t, (cudaStream_t))                                       \
  F(event_create, "cudaEventCreateWithFlags", cudaError_t, (cudaEvent_t*, unsigned))                    \
  F(event_destroy, "cudaEventDestroy", cudaError_t, (cudaEvent_t))                                      \
  F(event_record, "cudaEventRecord", cudaError_t, (cudaEvent_t, cudaStream_t))                          \
  F(event_synchronize, "cudaEventSynchronize", cudaError_t, (cudaEvent_t))                              \
  F(event_query, "cudaEventQuery", cudaError_t, (cudaEvent_t))                                          \
  F(event_elapsed_time, "cudaEventElapsedTime", cudaError_t, (float*, cudaEvent_t, cudaEvent_t))        \
  F(stream_begin_capture, "cudaStreamBeginCapture", cudaError_t, (cudaStream_t, cudaStreamCaptureMode)) \
  F(stream_end_capture, "cudaStreamEndCapture", cudaError_t, (cudaStream_t, cudaGraph_t*))              \
  F(graph_instantiate, "cudaGraphInstantiateWithFlags", cudaError_t,                                    \
    (cudaGraphExec_t*, cudaGraph_t, unsigned long long))                                                \
  F(graph_launch, "cudaGraphLaunch", cudaError_t, (cudaGraphExec_t, cudaStream_t))                      \
  F(graph_exec_destroy, "cudaGraphExecDestroy", cudaError_t, (cudaGraphExec_t))                         \
  F(graph_destroy, "cudaGraphDestroy", cudaError_t, (cudaGraph_t))

/// The functions used, of one version of the library: 11.4 and later have them all.
struct Functions {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration has none
#define POLYGRAPH_CUDA_MEMBER(name, symbol, result, parameters) result(*name) parameters = nullptr;
  POLYGRAPH_CUDA_FUNCTIONS(POLYGRAPH_CUDA_MEMBER)
#undef POLYGRAPH_CUDA_MEMBER
  std::string path;
};

/// Opens the library at the first call: the environment variable POLYGRAPH_CUDART (the library, or a folder
/// with it), what pip installed (`nvidia/cu13/lib`, `nvidia/cuda_runtime/lib`), /usr/local/cuda*/lib64, the
/// dynamic linker's path. Throws BackendError if there is none, listing the places searched, or if it is not
/// CUDA's. Thread-safe.
const Functions& functions();

/// What CUDA knows of memory; of memory that it does not know, that it is unregistered.
PointerAttributes attributes_of(const void* data);

/// Throws BackendError with the call, CUDA's name for the error and what to do: as it says here, or else what
/// suits the error.
[[noreturn]] void fail(cudaError_t error, const char* call, const std::string& doing,
                       std::string remedy = {});
inline void check(cudaError_t error, const char* call, const char* doing) {
  if (error != cudaSuccess) [[unlikely]]
    fail(error, call, doing);
}

/// The device that calls of this thread go to.
int current_device();

/// Makes another device current for a while; does nothing if it is so already.
class DeviceScope {
 public:
  explicit DeviceScope(int device);
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;
  ~DeviceScope() {
    if (before_ >= 0) functions().set_device(before_);
  }

 private:
  int before_ = -1;
};

/// Memory that grows when asked to; what was in it is then lost. Freed with the object.
class Buffer {
 public:
  enum class Kind { device, pinned };
  explicit Buffer(Kind kind) : kind_(kind) {}
  Buffer(Buffer&& other) noexcept
      : kind_(other.kind_),
        data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() { release(); }

  void* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }
  /// At least this many bytes, and at least one, so that there is an address. Throws BackendError if there
  /// are not so many; the buffer is empty then.
  void reserve(std::size_t bytes, const char* doing);

 private:
  void release() noexcept;
  Kind kind_;
  void* data_ = nullptr;
  std::size_t capacity_ = 0;
};

class Event {
 public:
  explicit Event(unsigned flags);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { functions().event_destroy(event_); }
  cudaEvent_t native() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// A graph ready to be launched, or none.
class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() { reset(); }
  cudaGraphExec_t native() const { return graph_; }
  explicit operator bool() const { return graph_ != nullptr; }
  void reset(cudaGraphExec_t graph = nullptr) noexcept {
    if (graph_ != nullptr) functions().graph_exec_destroy(graph_);
    graph_ = graph;
  }

 private:
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace polygraph::trt::cuda
