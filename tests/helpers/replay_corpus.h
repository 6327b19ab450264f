#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace polygraph {

namespace detail {

inline std::vector<std::vector<std::uint8_t>> read_corpus(const std::string& target) {
  std::vector<std::vector<std::uint8_t>> inputs;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(POLYGRAPH_FUZZ_CORPUS) / target)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace detail

/// Changes inputs of the corpus at random (other bytes, pieces taken out, put in from elsewhere or repeated)
/// and gives them to the target, for a time. The same inputs come in the same order in each run. Whatever
/// they are, the target returns 0: what breaks it ends the test.
inline void mutate_corpus(const std::string& target, int (*run)(const std::uint8_t*, std::size_t),
                          std::chrono::seconds time) {
  std::vector<std::vector<std::uint8_t>> corpus = detail::read_corpus(target);
  std::ranges::sort(corpus);
  ASSERT_FALSE(corpus.empty());
  std::minstd_rand random(1);
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  const auto piece = [&](const std::vector<std::uint8_t>& of) {
    const std::size_t begin = below(of.size());
    return std::pair(of.begin() + static_cast<std::ptrdiff_t>(begin),
                     of.begin() + static_cast<std::ptrdiff_t>(
                                      begin + below(std::min<std::size_t>(of.size() - begin, 64))));
  };
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t tried = 0;
  for (; std::chrono::steady_clock::now() < end; ++tried) {
    std::vector<std::uint8_t> input = corpus[below(corpus.size())];
    for (std::size_t changes = 1 + below(8); changes > 0; --changes) {
      const auto at = input.begin() + static_cast<std::ptrdiff_t>(below(input.size()));
      switch (below(4)) {
        case 0:
          if (!input.empty())
            *at = static_cast<std::uint8_t>(below(3) == 0 ? random() : *at ^ (1u << below(8)));
          break;
        case 1: {
          const auto [first, last] = piece(input);
          input.erase(first, last);
          break;
        }
        default: {
          const std::vector<std::uint8_t>& from = corpus[below(corpus.size())];
          const auto [first, last] = piece(from);
          input.insert(at, first, last);
        }
      }
    }
    ASSERT_EQ(run(input.data(), input.size()), 0);
  }
  EXPECT_GT(tried, 100u);
}

/// Gives every input that the fuzzer keeps for a target, and every one that once failed, to the target,
/// without clang.
/// @param at_least  How many there must be, so that a corpus that is not found is noticed.
inline void replay_corpus(const std::string& target, int (*run)(const std::uint8_t*, std::size_t),
                          int at_least) {
  const std::filesystem::path folder = std::filesystem::path(POLYGRAPH_FUZZ_CORPUS) / target;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
    ++count;
  }
  EXPECT_GE(count, at_least) << "inputs are missing in " << folder;
}

}  // namespace polygraph
