#include "compare/chunks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace polygraph::compare::detail {

std::size_t worker_count(std::int64_t elements) {
  constexpr std::int64_t most = 16;
  const std::int64_t processors = std::clamp<std::int64_t>(std::thread::hardware_concurrency(), 1, most);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(chunk_count(elements), 1, processors));
}

void for_each_chunk(std::int64_t elements, std::size_t workers,
                    const std::function<void(std::size_t, std::int64_t, std::int64_t)>& job) {
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto work = [&](std::size_t worker) {
    try {
      for (std::int64_t begin = 0; (begin = next.fetch_add(chunk_size)) < elements;)
        job(worker, begin, std::min(begin + chunk_size, elements));
    } catch (...) {
      next = elements;
      const std::scoped_lock lock(mutex);
      if (!first_error) first_error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(work, worker);
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // No more threads to be had: those there are do the work.
    }
    work(0);
  }
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace polygraph::compare::detail
