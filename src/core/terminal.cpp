#include "core/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace polygraph::terminal {
namespace {

constexpr std::string_view erase_line = "\r\x1b[K";

struct Status {
  std::mutex mutex;
  std::string line;
};

Status& status() {
  static auto* const instance = new Status;  // never destroyed: others may log at exit
  return *instance;
}

// What cannot be written to stderr cannot be reported either: errors are dropped.
void write_fully(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

bool is_interactive() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !(kind && std::string_view(kind) == "dumb");
}

std::size_t width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void write_lines(std::string_view lines) {
  Status& current = status();
  const std::lock_guard lock(current.mutex);
  if (current.line.empty()) return write_fully(lines);
  std::string text(erase_line);
  text += lines;
  text += current.line;
  write_fully(text);
}

void set_status(std::string line) {
  Status& current = status();
  const std::lock_guard lock(current.mutex);
  if (current.line.empty() && line.empty()) return;
  write_fully(std::string(erase_line) + line);
  current.line = std::move(line);
}

}  // namespace polygraph::terminal
