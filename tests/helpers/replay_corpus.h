#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace polygraph {

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
