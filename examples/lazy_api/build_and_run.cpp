// Lazily: the same job as ../immediate_eval_api/build_and_run.cpp, said as one expression that does nothing
// until a runner needs it.
//
//   build_and_run [identity.onnx [identity.engine]]

#include <polygraph/openvino.h>

#include <cstdio>
#include <iostream>
#include <openvino/op/identity.hpp>

namespace pg = polygraph;
using namespace pg::openvino;

void add_identity(Network& network) {
  const auto old_output = network->get_results().at(0);
  const ov::Output<ov::Node> tensor = old_output->input_value(0);
  network->remove_result(old_output);

  const auto identity = std::make_shared<ov::op::v16::Identity>(tensor);
  identity->set_friendly_name("added_identity");
  identity->output(0).set_names({"output"});
  network->add_results({std::make_shared<ov::op::v0::Result>(identity)});
}

int main(int argc, char** argv) try {
  const char* onnx_path = argc > 1 ? argv[1] : "identity.onnx";
  const char* engine_path = argc > 2 ? argv[2] : "identity.engine";

  const auto load_network = pg::extend(NetworkFromOnnxPath(onnx_path), add_identity, "add_identity");
  const EngineFromNetwork build(load_network, CreateConfig({.tf32 = false, .fp16 = true}));
  const SaveEngine build_and_save(build, engine_path);
  std::cout << "Nothing has been read yet. To be called: " << build_and_save << "\n";

  Runner runner(build_and_save);
  const auto active = runner.activate();  // reads, edits, builds, saves
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
