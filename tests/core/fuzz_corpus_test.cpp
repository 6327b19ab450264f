#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_npy
#include "../fuzz/npy.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_engine_file
#include "../fuzz/engine_file.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, Npy) {
  replay_corpus("npy", fuzz_npy, 20);
}

TEST(FuzzCorpus, EngineFile) {
  replay_corpus("engine_file", fuzz_engine_file, 20);
}

}  // namespace
}  // namespace polygraph
