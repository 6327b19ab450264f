// ONNX Runtime 1.99.0, which offers no table of functions.
#include "onnxrt/c_api.h"

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base{[](std::uint32_t) -> const OrtApi* { return nullptr; },
                               [] { return "1.99.0"; }};
  return &base;
}
