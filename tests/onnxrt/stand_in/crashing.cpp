// The ONNX Runtime of POLYGRAPH_STAND_IN_OVER, which crashes when a session is made of a model with the
// operator Sigmoid.
#include <dlfcn.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "onnxrt/c_api.h"

namespace {

const OrtApi& real_api(std::uint32_t version) {
  static void* const handle = dlopen(std::getenv("POLYGRAPH_STAND_IN_OVER"), RTLD_NOW | RTLD_LOCAL);
  static const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"))();
  return *base->GetApi(version);
}

const OrtApi* get_api(std::uint32_t version) {
  static OrtApi api;
  std::memcpy(&api, &real_api(version), sizeof(api));
  api.CreateSessionFromArray = [](const OrtEnv* env, const void* data, std::size_t size,
                                  const OrtSessionOptions* options, OrtSession** out) noexcept -> OrtStatus* {
    const std::string_view model(static_cast<const char*>(data), size);
    if (model.find("Sigmoid") != std::string_view::npos) std::raise(SIGSEGV);
    return real_api(16).CreateSessionFromArray(env, data, size, options, out);
  };
  return &api;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base{get_api, [] { return "1.99.1"; }};
  return &base;
}
