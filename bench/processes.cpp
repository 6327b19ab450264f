// Wall time and peak memory of command lines that take turns.
//
//   processes ROUNDS -- COMMAND... [-- COMMAND...]...
//
// Each round runs every command once, its output thrown away. Prints, for each command, {"wall_s": [...],
// "rss_bytes": [...]}. A child's peak memory can be no less than this program's own, which is why it is small
// and not a script.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

struct Command {
  std::vector<char*> arguments;  // ends with null, as posix_spawn wants it
  std::vector<double> wall_s;
  std::vector<std::int64_t> rss_bytes;
};

void run(Command& command, const posix_spawn_file_actions_t& actions) {
  const auto started = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int error =
          posix_spawnp(&child, command.arguments[0], &actions, nullptr, command.arguments.data(), environ))
    throw std::system_error(error, std::generic_category(), command.arguments[0]);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child)
    throw std::system_error(errno, std::generic_category(), "wait4");
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(std::string(command.arguments[0]) + " failed with wait status " +
                             std::to_string(status));
  command.wall_s.push_back(wall.count());
  command.rss_bytes.push_back(std::int64_t{1024} * usage.ru_maxrss);
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<Command> commands;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") == 0)
      commands.emplace_back();
    else if (!commands.empty())
      commands.back().arguments.push_back(argv[i]);
  }
  if (commands.empty())
    throw std::invalid_argument("usage: processes ROUNDS -- COMMAND... [-- COMMAND...]...");
  for (Command& command : commands) command.arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {1, 2})
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  for (int round = 0; round < std::stoi(argv[1]); ++round)
    for (Command& command : commands) run(command, actions);

  auto json = nlohmann::json::array();
  for (const Command& command : commands)
    json.push_back({{"wall_s", command.wall_s}, {"rss_bytes", command.rss_bytes}});
  std::cout << json << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << "processes: " << error.what() << '\n';
  return 1;
}
