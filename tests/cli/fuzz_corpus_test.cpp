#include "helpers/replay_corpus.h"

#define LLVMFuzzerTestOneInput fuzz_command_line
#include "../fuzz/command_line.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, CommandLine) {
  replay_corpus("command_line", fuzz_command_line, 20);
}

}  // namespace
}  // namespace polygraph
