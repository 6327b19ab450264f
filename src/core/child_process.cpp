#include "core/child_process.h"

#include <signal.h>
#include <sys/prctl.h>

#include <initializer_list>

namespace polygraph {

void begin_child_process() noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGINT, SIGTERM, SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace polygraph
