#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_npy
#include "../fuzz/npy.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_engine_file
#include "../fuzz/engine_file.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_tactic_replay
#include "../fuzz/tactic_replay.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_plan
#include "../fuzz/plan.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, Npy) {
  replay_corpus("npy", fuzz_npy, 20);
}

TEST(FuzzCorpus, EngineFile) {
  replay_corpus("engine_file", fuzz_engine_file, 20);
}

TEST(FuzzCorpus, TacticReplay) {
  replay_corpus("tactic_replay", fuzz_tactic_replay, 7);
}

TEST(FuzzCorpus, Plan) {
  replay_corpus("plan", fuzz_plan, 23);
}

}  // namespace
}  // namespace polygraph
