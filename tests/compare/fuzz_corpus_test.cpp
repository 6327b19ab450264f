#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_rank_message
#include "../fuzz/rank_message.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_results_json
#include "../fuzz/results_json.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_results_npz
#include "../fuzz/results_npz.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, ResultsJson) {
  replay_corpus("results_json", fuzz_results_json, 15);
}

TEST(FuzzCorpus, ResultsNpz) {
  replay_corpus("results_npz", fuzz_results_npz, 6);
}

TEST(FuzzCorpus, RankMessage) {
  replay_corpus("rank_message", fuzz_rank_message, 6);
}

TEST(FuzzMutations, RankMessage) {
  mutate_corpus("rank_message", fuzz_rank_message, std::chrono::seconds(5));
}

}  // namespace
}  // namespace polygraph
