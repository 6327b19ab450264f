#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_onnx
#include "../fuzz/onnx.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, Onnx) {
  replay_corpus("onnx", fuzz_onnx, 10);
}

TEST(FuzzMutations, Onnx) {
  mutate_corpus("onnx", fuzz_onnx, std::chrono::seconds(30));
}

}  // namespace
}  // namespace polygraph
