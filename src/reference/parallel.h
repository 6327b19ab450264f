#pragma once

#include <cstdint>
#include <functional>

namespace polygraph::reference {

/// Calls f(begin, end) for parts of [0, count) in at most `threads` threads; a part has at least `grain`
/// elements. What a part throws is thrown, when all have ended.
void parallel_for(std::int64_t count, std::int64_t grain, int threads,
                  const std::function<void(std::int64_t, std::int64_t)>& f);

}  // namespace polygraph::reference
