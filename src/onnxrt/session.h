#pragma once

#include <polygraph/onnx/storage.h>
#include <polygraph/onnxrt/objects.h>

#include <string>
#include <vector>

#include "onnxrt/layer_timing.h"
#include "onnxrt/translate.h"

namespace polygraph::onnxrt {

/// In the order of destruction's reverse: the session uses what stands before it.
struct Session::State {
  explicit State(Library from)
      : library(std::move(from)),
        cpu(nullptr, library.api().ReleaseMemoryInfo),
        session(nullptr, library.api().ReleaseSession) {}

  Library library;
  std::string model_name;
  TensorMetadata inputs;
  TensorMetadata outputs;
  std::vector<ValueKind> input_kinds;
  std::vector<ValueKind> output_kinds;
  std::vector<const char*> input_names;  ///< those of `inputs`, as the API takes them
  std::vector<const char*> output_names;
  std::vector<std::string> providers;
  bool profiling = false;
  onnx::Storage storage;        ///< what `weights` may view
  std::vector<Tensor> weights;  ///< what `weight_values` view
  std::vector<Handle<OrtValue>> weight_values;
  Handle<OrtMemoryInfo> cpu;  ///< for values that view host memory
  Handle<OrtSession> session;
  std::unique_ptr<LayerTiming> layer_timing;  ///< null if it is not asked for

  const OrtApi& api() const { return library.api(); }
};

/// Throws BackendError, naming the first one, unless all inputs and outputs are tensors.
void require_tensors(const Session& session);

}  // namespace polygraph::onnxrt
