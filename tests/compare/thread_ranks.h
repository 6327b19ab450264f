#pragma once

#include <polygraph/compare/rank_group.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace polygraph::compare::test {

/// Ranks that are threads of one process, with the promises of RankGroup.
class ThreadRanks {
 public:
  /// Calls `work` in `size` threads, each with its own rank, and returns when all have returned.
  static void run(int size, const std::function<void(RankGroup&)>& work) {
    Post post;
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank)
      threads.emplace_back([&, rank] {
        Rank group(post, rank, size);
        work(group);
      });
  }

 private:
  struct Post {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::pair<int, int>, std::deque<RankMessage>> under_way;  // by sender and receiver
  };

  class Rank final : public RankGroup {
   public:
    Rank(Post& post, int rank, int size) : post_(post), rank_(rank), size_(size) {}
    int rank() const override { return rank_; }
    int size() const override { return size_; }
    void send(int to, RankMessage message) override {
      std::unique_lock lock(post_.mutex);
      auto& queue = post_.under_way[{rank_, to}];
      post_.changed.wait(lock, [&] { return queue.size() < 2; });
      queue.push_back(std::move(message));
      post_.changed.notify_all();
    }
    std::optional<RankMessage> receive(int from, Seconds seconds) override {
      std::unique_lock lock(post_.mutex);
      auto& queue = post_.under_way[{from, rank_}];
      const auto is_there = [&] { return !queue.empty(); };
      if (seconds < Seconds(0))
        post_.changed.wait(lock, is_there);
      else if (!post_.changed.wait_for(lock, seconds, is_there))
        return std::nullopt;
      RankMessage message = std::move(queue.front());
      queue.pop_front();
      post_.changed.notify_all();
      return message;
    }
    void flush() override {
      std::unique_lock lock(post_.mutex);
      post_.changed.wait(lock, [&] {
        for (const auto& [ends, queue] : post_.under_way)
          if (ends.first == rank_ && !queue.empty()) return false;
        return true;
      });
    }
    void leave(int) override {}

   private:
    Post& post_;
    int rank_;
    int size_;
  };
};

}  // namespace polygraph::compare::test
