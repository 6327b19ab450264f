#include "helpers/replay_corpus.h"

// First: the others bring in names that fmt does not expect.
#define LLVMFuzzerTestOneInput fuzz_rank_message
#include "../fuzz/rank_message.cpp"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_command_line
#include "../fuzz/command_line.cpp"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_plugin_config
#include "../fuzz/plugin_config.cpp"
#undef LLVMFuzzerTestOneInput

namespace polygraph {
namespace {

TEST(FuzzCorpus, CommandLine) {
  replay_corpus("command_line", fuzz_command_line, 20);
}

TEST(FuzzCorpus, PluginConfig) {
  replay_corpus("plugin_config", fuzz_plugin_config, 8);
}

TEST(FuzzMutations, PluginConfig) {
  mutate_corpus("plugin_config", fuzz_plugin_config, std::chrono::seconds(5));
}

TEST(FuzzCorpus, RankMessage) {
  replay_corpus("rank_message", fuzz_rank_message, 4);
}

TEST(FuzzMutations, RankMessage) {
  mutate_corpus("rank_message", fuzz_rank_message, std::chrono::seconds(5));
}

}  // namespace
}  // namespace polygraph
