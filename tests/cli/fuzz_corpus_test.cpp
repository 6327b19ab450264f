#include "helpers/replay_corpus.h"

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

}  // namespace
}  // namespace polygraph
