#pragma once

#include <dlfcn.h>

#include <cstdlib>

#include "trt_runner/stand_in/control.h"

namespace polygraph::trt::test {

/// Of the stand-in that POLYGRAPH_CUDART names.
inline StandInCuda& cuda() {
  static StandInCuda& control = []() -> StandInCuda& {
    void* const handle = dlopen(std::getenv("POLYGRAPH_CUDART"), RTLD_NOW);
    return *reinterpret_cast<StandInCuda* (*)()>(dlsym(handle, "stand_in_cuda"))();
  }();
  return control;
}

}  // namespace polygraph::trt::test
