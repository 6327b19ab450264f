#include "core/progress_display.h"

#include <polygraph/core/log.h>

#include <atomic>
#include <utility>

#include "core/progress_line.h"
#include "core/terminal.h"

namespace polygraph {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto quiet_time = std::chrono::seconds(1);  // shorter work shows nothing
constexpr auto redraw_interval = std::chrono::milliseconds(100);

}  // namespace

bool ProgressDisplay::is_wanted() {
  return log_enabled(Severity::info) && terminal::is_interactive();
}

ProgressDisplay::ProgressDisplay(std::string title, std::uint64_t total)
    : title_(std::move(title)), total_(total), drawer_([this] { draw(); }) {}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  drawer_.join();
}

void ProgressDisplay::show(std::string title, std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  title_ = std::move(title);
  done_ = done;
}

void ProgressDisplay::draw() {
  // There is one status line: of several displays the first to ask has it until it ends.
  static std::atomic<bool> taken{false};
  bool mine = false;
  std::unique_lock lock(mutex_);
  for (auto due = started_ + quiet_time; !wake_.wait_until(lock, due, [this] { return ended_; });
       due = Clock::now() + redraw_interval) {
    if (!mine) mine = !taken.exchange(true);
    if (!mine) continue;
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    // The last column stays free: some terminals wrap when it is written.
    const std::string line = progress_line(title_, done_, total_, elapsed, terminal::width() - 1);
    lock.unlock();  // a terminal may be slow
    terminal::set_status(line);
    lock.lock();
  }
  if (!mine) return;
  terminal::set_status({});
  taken = false;
}

}  // namespace polygraph
