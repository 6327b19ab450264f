// Runs the TensorRT runner on a GPU: checks, then a benchmark.
// Usage: gpu_tests MODELS SAVED [ITERATIONS], MODELS as make_models.py writes them and magika.onnx.
#include <polygraph/core/log.h>

#include "gpu/checks.h"
#include "trt/cuda.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODELS SAVED [ITERATIONS]\n", argv[0]);
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace polygraph;
  const std::filesystem::path models = argv[1];
  const std::filesystem::path saved = argv[2];
  const int iterations = argc > 3 ? std::stoi(argv[3]) : 1000;
  set_log_options({.level = Severity::warning});
  try {
    std::filesystem::create_directories(saved);
    const trt::Library library;
    std::printf("%s %s, CUDA runtime %s\n", std::string(trt::flavour_name).c_str(), library.version().c_str(),
                trt::cuda::functions().path.c_str());
    trt::test::Checks checks;
    trt::test::run_checks(checks, models, saved);
    std::printf("%d passed, %d failed\n", checks.passed, checks.failed);
    if (iterations > 0) trt::test::run_benchmark(models, saved, iterations);
    return checks.failed != 0;
  } catch (const std::exception& error) {
    std::printf("FAIL %s\n", error.what());
    return 1;
  }
}
