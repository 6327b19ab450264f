#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_onnx_text
#include "../fuzz/onnx_text.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, OnnxText) {
  replay_corpus("onnx_text", fuzz_onnx_text, 8);
}

TEST(FuzzMutations, OnnxText) {
  mutate_corpus("onnx_text", fuzz_onnx_text, std::chrono::seconds(30));
}

}  // namespace
}  // namespace polygraph
