#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace polygraph::compare::detail {

/// Elements that one worker takes at a time. Partial results are kept by chunk and joined in order, so that
/// results do not depend on who did what.
inline constexpr std::int64_t chunk_size = std::int64_t{1} << 18;

inline std::int64_t chunk_count(std::int64_t elements) {
  return (elements + chunk_size - 1) / chunk_size;
}

/// As many as there are processors, at most 16 and at most one per chunk; at least one.
std::size_t worker_count(std::int64_t elements);

/// Calls job(worker, begin, end) for each chunk of `elements`, a worker's chunks in ascending order. The
/// caller is worker 0. The first exception is passed on.
void for_each_chunk(std::int64_t elements, std::size_t workers,
                    const std::function<void(std::size_t, std::int64_t, std::int64_t)>& job);

}  // namespace polygraph::compare::detail
