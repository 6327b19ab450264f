#pragma once

#include <NvInferVersion.h>

// The version of the headers: 805 is TensorRT 8.5, 1014 is 10.14; for TensorRT-RTX that of the TensorRT whose
// interface it has.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): what is compiled depends on it
#define POLYGRAPH_TENSORRT (NV_TENSORRT_MAJOR * 100 + NV_TENSORRT_MINOR)
