// Saves and loads two float32 arrays as results in JSON: results_json FILE BYTES_EACH. Prints the seconds of
// each as JSON.
#include <polygraph/compare/saved_data.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

template <class F>
double seconds(F work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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
  const double save_s = seconds([&] { compare::save_results(path, results); });
  double sum = 0;
  const double load_s =
      seconds([&] { sum = compare::load_results(path)["b"][0].outputs["y"].element_as_double(count - 1); });
  const bool same = sum == results["b"][0].outputs["y"].element_as_double(count - 1);
  std::cout << nlohmann::json{{"save_s", save_s}, {"load_s", load_s}} << '\n';
  return same ? 0 : 1;
}
