#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cli/program.h"

namespace {

// A standard stream that the parent closed would give its number to the next file opened, and messages would
// go there. The one put in its place is opened the wrong way round, so that using it is an error.
void keep_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) == -1) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  // Both come back as errors of the call that met them.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
  polygraph::cli::Session session;
  return polygraph::cli::run_program(session, arguments);
}
