#pragma once

#include <NvInfer.h>
#include <polygraph/trt/objects.h>

#include <memory>

namespace polygraph::trt {

/// In the order of destruction's reverse: the engine uses what stands before it.
struct Engine::State {
  Runtime runtime;
  Bytes serialized;  ///< what the engine was loaded from
  std::shared_ptr<nvinfer1::ICudaEngine> engine;
};

}  // namespace polygraph::trt
