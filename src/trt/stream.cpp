#include <polygraph/trt/stream.h>

#include "trt/cuda.h"

namespace polygraph::trt {

Stream Stream::create() {
  const cuda::Functions& cuda = cuda::functions();
  Stream made;
  cuda::check(cuda.stream_create(&made.stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags",
              "Making a stream");
  made.owner_ = std::shared_ptr<void>(made.stream_, [](void* stream) {
    cuda::functions().stream_destroy(static_cast<cudaStream_t>(stream));
  });
  return made;
}

Stream Stream::view(cudaStream_t stream, std::shared_ptr<void> keep_alive) {
  Stream made;
  made.stream_ = stream;
  made.owner_ = std::move(keep_alive);
  return made;
}

void Stream::synchronize() const {
  cuda::check(cuda::functions().stream_synchronize(stream_), "cudaStreamSynchronize", "Waiting for the GPU");
}

}  // namespace polygraph::trt
