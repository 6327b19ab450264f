#include <polygraph/core/log.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/progress_line.h"
#include "core/terminal.h"

namespace polygraph {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto quiet_time = std::chrono::seconds(1);  // shorter work shows nothing
constexpr auto redraw_interval = std::chrono::milliseconds(100);

}  // namespace

// Exists only where something may be drawn, so that elsewhere a Progress costs two checks.
struct Progress::State {
  State(std::string text, std::uint64_t amount)
      : title(std::move(text)), total(amount), drawer([this] { draw(); }) {}

  ~State() {
    {
      const std::lock_guard lock(mutex);
      ended = true;
    }
    wake.notify_one();
    drawer.join();
  }

  void draw() {
    // There is one status line: of several Progress objects the first to ask has it until it ends.
    static std::atomic<bool> taken{false};
    bool mine = false;
    std::unique_lock lock(mutex);
    for (auto due = started + quiet_time; !wake.wait_until(lock, due, [this] { return ended; });
         due = Clock::now() + redraw_interval) {
      if (!mine) mine = !taken.exchange(true);
      if (!mine) continue;
      const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started);
      // The last column stays free: some terminals wrap when it is written.
      terminal::set_status(
          progress_line(title, done.load(std::memory_order_relaxed), total, elapsed, terminal::width() - 1));
    }
    if (!mine) return;
    terminal::set_status({});
    taken = false;
  }

  const std::string title;
  const std::uint64_t total;
  const Clock::time_point started = Clock::now();
  std::atomic<std::uint64_t> done{0};
  std::mutex mutex;
  std::condition_variable wake;
  bool ended = false;
  std::thread drawer;  // last: it uses all the others
};

Progress::Progress(std::string title, std::uint64_t total) {
  if (log_enabled(Severity::info) && terminal::is_interactive())
    state_ = std::make_unique<State>(std::move(title), total);
}

Progress::~Progress() = default;

void Progress::advance(std::uint64_t amount) {
  if (state_) state_->done.fetch_add(amount, std::memory_order_relaxed);
}

}  // namespace polygraph
