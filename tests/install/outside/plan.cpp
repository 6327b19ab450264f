#include <polygraph/trt.h>

#include <iostream>

// Adds a layer to the model given first and saves its engine as the second.
int main(int, char** argv) try {
  using namespace polygraph::trt;
  Network network = network_from_onnx_path(argv[1]);
  nvinfer1::ITensor* const old_output = network->getOutput(0);
  network->unmarkOutput(*old_output);
  nvinfer1::IIdentityLayer* const identity = network->addIdentity(*old_output);
  identity->setName("added_identity");
  network->markOutput(*identity->getOutput(0));
  polygraph::save_bytes(engine_bytes_from_network(network, create_config({.fp16 = true})), argv[2]);
  std::cout << "output of " << identity->getName() << '\n';
} catch (const polygraph::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
