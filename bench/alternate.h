#pragma once

#include <polygraph/core/tensor.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "openvino/count_allocations.h"

// Two ways of doing one inference, measured in turns. A side is a callable that returns where the output is.

using Clock = std::chrono::steady_clock;

inline const void* volatile sink;

// How many feeds take turns where each call is to see new addresses.
inline constexpr std::size_t feed_count = 16;

// Feeds of zeros; no two share memory.
inline std::vector<polygraph::FeedDict> make_feeds(const polygraph::TensorMetadata& inputs,
                                                   std::size_t count) {
  std::vector<polygraph::FeedDict> feeds(count);
  for (polygraph::FeedDict& feed : feeds)
    for (const polygraph::TensorInfo& input : inputs)
      feed.set(input.name, polygraph::Tensor(input.dtype.value(), input.shape.with_defaults()));
  return feeds;
}

// The median time of the calls of one block, in nanoseconds. The first call, and more up to a tenth of the
// block, is not measured: the other side's block has filled the caches.
template <class Side>
double block(Side& side, std::chrono::nanoseconds length) {
  static std::vector<float> times;
  times.clear();
  times.reserve(1 << 20);
  const auto begin = Clock::now();
  const auto measured = begin + length / 10;
  const auto end = begin + length;
  sink = side();
  for (auto before = Clock::now(); before < end || times.empty();) {
    sink = side();
    const auto after = Clock::now();
    if (before >= measured) times.push_back(std::chrono::duration<float, std::nano>(after - before).count());
    before = after;
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

template <class Side>
double allocations_per_call(Side& side) {
  constexpr int calls = 200;
  return static_cast<double>(count_allocations([&] {
           for (int i = 0; i < calls; ++i) sink = side();
         })) /
         calls;
}

template <class Bare, class Other>
nlohmann::json compare(Bare& bare, Other& other, int pairs, std::chrono::milliseconds length) {
  block(bare, 4 * length);
  block(other, 4 * length);
  std::vector<double> bare_ns;
  std::vector<double> other_ns;
  for (int i = 0; i < pairs;
       ++i) {  // bare, other, other, bare, ...: a drift of the machine's speed cancels out
    const bool bare_first = i % 2 == 0;
    if (bare_first) bare_ns.push_back(block(bare, length));
    other_ns.push_back(block(other, length));
    if (!bare_first) bare_ns.push_back(block(bare, length));
  }
  const double bare_allocations = allocations_per_call(bare);
  return {{"bare_ns", bare_ns},
          {"runner_ns", other_ns},
          {"bare_allocations", bare_allocations},
          {"runner_allocations", allocations_per_call(other)}};
}
