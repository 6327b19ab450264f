#pragma once

namespace polygraph::cli {

/// From here on, SIGINT and SIGTERM end the program from a thread of its own: unfinished files are removed,
/// `[!] Interrupted` is printed, and the exit status is 130 or 143. A signal that the parent told the program
/// to ignore (as a shell does for background jobs) stays ignored.
///
/// To be called once, before other threads are started: they inherit the blocked signals.
void watch_for_interrupts();

}  // namespace polygraph::cli
