// Immediately evaluated, on TensorRT: read identity.onnx, edit the network, build an FP16 engine, save it and
// run it.
//
//   build_and_run_trt [identity.onnx [identity.engine]]

#include <polygraph/trt.h>

#include <cstdio>

namespace pg = polygraph;
using namespace pg::trt;

// Puts an identity layer behind the network's output, with TensorRT's own API, and calls the new output
// "output".
void add_identity(Network& network) {
  nvinfer1::ITensor* const old_output = network->getOutput(0);
  network->unmarkOutput(*old_output);

  nvinfer1::IIdentityLayer* const identity = network->addIdentity(*old_output);
  identity->setName("added_identity");
  identity->getOutput(0)->setName("output");
  network->markOutput(*identity->getOutput(0));
}

int main(int argc, char** argv) try {
  const char* onnx_path = argc > 1 ? argv[1] : "identity.onnx";
  const char* engine_path = argc > 2 ? argv[2] : "identity.engine";

  Network network = network_from_onnx_path(onnx_path);
  add_identity(network);
  Engine engine = engine_from_network(network, create_config({.tf32 = false, .fp16 = true}));
  save_engine(engine, engine_path);

  Runner runner(engine);
  const auto active = runner.activate();
  const pg::Tensor ones = pg::Tensor::full(pg::Shape{1, 1, 2, 2}, 1.0f);
  const pg::TensorMap& outputs = runner.infer({{"x", ones}});

  for (const float value : outputs["output"].values<float>()) {
    if (value != 1.0f) {
      std::fprintf(stderr, "Expected ones, and got %g\n", value);
      return 1;
    }
  }
  std::puts("Inference succeeded!");
  return 0;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
