#include <polygraph/core/log.h>

#include "core/progress_display.h"

namespace polygraph {

// Exists only where something may be drawn, so that elsewhere a Progress costs two checks.
struct Progress::State : ProgressDisplay {
  using ProgressDisplay::ProgressDisplay;
};

Progress::Progress(std::string title, std::uint64_t total) {
  if (ProgressDisplay::is_wanted()) state_ = std::make_unique<State>(std::move(title), total);
}

Progress::~Progress() = default;

void Progress::advance(std::uint64_t amount) {
  if (state_) state_->advance(amount);
}

}  // namespace polygraph
