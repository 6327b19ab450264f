#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/tools.h"

namespace {

using namespace polygraph;

// Arguments are separated by line breaks.
std::vector<std::string> arguments_of(std::string_view text) {
  std::vector<std::string> arguments;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return arguments;
}

}  // namespace

// Whatever the command line is, the program's own tables accept it or a UsageError says why not. No tool is
// run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> arguments = arguments_of({reinterpret_cast<const char*>(data), size});
  cli::Session session;
  try {
    const cli::Command command = cli::parse(cli::polygraph_tool(session), arguments);
    cli::usage_line(command.name(), command.tool());
    if (command.wants_help() || command.instead() != nullptr) return 0;
    command.apply();
    session.logging.resolve();
  } catch (const UsageError&) {
  }
  return 0;
}
