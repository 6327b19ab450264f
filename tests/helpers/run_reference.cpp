// Computes a model with the reference runner, for the comparison with Python: run_reference MODEL FOLDER
// [REPEATS]. Inputs are FOLDER/<name>.npy, outputs, in double precision, FOLDER/out_<k>.npy. Prints the
// milliseconds of the fastest run.

#include <polygraph/core/npy.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/reference/runner.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace pg = polygraph;

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("usage: run_reference MODEL FOLDER [REPEATS]");
  const std::filesystem::path folder = argv[2];
  pg::reference::Runner runner(pg::onnx::OnnxFromPath(argv[1]), {}, {.outputs_in_double = true});
  const auto active = runner.activate();
  pg::FeedDict feed;
  for (const pg::TensorInfo& input : runner.input_metadata())
    feed.set(input.name, pg::load_npy(folder / (input.name + ".npy"), input.dtype));
  double seconds = 1e300;
  for (int i = 0; i < (argc > 3 ? std::stoi(argv[3]) : 1); ++i) {
    runner.infer(feed);
    seconds = std::min(seconds, runner.last_inference_time());
  }
  const pg::TensorMap& outputs = runner.infer(feed);
  for (std::size_t k = 0; k < outputs.size(); ++k)
    pg::save_npy(folder / ("out_" + std::to_string(k) + ".npy"), outputs.at(k).second);
  std::cout << seconds * 1e3 << '\n';
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
