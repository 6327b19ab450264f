#include "cli/output.h"

#include <poll.h>
#include <polygraph/core/error.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace polygraph::cli {
namespace {
constexpr std::size_t buffer_size = 64 * 1024;
}

void Output::write(std::string_view text) {
  if (closed_) return;
  if (buffer_.size() + text.size() > buffer_size) flush();
  if (text.size() > buffer_size)
    write_fully(text);
  else
    buffer_ += text;
}

void Output::flush() {
  // Emptied first: after an error, nothing is written twice.
  const std::string pending = std::exchange(buffer_, {});
  write_fully(pending);
}

void Output::write_fully(std::string_view text) {
  while (!text.empty() && !closed_) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // Someone else who has the terminal or pipe open made it non-blocking.
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      throw InputError("Cannot write to standard output: " + std::generic_category().message(errno) + ".",
                       "Free space there, or send the output elsewhere.");
    }
  }
}

}  // namespace polygraph::cli
