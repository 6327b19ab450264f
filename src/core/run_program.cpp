#include "core/run_program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/child_process.h"
#include "core/file_descriptor.h"
#include "core/system_error.h"

namespace polygraph {
namespace {

constexpr std::size_t most_output = 64 << 10;
constexpr int not_started = 127;  // as shells have it

}  // namespace

std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  // The second pipe says whether the program was started: it closes then.
  std::array<int, 2> output{}, started{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) throw_file_error("start", arguments[0], errno);
  const FileDescriptor reads(output[0]);
  FileDescriptor writes(output[1]);
  if (::pipe2(started.data(), O_CLOEXEC) != 0) throw_file_error("start", arguments[0], errno);
  const FileDescriptor hears(started[0]);
  FileDescriptor tells(started[1]);

  const pid_t child = ::fork();
  if (child < 0) throw_file_error("start", arguments[0], errno);
  if (child == 0) {
    begin_child_process();
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    [[maybe_unused]] const ssize_t told = ::write(started[1], "x", 1);
    ::_exit(not_started);
  }
  writes.reset();
  tells.reset();

  ProgramResult result;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(reads.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    const std::size_t room = most_output - result.output.size();
    result.output.append(piece.data(), std::min(room, static_cast<std::size_t>(count)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  char failed = 0;
  if (::read(hears.get(), &failed, 1) == 1) return std::nullopt;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace polygraph
