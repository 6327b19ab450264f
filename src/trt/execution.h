#pragma once

#include <NvInfer.h>
#include <polygraph/trt/runner.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "trt/cuda.h"
#include "trt/layout.h"
#include "trt/signature.h"
#include "trt/versions/run.h"

namespace polygraph::trt {

/// Keeps what TensorRT says about an execution context's failures.
class ErrorRecorder final : public nvinfer1::IErrorRecorder {
 public:
  std::int32_t getNbErrors() const noexcept override;
  nvinfer1::ErrorCode getErrorCode(std::int32_t index) const noexcept override;
  ErrorDesc getErrorDesc(std::int32_t index) const noexcept override;
  bool hasOverflowed() const noexcept override { return false; }
  void clear() noexcept override;
  bool reportError(nvinfer1::ErrorCode code, ErrorDesc text) noexcept override;
  RefCount incRefCount() noexcept override { return 1; }
  RefCount decRefCount() noexcept override { return 1; }

  std::vector<std::string> take();

 private:
  mutable std::mutex mutex_;  // TensorRT may report from threads of its own
  std::vector<std::pair<nvinfer1::ErrorCode, std::string>> errors_;
};

/// Receives what each layer took.
class LayerProfiler final : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(const char* name, float milliseconds) noexcept override;
  std::vector<LayerTime> times;
};

/// An output whose size TensorRT knows only while it runs.
class GrowingOutput final : public nvinfer1::IOutputAllocator {
 public:
  explicit GrowingOutput(cuda::Buffer& buffer) : buffer_(buffer) {}
  void* reallocateOutput(const char* name, void* current, std::uint64_t size,
                         std::uint64_t alignment) noexcept override;
  void notifyShape(const char* name, const nvinfer1::Dims& dims) noexcept override;

  std::vector<std::int64_t> dims;
  std::string failure;  ///< why there was no memory; empty if there was

 private:
  cuda::Buffer& buffer_;
};

/// The debug tensors of an inference, on the host.
class DebugTensors final : public DebugTensorSink {
 public:
  /// Throws BackendError if TensorRT has none.
  explicit DebugTensors(nvinfer1::IExecutionContext& context);
  bool receive(const char* name, nvinfer1::DataType type, const nvinfer1::Dims& dims, const void* data,
               bool on_host, cudaStream_t stream) noexcept override;

  std::vector<std::pair<std::string, Tensor>> values;  ///< in the order in which they were computed
  std::string failure;                                 ///< why there is not all; empty if there is

 private:
  DebugListener listener_;
};

/// One execution context with its stream, its memory and, once shapes repeat, its CUDA graph. For one thread
/// at a time. It keeps the engine alive.
///
/// Once shapes and addresses repeat, submitting is: copy small inputs to pinned memory, launch the graph.
class Execution {
 public:
  Execution(Engine engine, std::shared_ptr<const Signature> signature, const RunnerOptions& options);
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  ~Execution();

  /// Starts an inference on host tensors.
  void submit(const FeedDict& feed);
  /// Starts an inference on device tensors.
  void submit(const DeviceTensorMap& inputs, const FeedDict& host_inputs, const DeviceTensorMap& outputs);
  /// Waits for it.
  void wait();
  bool is_done();

  const TensorMap& outputs() const { return outputs_; }
  const DeviceTensorMap& device_outputs() const { return device_outputs_; }
  double gpu_seconds() const;
  const std::vector<LayerTime>& layer_times() const { return layer_times_.times; }
  bool was_graph() const { return was_graph_; }
  int profile() const { return profile_; }
  const Engine& engine() const { return engine_; }
  const Stream& stream() const { return stream_; }
  nvinfer1::IExecutionContext& context() const { return *context_; }

 private:
  struct Input {
    const char* name;
    bool on_host;
    std::vector<std::int64_t> dims;  // that are set
    std::size_t bytes = 0;
    void* address = nullptr;       // that is set
    const void* source = nullptr;  // where the GPU copies it from; null: it is not copied, or in chunks
    bool outside_graph = false;    // its source changes, or it is copied in chunks
    std::optional<Layout> layout;  // if it is not row-major
    cuda::Buffer device{cuda::Buffer::Kind::device};
    cuda::Buffer staging{cuda::Buffer::Kind::pinned};
  };
  struct Output {
    const char* name;
    bool on_host;
    DataType dtype;
    bool growing = false;
    bool direct = false;                            // the engine writes it to `staging`
    std::optional<std::size_t> aliased_input = {};  // the engine writes it over this input
    std::optional<Layout> layout = {};              // if it is not row-major
    std::size_t bytes = 0;
    void* address = nullptr;  // that is set

    cuda::Buffer device{cuda::Buffer::Kind::device};
    cuda::Buffer staging{cuda::Buffer::Kind::pinned};
    cuda::Buffer row_major{cuda::Buffer::Kind::pinned};  // of `staging`, if it has a layout
    std::unique_ptr<GrowingOutput> allocator;
  };
  struct Fed {
    const Tensor* host = nullptr;
    const DeviceTensor* device = nullptr;
  };

  void enter(bool on_device);
  bool same_shapes();
  void bind_shapes();
  void bind_profile(int profile);
  void bind_memory();
  void bind_outputs();
  void bind_addresses(const DeviceTensorMap& outputs);
  void bind_input(Input& input, const DeviceTensor* given);
  void bind_output(Output& output, const DeviceTensor* given, DeviceTensor& result);
  void require_fitting(const Output& output, const DeviceTensor& given, const DeviceTensor& result) const;
  void* own_memory(const Output& output) const;
  void set_address(const char* name, void* address);
  void require_room(const char* name, const DeviceTensor& tensor, std::size_t bytes) const;
  void require_device_memory(const char* name, const DeviceTensor& tensor) const;
  void stage();
  void stage_input(Input& input, const Tensor& tensor);
  void copy_in_chunks(Input& input, const Tensor& tensor);
  void record_source(Input& input, const void* source);
  void start();
  void run();
  void blame_stream() const;
  cudaError_t enqueue(cudaStream_t stream);
  bool capture();
  void read_growing_outputs();
  void unpack_outputs();
  void take_debug_tensors();
  void reset_graph();
  void finish();
  [[noreturn]] void fail_running(cudaError_t error);

  Engine engine_;
  std::shared_ptr<const Signature> signature_;
  RunnerOptions options_;
  const cuda::Functions& cuda_;
  int device_;
  Stream stream_;
  Stream recording_;  // what graphs are recorded on: others may submit to a stream of the caller's meanwhile
  ErrorRecorder errors_;
  LayerProfiler layer_times_;
  cuda::Buffer scratch_{cuda::Buffer::Kind::device};
  std::vector<Input> inputs_;
  std::vector<Output> outputs_of_context_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  cuda::Graph graph_;
  std::unique_ptr<cuda::Event> started_, ended_;
  std::unique_ptr<DebugTensors> debug_;

  std::vector<Fed> fed_;
  std::vector<std::vector<std::int64_t>> fed_shapes_;
  TensorMap outputs_;
  DeviceTensorMap device_outputs_;
  int profile_ = -1;
  int repeats_ = 0;  // inferences since shapes or addresses changed
  bool bound_ = false;
  bool on_device_ = false;
  bool can_record_ = true;
  bool any_growing_ = false;
  bool any_packed_ = false;  // an output has a layout
  bool was_graph_ = false;
  bool in_flight_ = false;
  bool end_recorded_ = false;  // `ended_` is of the inference in flight
};

}  // namespace polygraph::trt
