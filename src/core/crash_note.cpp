#include "core/crash_note.h"

#include <utility>

namespace polygraph {

namespace {
constinit thread_local const char* current = nullptr;
}

CrashNote::CrashNote(std::string text) : text_(std::move(text)), before_(current) {
  current = text_.c_str();
}

CrashNote::~CrashNote() {
  current = before_;
}

const char* crash_note() noexcept {
  return current;
}

}  // namespace polygraph
