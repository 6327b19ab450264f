// Several runners in several threads, from one loader and from one engine.
//
//   several_threads [identity.onnx]

#include <polygraph/openvino.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

namespace pg = polygraph;
using namespace pg::openvino;

// Runs a hundred inferences and counts the results that are right.
int count_right(Runner& runner, float value) {
  const auto active = runner.activate();
  const pg::FeedDict feed{{"x", pg::Tensor::full(pg::Shape{1, 1, 2, 2}, value)}};
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const pg::TensorMap& outputs = runner.infer(feed);
    right += outputs["y"].values<float>()[3] == value;
  }
  return right;
}

int main(int argc, char** argv) try {
  const char* onnx_path = argc > 1 ? argv[1] : "identity.onnx";
  const EngineFromNetwork build{NetworkFromOnnxPath(onnx_path)};
  const Engine engine = build();

  constexpr int threads_each = 2;
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < threads_each; ++t) {
    // A loader is a value: each thread has its copy, and builds an engine of its own.
    threads.emplace_back([build, t, &right] {
      Runner runner(build);
      right += count_right(runner, static_cast<float>(t));
    });
    // An engine is a handle: these runners share one.
    threads.emplace_back([engine, t, &right] {
      Runner runner(engine);
      right += count_right(runner, static_cast<float>(t) + 0.5f);
    });
  }
  threads.clear();  // joins

  std::printf("%d of %d inferences were right\n", right.load(), 2 * threads_each * 100);
  return right == 2 * threads_each * 100 ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
