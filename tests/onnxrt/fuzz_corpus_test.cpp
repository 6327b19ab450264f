#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_onnxrt_profile
#include "../fuzz/onnxrt_profile.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, OnnxrtProfile) {
  replay_corpus("onnxrt_profile", fuzz_onnxrt_profile, 8);
}

TEST(FuzzMutations, OnnxrtProfile) {
  mutate_corpus("onnxrt_profile", fuzz_onnxrt_profile, std::chrono::seconds(5));
}

}  // namespace
}  // namespace polygraph
