// Wall time and peak memory of command lines that take turns.
//
//   processes ROUNDS -- COMMAND... [-- COMMAND...]...
//
// Each round runs every command once, its output thrown away. Prints, for each command, {"wall_s": [...],
// "rss_bytes": [...], "anonymous_bytes": [...]}: the time, the most memory in all, and the most that is not
// the page cache's, which is looked at once a millisecond. A child's peak memory can be no less than this
// program's own, which is why it is small and not a script.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

struct Command {
  std::vector<char*> arguments;  // ends with null, as posix_spawn wants it
  std::vector<double> wall_s;
  std::vector<std::int64_t> rss_bytes;
  std::vector<std::int64_t> anonymous_bytes;
};

// RssAnon of a process; 0 if it has ended.
std::int64_t anonymous_memory(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::int64_t{1024} * std::stoll(line.substr(8));
  return 0;
}

void run(Command& command, const posix_spawn_file_actions_t& actions) {
  const auto started = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int error =
          posix_spawnp(&child, command.arguments[0], &actions, nullptr, command.arguments.data(), environ))
    throw std::system_error(error, std::generic_category(), command.arguments[0]);
  std::int64_t anonymous = 0;
  std::jthread watcher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      anonymous = std::max(anonymous, anonymous_memory(child));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  int status = 0;
  rusage usage{};
  const pid_t ended = wait4(child, &status, 0, &usage);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  watcher.request_stop();
  watcher.join();
  if (ended != child) throw std::system_error(errno, std::generic_category(), "wait4");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(std::string(command.arguments[0]) + " failed with wait status " +
                             std::to_string(status));
  command.wall_s.push_back(wall.count());
  command.rss_bytes.push_back(std::int64_t{1024} * usage.ru_maxrss);
  command.anonymous_bytes.push_back(anonymous);
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
    json.push_back({{"wall_s", command.wall_s},
                    {"rss_bytes", command.rss_bytes},
                    {"anonymous_bytes", command.anonymous_bytes}});
  std::cout << json << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << "processes: " << error.what() << '\n';
  return 1;
}
