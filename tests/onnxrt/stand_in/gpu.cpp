// The ONNX Runtime of POLYGRAPH_STAND_IN_OVER, which claims to have the providers of NVIDIA's GPUs. Adding
// one of them writes what it was given to POLYGRAPH_STAND_IN_LOG; the CPU does the work.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "onnxrt/c_api.h"

struct OrtCUDAProviderOptionsV2 {
  std::string text;
};
struct OrtTensorRTProviderOptionsV2 {
  std::string text;
};

namespace {

using Keys = const char* const*;

const char* names[] = {"TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"};

void log_line(const std::string& text) {
  std::ofstream(std::getenv("POLYGRAPH_STAND_IN_LOG"), std::ios::app) << text << '\n';
}

template <class Options>
OrtStatus* create(Options** out) noexcept {
  *out = new Options;
  return nullptr;
}
template <class Options>
OrtStatus* update(Options* options, Keys keys, Keys values, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) options->text += std::string(" ") + keys[i] + "=" + values[i];
  return nullptr;
}
template <class Options>
void release(Options* options) noexcept {
  delete options;
}

const OrtApiBase* real_base() {
  void* const handle = dlopen(std::getenv("POLYGRAPH_STAND_IN_OVER"), RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<const OrtApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"))();
}

const OrtApi* get_api(std::uint32_t version) {
  static OrtApi api;
  std::memcpy(&api, real_base()->GetApi(version), sizeof(api));
  api.GetAvailableProviders = [](char*** out, int* count) noexcept -> OrtStatus* {
    *out = const_cast<char**>(names);
    *count = 3;
    return nullptr;
  };
  api.ReleaseAvailableProviders = [](char**, int) noexcept -> OrtStatus* { return nullptr; };
  api.CreateCUDAProviderOptions = create<OrtCUDAProviderOptionsV2>;
  api.UpdateCUDAProviderOptions = update<OrtCUDAProviderOptionsV2>;
  api.ReleaseCUDAProviderOptions = release<OrtCUDAProviderOptionsV2>;
  api.SessionOptionsAppendExecutionProvider_CUDA_V2 =
      [](OrtSessionOptions*, const OrtCUDAProviderOptionsV2* options) noexcept -> OrtStatus* {
    log_line("CUDA" + options->text);
    return nullptr;
  };
  api.CreateTensorRTProviderOptions = create<OrtTensorRTProviderOptionsV2>;
  api.UpdateTensorRTProviderOptions = update<OrtTensorRTProviderOptionsV2>;
  api.ReleaseTensorRTProviderOptions = release<OrtTensorRTProviderOptionsV2>;
  api.SessionOptionsAppendExecutionProvider_TensorRT_V2 =
      [](OrtSessionOptions*, const OrtTensorRTProviderOptionsV2* options) noexcept -> OrtStatus* {
    log_line("TensorRT" + options->text);
    return nullptr;
  };
  return &api;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base{get_api, [] { return "1.99.1"; }};
  return &base;
}
