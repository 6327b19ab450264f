#include "reference/parallel.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace polygraph::reference {

void parallel_for(std::int64_t count, std::int64_t grain, int threads,
                  const std::function<void(std::int64_t, std::int64_t)>& f) {
  const std::int64_t parts = std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, threads);
  if (parts == 1) return f(0, count);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(parts));
  const auto run = [&](std::int64_t part) {
    try {
      f(count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      failures[static_cast<std::size_t>(part)] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    std::int64_t part = 1;
    try {
      for (; part < parts; ++part) helpers.emplace_back(run, part);
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // No more threads to be had: this one does the rest.
    }
    for (; part < parts; ++part) run(part);
    run(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace polygraph::reference
