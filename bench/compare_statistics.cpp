// Everything that is reported of two outputs: statistics of both, of their absolute and relative difference
// with exact quantiles, and histograms.
//
//   compare_statistics TYPE ELEMENTS ROUNDS
//
// Prints {"seconds": [...], "extra_bytes": N}: what the memory peak grows by beyond the tensors.

#include <polygraph/compare/statistics.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace pg = polygraph;

namespace {

/// A number of /proc/self/status, in bytes.
std::int64_t memory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1)) * 1024;
  throw std::runtime_error("/proc/self/status lacks " + key);
}

/// Normally distributed numbers (for integers, times 30), and the same with an error of one percent.
void fill(pg::Tensor& first, pg::Tensor& second) {
  constexpr std::int64_t piece = 1 << 20;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const float scale = pg::is_integral(first.dtype()) ? 30.0f : 1.0f;
  const std::size_t bytes = static_cast<std::size_t>(pg::bit_width(first.dtype())) / 8;
  for (std::int64_t begin = 0; begin < first.element_count(); begin += piece) {
    const std::int64_t size = std::min(piece, first.element_count() - begin);
    pg::Tensor a(pg::DataType::float32, pg::Shape{size}), b(pg::DataType::float32, pg::Shape{size});
    for (std::int64_t i = 0; i < size; ++i) {
      const float value = normal(random) * scale;
      a.mutable_values<float>()[static_cast<std::size_t>(i)] = value;
      b.mutable_values<float>()[static_cast<std::size_t>(i)] = value + normal(random) * scale * 0.01f;
    }
    for (const auto& [from, to] : {std::pair{&a, &first}, std::pair{&b, &second}}) {
      const pg::Tensor cast = from->cast(to->dtype());
      std::memcpy(static_cast<std::byte*>(to->mutable_data()) + static_cast<std::size_t>(begin) * bytes,
                  cast.data(), cast.nbytes());
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::invalid_argument("usage: compare_statistics TYPE ELEMENTS ROUNDS");
  const auto dtype = pg::parse_data_type(argv[1]);
  if (!dtype) throw std::invalid_argument(std::string("there is no type ") + argv[1]);
  const pg::Shape shape{std::stoll(argv[2])};
  pg::Tensor first(*dtype, shape), second(*dtype, shape);
  fill(first, second);

  std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
  const std::int64_t before = memory("VmRSS");
  nlohmann::json seconds;
  for (int round = 0; round < std::stoi(argv[3]); ++round) {
    const auto start = std::chrono::steady_clock::now();
    const auto found = pg::compare::difference(first, second);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!(found.absolute.median >= 0)) throw std::runtime_error("the statistics are wrong");
  }
  std::cout << nlohmann::json{{"seconds", seconds}, {"extra_bytes", memory("VmHWM") - before}} << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << "compare_statistics: " << error.what() << '\n';
  return 1;
}
