#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>
#include <polygraph/trt/objects.h>

#include <memory>
#include <mutex>
#include <string>

namespace polygraph::trt {

/// What is looked up in TensorRT's libraries. Each function throws BackendError, with TensorRT's messages, if
/// it gets nothing.
struct Library::State {
  std::filesystem::path path;
  std::string version;
  int number = 0;
  void* handle = nullptr;

  std::shared_ptr<nvinfer1::IBuilder> make_builder() const;
  std::shared_ptr<nvinfer1::IRuntime> make_runtime() const;
  /// Opens the parser's library first, which lies beside TensorRT's or on the dynamic linker's path. It may
  /// need TensorRT's own plugins, which are registered then.
  std::shared_ptr<nvonnxparser::IParser> make_parser(nvinfer1::INetworkDefinition& network) const;

  /// Where creators of plugins are registered.
  nvinfer1::IPluginRegistry& plugin_registry() const;
  /// Registers TensorRT's own plugins (`libnvinfer_plugin.so`), where that library is installed. Returns
  /// whether this call did it: false the next time, and for TensorRT-RTX, which has none.
  bool register_own_plugins() const;

  /// A function by its name; throws BackendError if the library lacks it.
  void* function(const char* name) const;

 private:
  mutable std::mutex mutex_;
  mutable void* parser_ = nullptr;
  mutable bool looked_for_plugins_ = false;
  void* parser() const;
};

}  // namespace polygraph::trt
