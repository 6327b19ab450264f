#include "cli/interrupt.h"

#include <polygraph/core/files.h>
#include <polygraph/core/log.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace polygraph::cli {

namespace {
std::atomic<bool> silent = false;
}

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

void end_silently_when_interrupted() noexcept {
  silent = true;
}

}  // namespace polygraph::cli
