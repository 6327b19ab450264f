#pragma once

#include <string>

namespace polygraph {

/// What the program says if a library of others crashes this thread while the object lives: reading damaged
/// data, some do. Objects nest. Thread-safe; costs next to nothing.
class CrashNote {
 public:
  explicit CrashNote(std::string text);
  CrashNote(const CrashNote&) = delete;
  CrashNote& operator=(const CrashNote&) = delete;
  ~CrashNote();

 private:
  std::string text_;
  const char* before_;
};

/// The innermost note of this thread, or null; for signal handlers.
const char* crash_note() noexcept;

}  // namespace polygraph
