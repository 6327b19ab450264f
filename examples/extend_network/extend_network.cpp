// Changing a network between reading and building, with extend: a function that edits it in place, one that
// returns something else, and loaders of the library, chained.
//
//   extend_network [identity.onnx]

#include <polygraph/openvino.h>

#include <cstdio>
#include <iostream>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>

namespace pg = polygraph;
using namespace pg::openvino;

// Returns nothing: the edited network itself is passed on.
void add_one(Network& network) {
  const auto result = network->get_results().at(0);
  const auto one = ov::op::v0::Constant::create(ov::element::f32, {}, {1.0f});
  const auto sum = std::make_shared<ov::op::v1::Add>(result->input_value(0), one);
  sum->set_friendly_name("plus_one");
  sum->output(0).set_names({"plus_one"});
  result->input(0).replace_source_output(sum);
}

// Returns something: that is passed on instead.
std::size_t count_layers(const Network& network) {
  return network->get_ops().size();
}

int main(int argc, char** argv) try {
  const char* onnx_path = argc > 1 ? argv[1] : "identity.onnx";

  const auto load = pg::extend(NetworkFromOnnxPath(onnx_path), add_one);
  const auto count = pg::extend(load, count_layers);
  std::cout << "Layers, constants and outputs included: " << count() << "\n";

  // Each call of `load` reads and edits afresh, so chaining it twice adds one twice.
  const auto twice = pg::extend(load, add_one);
  Runner runner{EngineFromNetwork(twice)};
  const auto active = runner.activate();
  const pg::TensorMap& outputs = runner.infer({{"x", pg::Tensor::full(pg::Shape{1, 1, 2, 2}, 40.0f)}});
  std::cout << outputs["plus_one"].str() << "\n";
  return outputs["plus_one"].values<float>()[0] == 42.0f ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
