// ONNX Runtime 1.19.2, which offers no table of functions.
#include "onnxrt/c_api.h"

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base{[](std::uint32_t) -> const OrtApi* { return nullptr; },
                               [] { return "1.19.2"; }};
  return &base;
}
