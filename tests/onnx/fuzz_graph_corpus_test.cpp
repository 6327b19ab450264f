#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_graph
#include "../fuzz/graph.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, Graph) {
  replay_corpus("graph", fuzz_graph, 6);
}

TEST(FuzzMutations, Graph) {
  mutate_corpus("graph", fuzz_graph, std::chrono::seconds(30));
}

}  // namespace
}  // namespace polygraph
