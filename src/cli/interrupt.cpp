#include "cli/interrupt.h"

#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/log.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <iterator>
#include <thread>

#include "core/crash_note.h"

namespace polygraph::cli {

namespace {
std::atomic<bool> silent = false;

constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
struct sigaction actions_before[std::size(crashes)];

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody is left to tell
}

// Calls nothing but what a signal handler may.
void handle_crash(int signal) {
  if (const char* const note = crash_note()) {
    say("[!] ");
    say(note);
    say("\n");
    _exit(static_cast<int>(ExitCode::input));
  }
  // What crashed is done again, and goes where it would have gone.
  for (std::size_t i = 0; i < std::size(crashes); ++i)
    if (crashes[i] == signal) sigaction(signal, &actions_before[i], nullptr);
}
}  // namespace

void watch_for_interrupts() {
  sigset_t watched;
  sigemptyset(&watched);
  bool any = false;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
    sigaddset(&watched, signal);
    any = true;
  }
  if (!any) return;
  pthread_sigmask(SIG_BLOCK, &watched, nullptr);
  std::thread([watched] {
    int signal = 0;
    if (sigwait(&watched, &signal) != 0) return;
    discard_unfinished_files();
    if (!silent) log_text(Severity::critical, signal == SIGINT ? "Interrupted" : "Terminated");
    // No destructors: other threads are still at work.
    _exit(128 + signal);
  }).detach();
}

void report_crashes() {
  struct sigaction action {};
  action.sa_handler = handle_crash;
  for (std::size_t i = 0; i < std::size(crashes); ++i) sigaction(crashes[i], &action, &actions_before[i]);
}

void end_silently_when_interrupted() noexcept {
  silent = true;
}

}  // namespace polygraph::cli
