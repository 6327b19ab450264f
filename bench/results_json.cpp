// Saves and loads two float32 arrays as results in JSON: results_json FILE BYTES_EACH. Prints the seconds of
// each as JSON.
#include <polygraph/compare/saved_data.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

struct Seconds {
  double wall = 0;
  double processor = 0;
};

template <class F>
Seconds measure(F work) {
  const std::clock_t processor = std::clock();
  const auto begin = std::chrono::steady_clock::now();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace polygraph;
  if (argc != 3) {
    std::cerr << "usage: results_json FILE BYTES_EACH\n";
    return 2;
  }
  const std::filesystem::path path = argv[1];
  const std::int64_t count = std::atoll(argv[2]) / 4;
  compare::RunResults results;
  std::uint32_t state = 1;
  for (const char* runner : {"a", "b"}) {
    Tensor tensor(DataType::float32, Shape{count});
    for (float& value : tensor.mutable_values<float>()) {
      state = state * 1664525 + 1013904223;
      value = static_cast<float>(state >> 8);
    }
    results.add(runner, {{{{"y", tensor}}, 0.5, runner}});
  }
  const Seconds save = measure([&] { compare::save_results(path, results); });
  double sum = 0;
  const Seconds load =
      measure([&] { sum = compare::load_results(path)["b"][0].outputs["y"].element_as_double(count - 1); });
  const bool same = sum == results["b"][0].outputs["y"].element_as_double(count - 1);
  std::cout << nlohmann::json{{"save_s", save.wall},
                              {"save_cpu_s", save.processor},
                              {"load_s", load.wall},
                              {"load_cpu_s", load.processor}}
            << '\n';
  return same ? 0 : 1;
}
