#include "cli/plugin_config.h"

#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/plugin_yaml.h"

// Whatever config.yaml holds, it can be read or is refused by an InputError. Documents and plugins that were
// read can be written, and what was written is the same when it is read and written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polygraph;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<cli::Yaml> documents;
  try {
    documents = cli::parse_yaml(text, "config.yaml");
  } catch (const InputError&) {
    return 0;
  }
  const std::string written = cli::to_yaml(documents);
  if (cli::to_yaml(cli::parse_yaml(written, "written")) != written) std::abort();
  try {
    const std::string config = cli::to_config(cli::parse_config(text, "config.yaml"));
    if (cli::to_config(cli::parse_config(config, "written")) != config) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
