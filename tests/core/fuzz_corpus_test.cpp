#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

// Every input that the fuzzer keeps, and every one that once failed, through the fuzz target, without clang.
#include "../fuzz/npy.cpp"

namespace {

TEST(FuzzCorpus, Npy) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(POLYGRAPH_FUZZ_CORPUS "/npy")) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
    ++count;
  }
  EXPECT_GE(count, 20) << "the corpus in fuzz/corpus/npy is missing";
}

}  // namespace
