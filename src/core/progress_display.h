#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace polygraph {

/// What a Progress draws with: a thread that keeps a title, a bar and the time on the terminal's status line
/// until the object goes. For work that tells what it is at, which `Progress` does not.
class ProgressDisplay {
 public:
  /// Whether anything may be drawn; making one is a waste otherwise.
  static bool is_wanted();

  ProgressDisplay(std::string title, std::uint64_t total);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

  /// Adds to the work done. Thread-safe, cheap.
  void advance(std::uint64_t amount) { done_.fetch_add(amount, std::memory_order_relaxed); }
  /// Another title, and how much of the total is done by now. Thread-safe.
  void show(std::string title, std::uint64_t done);

 private:
  void draw();

  std::string title_;
  const std::uint64_t total_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::thread drawer_;  // last: it uses all the others
};

}  // namespace polygraph
