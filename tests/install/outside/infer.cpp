#include <polygraph/openvino.h>

#include <cmath>
#include <cstdint>
#include <iostream>

// Runs the file type model given as argument on an empty file: the probabilities must add up to one.
int main(int, char** argv) {
  namespace pg = polygraph;
  using namespace pg::openvino;

  constexpr std::int32_t padding = 256;
  pg::openvino::Runner runner(EngineFromNetwork(NetworkFromOnnxPath(argv[1]), CreateConfig({.fp32 = true})));
  const auto active = runner.activate();
  const auto& outputs = runner.infer({{"bytes", pg::Tensor::full(pg::Shape{1, 2048}, padding)}});

  double sum = 0;
  for (const float probability : outputs["target_label"].values<float>()) sum += probability;
  std::cout << runner.output_metadata()[0].str() << " adds up to " << sum << '\n';
  return std::abs(sum - 1) < 1e-3 ? 0 : 1;
}
