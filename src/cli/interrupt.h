#pragma once

namespace polygraph::cli {

/// From here on, SIGINT and SIGTERM end the program from a thread of its own: unfinished files are removed,
/// `[!] Interrupted` is printed, and the exit status is 130 or 143. A signal that the parent told the program
/// to ignore (as a shell does for background jobs) stays ignored.
///
/// To be called once, before other threads are started: they inherit the blocked signals.
void watch_for_interrupts();

/// From here on, a signal that ends the program prints nothing: of the program's last words there is one, and
/// it has been said, or another process says it. As signals are, this is the process's; thread-safe.
void end_silently_when_interrupted() noexcept;

/// From here on, a crash while a CrashNote is there prints the note and ends the program with exit status 3;
/// other crashes stay what they are. To be called once.
void report_crashes();

}  // namespace polygraph::cli
