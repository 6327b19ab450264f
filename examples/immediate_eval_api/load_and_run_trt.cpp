// Immediately evaluated, on TensorRT: load the engine that build_and_run_trt saved, and run it.
//
//   load_and_run_trt [identity.engine]

#include <polygraph/trt.h>

#include <cstdio>

namespace pg = polygraph;
using namespace pg::trt;

int main(int argc, char** argv) try {
  Engine engine = engine_from_path(argc > 1 ? argv[1] : "identity.engine");

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
