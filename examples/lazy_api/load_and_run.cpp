// Lazily: load the saved engine when the runner is activated, and run it.
//
//   load_and_run [identity.engine]

#include <polygraph/openvino.h>

#include <cstdio>

namespace pg = polygraph;
using namespace pg::openvino;

int main(int argc, char** argv) try {
  Runner runner(EngineFromPath(argc > 1 ? argv[1] : "identity.engine"));
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
