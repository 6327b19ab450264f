// Immediately evaluated: read identity.onnx, edit the network, build an FP16 engine, save it and run it.
//
//   build_and_run [identity.onnx [identity.engine]]

#include <polygraph/openvino.h>

#include <cstdio>
#include <openvino/op/identity.hpp>

namespace pg = polygraph;
using namespace pg::openvino;

// Puts an identity layer behind the network's output, with OpenVINO's own API, and calls the new output
// "output".
void add_identity(Network& network) {
  const auto old_output = network->get_results().at(0);
  const ov::Output<ov::Node> tensor = old_output->input_value(0);
  network->remove_result(old_output);  // unmark it

  const auto identity = std::make_shared<ov::op::v16::Identity>(tensor);
  identity->set_friendly_name("added_identity");
  identity->output(0).set_names({"output"});
  network->add_results({std::make_shared<ov::op::v0::Result>(identity)});
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
